/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own init, process 1 as far as programs can tell: reads the run file that the host left in the initramfs (docs/
 * protocol.md), gives the first program its three descriptors, starts it as its child, waits for it, and ends the machine.
 */
#include <abi/linux/init.h>

#include <abi/linux/account.h>
#include <abi/linux/exec.h>
#include <arch/machine.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/race.h>
#include <core/time.h>
#include <drivers/stream.h>
#include <drivers/tty.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/linked.h>
#include <fs/path.h>
#include <fs/vnode.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rungs.h>
#include <lib/config.h>
#include <lib/errname.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/runfile.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>

#include "rewrite.h"

#define RUN_DIR "/.orchard"
#define RUN_FILE RUN_DIR "/run"
#define SITES_FILE RUN_DIR "/sites"
#define EXIT_NOT_FOUND (127 << 8)  /* what a shell answers for a program that is not there */
#define EXIT_NOT_RUNNABLE (126 << 8)

struct first_program {
	char path[256];
	char cwd[256];
	struct exec_strings strings;
	u8 tty;            /* bit n: descriptor n is a terminal */
	u16 rows, columns;
	struct file *input; /* what descriptor 0 reads, or NULL: the stream port */
	bool streams;      /* descriptors that are no terminal are channels of the stream port */
};

static struct first_program program;
static u64 first_instruction_ns;

/* ---- what to run ---- */

static void take_record(struct first_program *p, const struct runfile_record *r, struct exec_strings *env)
{
	int error = 0;

	switch (r->kind) {
	case RUNFILE_PATH:
		strlcpy(p->path, r->value, sizeof(p->path));
		break;
	case RUNFILE_ARG:
		error = exec_strings_add(&p->strings, r->value);
		p->strings.argc++;
		break;
	case RUNFILE_ENV:
		error = exec_strings_add(env, r->value);
		p->strings.envc++;
		break;
	case RUNFILE_CWD:
		strlcpy(p->cwd, r->value, sizeof(p->cwd));
		break;
	case RUNFILE_TTY:
		p->tty = r->tty;
		break;
	case RUNFILE_SIZE:
		p->rows = r->rows;
		p->columns = r->columns;
		break;
	case RUNFILE_STDIN:
		p->input = vfs_open(r->value, O_RDONLY, 0);
		if (IS_ERR(p->input))
			give_up("init: standard input: %s: %s", r->value, errno_name((int)-PTR_ERR(p->input)));
		vfs_unlink(NULL, r->value, false);
		break;
	}
	if (error)
		give_up("init: arguments and environment are too long (%s)", errno_name(-error));
}

static bool read_run_file(struct first_program *p)
{
	struct file *file = vfs_open(RUN_FILE, O_RDONLY, 0);
	struct exec_strings env = {0};
	struct runfile_record record;
	struct runfile_iter iter;
	struct stat64 st;
	char *text;
	int more;

	if (IS_ERR(file))
		return false;
	if (file_stat(file, &st) || (u64)st.size > RUNFILE_SIZE_MAX)
		give_up("init: " RUN_FILE " is larger than %u bytes", RUNFILE_SIZE_MAX);
	text = kmalloc((size_t)st.size + 1);
	if (!text)
		memory_give_up("the run file");
	if (file_pread(file, text, (u64)st.size, 0) != st.size)
		give_up("init: " RUN_FILE " cannot be read");
	file_put(file);
	runfile_init(&iter, text, (size_t)st.size);
	while ((more = runfile_next(&iter, &record)) > 0)
		take_record(p, &record, &env);
	if (more < 0)
		give_up("init: " RUN_FILE ": %s", iter.reason);
	if (exec_strings_join(&p->strings, &env, 0)) /* environment strings follow the arguments */
		give_up("init: the environment is too long");
	exec_strings_free(&env);
	kfree(text);
	if (RUNG_REWRITE)
		rewrite_read_sidecar(SITES_FILE);
	vfs_unlink(NULL, RUN_FILE, false);
	vfs_unlink(NULL, RUN_DIR, true);
	return true;
}

/*
 * Without a run file: the command line's init= (or the linked program) and what follows `--`, on the console. Only a linked program
 * may have the stream port all the same.
 */
static void take_command_line(struct first_program *p)
{
	static const char *const usual[] = {"/init", "/bin/sh", "/bin/busybox"};
	static const char *const env[] = {"HOME=/", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux"};

	strlcpy(p->path, APP_LINKED ? linked_path : param.init, sizeof(p->path));
	for (unsigned i = 0; !p->path[0] && i < ARRAY_SIZE(usual); i++) {
		struct file *file = vfs_open(usual[i], O_RDONLY, 0);

		if (IS_ERR(file))
			continue;
		file_put(file);
		strlcpy(p->path, usual[i], sizeof(p->path));
	}
	if (!p->path[0])
		give_up("no program: neither " RUN_FILE " nor init= nor /init nor /bin/sh");
	exec_strings_add(&p->strings, p->path);
	for (int i = 0; i < param.argc; i++)
		exec_strings_add(&p->strings, param.argv[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(env); i++)
		exec_strings_add(&p->strings, env[i]);
	p->strings.argc = 1 + (unsigned)param.argc;
	p->strings.envc = ARRAY_SIZE(env);
	p->tty = p->streams ? 0 : 7;
}

/* ---- its descriptors ---- */

static void install(struct file *file, int fd)
{
	if (IS_ERR(file) || fd_install_at(proc_current()->files, file, fd, FD_LIMIT, false) != fd)
		memory_give_up("descriptor %d", fd);
}

static void open_descriptors(const struct first_program *p)
{
	struct file *terminal = NULL;

	if (p->tty) {
		struct tty *tty = p->streams ? stream_tty(p->tty) : tty_console();

		if (p->rows)
			tty_set_size(tty, p->rows, p->columns);
		if (p->streams)
			tty_set_console(tty);
		terminal = vfs_open("/dev/console", O_RDWR, 0);
		if (IS_ERR(terminal))
			memory_give_up("the terminal");
		tty_hooks->acquire(tty, false);
	}
	for (int fd = 0; fd < 3; fd++) {
		if (p->tty & BIT(fd)) {
			file_get(terminal);
			install(terminal, fd);
		} else if (fd == 0 && p->input) {
			install(p->input, fd);
		} else {
			install(stream_open((unsigned)fd), fd);
		}
	}
	if (terminal)
		file_put(terminal);
}

/* ---- running it ---- */

/* The first thread of the first process: becomes the program. */
static void start_program(void *arg)
{
	struct first_program *p = arg;
	int error;

	open_descriptors(p);
	error = p->cwd[0] ? vfs_chdir(p->cwd) : 0;
	if (error)
		pr_warn("init: cannot enter %s: %s", p->cwd, errno_name(-error));
	error = exec_program(p->path, &p->strings);
	exec_strings_free(&p->strings);
	if (error) {
		pr_err("init: cannot run %s: %s", p->path, errno_name(-error));
		proc_kill_all(proc_current(), error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE);
	}
	first_instruction_ns = clock_ns();
	gate_enter();
}

static void send_stats(u64 idle_ns)
{
	struct memory_stats memory;
	char text[320];
	u64 now = clock_ns();
	int n;

	page_stats(&memory);
	n = snprintf(text, sizeof(text),
		     "boot_ns=%lu\nrun_ns=%lu\nidle_ns=%lu\nmem_peak_kib=%lu\nmem_total_kib=%lu\ncpus=%u\n", first_instruction_ns,
		     now - first_instruction_ns, idle_ns, memory.peak_used_pages * 4, memory.total_pages * 4, cpu_online);
	stream_send(STREAM_STATS, text, (size_t)n);
}

void init_main(void *arg)
{
	struct sched_stats before, after;
	u32 status;

	(void)arg;
	syscall_init();
	account_pages(); /* before the arguments take pages, which the program gives back */
	program.streams = param.streams && stream_present();
	if (APP_LINKED || !program.streams || !read_run_file(&program)) {
		program.streams = APP_LINKED && program.streams; /* it is asked for by the command line, as all else then */
		take_command_line(&program);
	}
	pr_info("init: running %s", program.path);
	sched_stats(&before);
	if (proc_spawn_first(start_program, &program))
		memory_give_up("the first process");
	status = (u32)proc_wait_first();
	sched_stats(&after);

	pr_info("init: %s ended with status %x", program.path, status);
	if (stream_present()) {
		send_stats(after.all_idle_ns - before.all_idle_ns);
		stream_send(STREAM_EXIT, &status, sizeof(status));
		stream_drain();
	}
	arch_end(race_verdict(account_settle() ? END_ORDERLY : END_TESTS_FAILED));
}
