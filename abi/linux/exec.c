/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execve(2): a new program in the current process. Everything that can fail is done in a new vmspace first; then the other
 * threads end, and the process changes over. Interpreter scripts (#!) are followed as execve(2) says.
 */
#include <abi/linux/exec.h>

#include <abi/linux/signal.h>
#include <arch/thread.h>
#include <core/printk.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <generated/syscall_proto.h>
#include <isolation/aspace.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <sched/futex.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>

#define SCRIPT_DEPTH 4
#define SCRIPT_LINE 256
#define PATH_MAX 4096
#define STACK_INITIAL (128ul << 10)
#define STACK_GAP (1ul << 20) /* kept free below the largest stack, before mappings begin */

/* ---- strings ---- */

static int reserve(struct exec_strings *s, size_t more)
{
	size_t size = MAX(s->size, 4096ul);
	char *text;

	if (s->used + more <= s->size)
		return 0;
	if (s->used + more > EXEC_STRINGS_MAX)
		return -E2BIG;
	while (size < s->used + more)
		size *= 2;
	text = kmalloc(size);
	if (!text)
		return -ENOMEM;
	memcpy(text, s->text, s->used);
	kfree(s->text);
	s->text = text;
	s->size = size;
	return 0;
}

int exec_strings_add(struct exec_strings *s, const char *string)
{
	size_t size = strlen(string) + 1;
	int error = reserve(s, size);

	if (error)
		return error;
	memcpy(s->text + s->used, string, size);
	s->used += size;
	return 0;
}

int exec_strings_copyin(struct exec_strings *s, uaddr_t string)
{
	size_t room = 256;

	for (;;) {
		int error = reserve(s, room);
		long n;

		if (error)
			return error;
		n = copyinstr(s->text + s->used, string, s->size - s->used);
		if (n >= 0) {
			s->used += (size_t)n + 1;
			return 0;
		}
		if (n != -ENAMETOOLONG)
			return (int)n;
		room = s->size - s->used + 1;
		if (room > EXEC_STRING_MAX)
			return -E2BIG;
	}
}

void exec_strings_free(struct exec_strings *s)
{
	kfree(s->text);
	*s = (struct exec_strings){0};
}

/* A vector of pointers to strings; how many, or -errno. A null vector is an empty one, as on Linux; pointers count too. */
static long copyin_vector(struct exec_strings *s, uaddr_t vector)
{
	long n = 0;

	for (; vector; vector += sizeof(uaddr_t), n++) {
		uaddr_t string;
		int error;

		if (copyin(&string, vector, sizeof(string)))
			return -EFAULT;
		if (!string)
			break;
		if (s->used + (s->argc + (size_t)n + 1) * sizeof(uaddr_t) > EXEC_STRINGS_MAX)
			return -E2BIG;
		error = exec_strings_copyin(s, string);
		if (error)
			return error;
	}
	return n;
}

/* ---- scripts ---- */

/* Replaces argv[0] by interpreter, its one argument if any, and the script's path. */
static int script_strings(struct exec_strings *s, const char *interpreter, const char *argument, const char *script)
{
	size_t skip = s->argc ? strlen(s->text) + 1 : 0;
	struct exec_strings fresh = {.argc = s->argc ? s->argc - 1 : 0, .envc = s->envc};
	int error = exec_strings_add(&fresh, interpreter);

	if (!error && argument)
		error = exec_strings_add(&fresh, argument);
	if (!error)
		error = exec_strings_add(&fresh, script);
	if (!error)
		error = reserve(&fresh, s->used - skip);
	if (error) {
		exec_strings_free(&fresh);
		return error;
	}
	memcpy(fresh.text + fresh.used, s->text + skip, s->used - skip);
	fresh.used += s->used - skip;
	fresh.argc += argument ? 3 : 2;
	exec_strings_free(s);
	*s = fresh;
	return 0;
}

/* `line` is the head of a file that begins with "#!". Cuts it up: interpreter and optional argument. */
static int parse_script(char *line, long size, char **interpreter, char **argument)
{
	char *p = line + 2, *end;

	line[MIN(size, SCRIPT_LINE)] = '\0';
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	else if (size >= SCRIPT_LINE)
		return -ENOEXEC;
	for (end = line + strlen(line); end > p && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return -ENOEXEC;
	*interpreter = p;
	*argument = NULL;
	while (*p && *p != ' ' && *p != '\t')
		p++;
	if (*p) {
		*p++ = '\0';
		while (*p == ' ' || *p == '\t')
			p++;
		*argument = p;
	}
	return 0;
}

/* ---- exec ---- */

struct exec {
	struct file *file;
	char *head;      /* its first ELF_HEAD_MAX bytes */
	long head_size;
	char *path;      /* what was opened */
	struct vmspace *vs;
	struct exec_image image;
	uaddr_t sp;
};

struct file *exec_open(const char *path)
{
	struct file *file = vfs_open(path, O_RDONLY, 0);
	struct stat64 st;

	if (IS_ERR(file))
		return file;
	if (file_stat(file, &st) || !S_ISREG(st.mode) || !(st.mode & 0111)) {
		file_put(file);
		return ERR_PTR(-EACCES);
	}
	return file;
}

/* Opens path and, while it is a script, its interpreter. */
static int find_program(struct exec *x, const char *path, struct exec_strings *strings)
{
	strlcpy(x->path, path, PATH_MAX);
	for (unsigned depth = 0;; depth++) {
		char *interpreter, *argument;
		int error;

		x->file = exec_open(x->path);
		if (IS_ERR(x->file)) {
			error = (int)PTR_ERR(x->file);
			x->file = NULL;
			return error;
		}
		x->head_size = file_pread(x->file, x->head, ELF_HEAD_MAX, 0);
		if (x->head_size < 0)
			return (int)x->head_size;
		if (x->head_size < 2 || x->head[0] != '#' || x->head[1] != '!')
			return 0;
		if (depth == SCRIPT_DEPTH)
			return -ELOOP;
		error = parse_script(x->head, x->head_size, &interpreter, &argument);
		if (!error)
			error = script_strings(strings, interpreter, argument, x->path);
		if (error)
			return error;
		strlcpy(x->path, interpreter, PATH_MAX);
		file_put(x->file);
		x->file = NULL;
	}
}

/* The stack's region, and room below it; then mappings. */
static int make_stack(struct exec *x, const struct exec_strings *strings)
{
	struct vmspace *vs = x->vs;
	uaddr_t top = vs->end - PAGE_SIZE;
	u64 limit = MIN(proc_current()->rlimit[RLIMIT_STACK].cur, (vs->end - vs->start) / 4);
	u64 initial = ALIGN_UP(strings->used + (strings->argc + strings->envc) * sizeof(u64), PAGE_SIZE) + STACK_INITIAL;
	long at;

	limit = ALIGN_UP(MAX(limit, initial), PAGE_SIZE);
	at = vmspace_map(vs, top - initial, initial, PROT_READ | PROT_WRITE | (x->image.exec_stack ? PROT_EXEC : 0),
			 REGION_FIXED | REGION_NOREPLACE | REGION_STACK | REGION_MAYWRITE, NULL, 0, "[stack]");
	if (at < 0)
		return at == -EEXIST ? -ENOEXEC : (int)at; /* the program lies where its stack must be */
	vs->stack_limit = limit;
	x->sp = exec_build_stack(vs, top, strings, &x->image, x->path);
	return x->sp ? 0 : -ENOMEM;
}

static int build(struct exec *x, const char *path, struct exec_strings *strings)
{
	u64 stack_limit = MIN(proc_current()->rlimit[RLIMIT_STACK].cur, 1ul << 30);
	u64 stack_room = MAX(stack_limit, EXEC_STRINGS_MAX + STACK_INITIAL) + STACK_GAP;
	int error = find_program(x, path, strings);

	if (!error)
		error = aspace_create(&x->vs);
	if (!error)
		error = exec_load(x->vs, x->file, x->head, (size_t)x->head_size, stack_room, &x->image);
	if (error)
		return error;
	x->vs->brk_start = x->vs->brk = x->image.end;
	return make_stack(x, strings);
}

static void reset_signals(struct proc *p)
{
	struct task *t = task_current();

	for (unsigned i = 0; i < NSIG; i++) {
		struct ksigaction *a = &p->sighand->action[i];

		if (a->handler != SIG_IGN)
			a->handler = SIG_DFL;
		a->flags = a->restorer = a->mask = 0;
	}
	t->altstack = (struct sigaltstack64){.flags = SS_DISABLE};
}

/* A table or a set of handlers that others use too becomes our own. */
static int unshare(struct proc *p)
{
	struct fdtable *files = NULL;
	struct sighand *sighand = NULL;

	if (READ_ONCE(p->files->refs) > 1 && !(files = fdtable_copy(p->files)))
		return -ENOMEM;
	if (READ_ONCE(p->sighand->refs) > 1 && !(sighand = sighand_copy(p->sighand))) {
		if (files)
			fdtable_put(files);
		return -ENOMEM;
	}

	u64 flags = spin_lock_irqsave(&p->siglock);
	struct fdtable *old_files = p->files;
	struct sighand *old_sighand = p->sighand;

	if (files)
		p->files = files;
	if (sighand)
		p->sighand = sighand;
	spin_unlock_irqrestore(&p->siglock, flags);
	if (files)
		fdtable_put(old_files);
	if (sighand)
		sighand_put(old_sighand);
	return 0;
}

/* The point of no return: from here the old program is gone. */
static void change_over(struct exec *x)
{
	struct task *t = task_current();
	struct proc *p = t->proc;
	struct arch_thread *arch = &t->thread.arch;
	const char *name = strrchr(x->path, '/');

	fdtable_exec(p->files);

	u64 flags = spin_lock_irqsave(&p->siglock);
	struct file *old_exe = p->exe;

	p->exe = x->file;
	strlcpy(p->comm, name ? name + 1 : x->path, sizeof(p->comm));
	strlcpy(t->thread.name, p->comm, sizeof(t->thread.name));
	reset_signals(p);
	spin_unlock_irqrestore(&p->siglock, flags);
	if (old_exe)
		file_put(old_exe);
	x->file = NULL;

	futex_release_robust(t->robust_list, (u32)t->tid);
	t->clear_child_tid = t->robust_list = t->rseq = 0;
	proc_set_vmspace(x->vs);
	x->vs = NULL;

	fpu_discard(arch);
	fpu_init_state(arch->fpu);
	thread_post(&t->thread, WORK_FPU);
	flags = irq_save();
	arch->fs_base = arch->gs_base = 0;
	gate_switch(arch);
	irq_restore(flags);
	gate_init_frame(arch_trapframe(arch), x->image.entry, x->sp);
}

int exec_program(const char *path, struct exec_strings *strings)
{
	struct exec x = {0};
	int error = proc_may_exec();

	if (error)
		return error;
	x.path = kmalloc(PATH_MAX);
	x.head = kmalloc(ELF_HEAD_MAX + 1);
	error = x.path && x.head ? build(&x, path, strings) : -ENOMEM;
	if (!error)
		error = proc_single(proc_current());
	if (!error) {
		/* Only now is nobody in the middle of a call that uses what is exchanged. */
		error = unshare(proc_current());
		if (error)
			signal_send_current(SIGKILL); /* without its other threads the old program cannot go on */
		else
			change_over(&x);
	}
	if (x.vs)
		vmspace_put(x.vs);
	if (x.file)
		file_put(x.file);
	kfree(x.head);
	kfree(x.path);
	return error;
}

static long exec_user(const char *path, uaddr_t argv, uaddr_t envp)
{
	struct exec_strings strings = {0};
	long n = copyin_vector(&strings, argv);

	if (n == 0) { /* Linux since 5.18: a program always finds an argv[0] */
		n = exec_strings_add(&strings, "");
		n = n ? n : 1;
	}
	if (n > 0) {
		strings.argc = (unsigned)n;
		n = copyin_vector(&strings, envp);
		strings.envc = n < 0 ? 0 : (unsigned)n;
	}
	if (n >= 0)
		n = exec_program(path, &strings);
	exec_strings_free(&strings);
	return n;
}

long sys_execve(uaddr_t upath, uaddr_t argv, uaddr_t envp)
{
	char *path = kmalloc(PATH_MAX);
	long n;

	if (!path)
		return -ENOMEM;
	n = copyinstr(path, upath, PATH_MAX);
	if (n == 0)
		n = -ENOENT;
	if (n > 0)
		n = exec_user(path, argv, envp);
	kfree(path);
	return n;
}

long sys_execveat(int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, int flags)
{
	char first;

	/* Only what execve() can do too: fexecve() on a descriptor is not there yet, and says so. */
	if (flags || copyin(&first, path, 1) || (first != '/' && dirfd != AT_FDCWD))
		return -ENOSYS;
	return sys_execve(path, argv, envp);
}
