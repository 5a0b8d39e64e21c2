/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execve(2): a new program in the current process. Everything that can fail is done in a new vmspace first; then the other
 * threads end, and the process changes over. Interpreter scripts (#!) are followed as execve(2) says.
 */
#include <abi/linux/exec.h>

#include <abi/linux/signal.h>
#include <abi/linux/vdso.h>
#include <arch/pkru.h>
#include <core/param.h>
#include <core/printk.h>
#include <core/trace.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <generated/syscall_proto.h>
#include <isolation/aspace.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rungs.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/aslr.h>
#include <mm/key.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <sched/futex.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/personality.h>
#include <uapi/linux/stat.h>

#include "cred.h"
#include "files.h"

#define SCRIPT_DEPTH 4
#define SCRIPT_LINE 256
#define PATH_MAX 4096
#define STACK_INITIAL (128ul << 10)
#define STACK_GAP (1ul << 20) /* kept free below the largest stack, before mappings begin */

/* ---- strings ---- */

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
	size_t skip = s->argc ? exec_strings_next(s, 0) : 0;
	struct exec_strings fresh = {.argc = s->argc ? s->argc - 1 : 0, .envc = s->envc};
	int error = exec_strings_add(&fresh, interpreter);

	if (!error && argument)
		error = exec_strings_add(&fresh, argument);
	if (!error)
		error = exec_strings_add(&fresh, script);
	if (!error)
		error = exec_strings_join(&fresh, s, skip);
	if (error) {
		exec_strings_free(&fresh);
		return error;
	}
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

/* Where a program comes from. */
struct exec_source {
	struct vnode *v;
	const char *path; /* what leads to it, as far as anything does: AT_EXECFN, and a script's argument */
	bool fades;       /* that is a descriptor which exec closes */
};

struct exec {
	struct file *file;
	char *head;      /* its first ELF_HEAD_MAX bytes */
	long head_size;
	char *path;      /* what was opened */
	struct cred *cred; /* NULL: as before */
	struct vmspace *vs;
	struct exec_image image;
	uaddr_t sp;
};

struct file *exec_open(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, LOOKUP_FOLLOW);

	if (IS_ERR(v))
		return ERR_PTR(PTR_ERR(v));

	struct file *file = vfs_open_exec(v);

	vnode_put(v);
	return file;
}

/* Opens what was found and, while it is a script, its interpreter. */
static int find_program(struct exec *x, const struct exec_source *source, struct exec_strings *strings)
{
	strlcpy(x->path, source->path, PATH_MAX);
	for (unsigned depth = 0;; depth++) {
		char *interpreter, *argument;
		int error;

		x->file = depth ? exec_open(x->path) : vfs_open_exec(source->v);
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
		if (source->fades && !depth)
			return -ENOENT; /* the interpreter could not open it: fexecve(3) */
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
static int make_stack(struct exec *x, const struct exec_strings *strings, const char *execfn)
{
	struct vmspace *vs = x->vs;
	uaddr_t top = vs->end - PAGE_SIZE - aslr_offset(vs, ASLR_STACK_SPAN);
	u64 limit = MIN(proc_current()->rlimit[RLIMIT_STACK].cur, (vs->end - vs->start) / 4);
	u64 initial = ALIGN_UP(strings->used + (strings->argc + strings->envc) * sizeof(u64), PAGE_SIZE) + STACK_INITIAL;
	long at;

	if (RUNG_WX && x->image.exec_stack) {
		refuse("execve", EACCES, "W^X: the program asks for an executable stack, and gets one that is not");
		x->image.exec_stack = false;
	}
	limit = ALIGN_UP(MAX(limit, initial), PAGE_SIZE);
	at = vmspace_map(vs, top - initial, initial, PROT_READ | PROT_WRITE | (x->image.exec_stack ? PROT_EXEC : 0),
			 REGION_FIXED | REGION_NOREPLACE | REGION_STACK | REGION_MAYWRITE, NULL, 0, "[stack]");
	if (at < 0)
		return at == -EEXIST ? -ENOEXEC : (int)at; /* the program lies where its stack must be */
	vs->stack_limit = limit;
	x->image.cred = x->cred ? x->cred : cred_current();
	x->sp = exec_build_stack(vs, top, strings, &x->image, execfn);
	return x->sp ? 0 : -ENOMEM;
}

/* Is the file system context another process's too? Then it could be changed below a privileged program. */
static bool shares_fs(void)
{
	return READ_ONCE(proc_current()->fs->refs) > 1;
}

/* Who the program will be, by its set-user-ID and set-group-ID bits: execve(2), credentials(7). 0, -ENOMEM. */
static int take_ids(struct exec *x)
{
	const struct cred *old = cred_current();
	struct vnode *v = x->file->vnode;

	mutex_lock(&v->lock); /* chown(2) changes the owner and takes the bits away: not the one without the other */

	unsigned mode = task_current()->no_new_privs || (shares_fs() && old->euid) ? 0 : v->mode;
	u32 uid = mode & S_ISUID ? v->uid : old->euid;
	u32 gid = (mode & (S_ISGID | 0010)) == (S_ISGID | 0010) ? v->gid : old->egid;

	mutex_unlock(&v->lock);
	if (uid == old->euid && uid == old->suid && uid == old->fsuid && gid == old->egid && gid == old->sgid && gid == old->fsgid)
		return 0;
	x->cred = cred_copy(old);
	if (!x->cred)
		return -ENOMEM;
	x->cred->euid = x->cred->suid = x->cred->fsuid = uid;
	x->cred->egid = x->cred->sgid = x->cred->fsgid = gid;
	return 0;
}

/* Will the program have other rights than its caller? Before they change. */
static bool gains_ids(const struct exec *x)
{
	return x->cred && (x->cred->euid != cred_current()->euid || x->cred->egid != cred_current()->egid);
}

/* Unless the machine's or the program's owner wants them plain. */
static bool has_random_addresses(const struct exec *x)
{
	return !param.noaslr && (gains_ids(x) || !(task_current()->personality & ADDR_NO_RANDOMIZE));
}

static int build(struct exec *x, const struct exec_source *source, struct exec_strings *strings)
{
	u64 stack_limit = MIN(proc_current()->rlimit[RLIMIT_STACK].cur, 1ul << 30);
	u64 stack_room = MAX(stack_limit, EXEC_STRINGS_MAX + STACK_INITIAL) + STACK_GAP;
	int error = find_program(x, source, strings);

	if (!error)
		error = take_ids(x);
	if (!error)
		error = aspace_create(&x->vs);
	if (RUNG_ASLR && !error)
		x->vs->aslr = has_random_addresses(x);
	if (!error)
		error = exec_load(x->vs, x->file, x->head, (size_t)x->head_size, stack_room, &x->image);
	if (!error)
		error = vdso_map(x->vs, &x->image.vdso);
	if (error)
		return error;
	x->vs->brk_start = x->vs->brk = x->image.end + aslr_offset(x->vs, ASLR_BRK_SPAN);
	return make_stack(x, strings, source->path);
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
	struct sighand *old = p->sighand;
	struct sighand *copy;
	int error = files_unshare(p);

	if (error || READ_ONCE(old->refs) == 1)
		return error;
	copy = sighand_copy(old);
	if (!copy)
		return -ENOMEM;

	u64 irq = spin_lock_irqsave(&p->siglock);

	p->sighand = copy;
	spin_unlock_irqrestore(&p->siglock, irq);
	sighand_put(old);
	return 0;
}

static void change_ids(struct exec *x, struct proc *p)
{
	const struct cred *c = x->image.cred;
	bool secure = c->euid != c->uid || c->egid != c->gid;

	if (RUNG_ASLR && gains_ids(x))
		task_current()->personality &= ~(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT);
	if (x->cred)
		cred_replace(x->cred);
	x->cred = NULL;
	WRITE_ONCE(p->dumpable, !secure);
	if (secure)
		task_current()->death_signal = 0;
	task_current()->personality &= ~PER_MASK;
}

/* The point of no return: from here the old program is gone. */
static void change_over(struct exec *x, const char *path)
{
	struct task *t = task_current();
	struct proc *p = t->proc;
	struct arch_thread *arch = &t->thread.arch;
	const char *name = strrchr(path, '/');

	fdtable_exec(p->files);
	proc_delete_timers(p);
	change_ids(x, p);

	u64 flags = spin_lock_irqsave(&p->siglock);
	struct file *old_exe = p->exe;

	p->exe = x->file;
	strlcpy(p->comm, name ? name + 1 : path, sizeof(p->comm));
	strlcpy(t->thread.name, p->comm, sizeof(t->thread.name));
	WRITE_ONCE(p->has_execed, true);
	reset_signals(p);
	trace_thread(TRACE_NAME, &t->thread);
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
	pkru_set(vmspace_pkru(p->vmspace));
	thread_post(&t->thread, WORK_FPU);
	flags = irq_save();
	arch->fs_base = arch->gs_base = 0;
	gate_switch(arch);
	irq_restore(flags);
	gate_init_frame(arch_trapframe(arch), x->image.entry, x->sp);
}

/* setuid(2) does not fail for RLIMIT_NPROC; execve(2) does afterwards, unless others have ended since. */
static bool is_crowded(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	bool crowded = p->crowded = p->crowded && proc_over_limit(p);

	spin_unlock_irqrestore(&p->siglock, flags);
	return crowded;
}

static int exec_from(const struct exec_source *source, struct exec_strings *strings)
{
	struct exec x = {0};
	int error = proc_may_exec();

	if (error)
		return error;
	if (is_crowded(proc_current()))
		return -EAGAIN;
	x.path = kmalloc(PATH_MAX);
	x.head = kmalloc(ELF_HEAD_MAX + 1);
	error = x.path && x.head ? build(&x, source, strings) : -ENOMEM;
	if (!error)
		error = proc_single(proc_current());
	if (!error) {
		/* Only now is nobody in the middle of a call that uses what is exchanged. */
		error = unshare(proc_current());
		if (error)
			signal_send_current(SIGKILL); /* without its other threads the old program cannot go on */
		else
			change_over(&x, source->path);
	}
	if (x.vs)
		vmspace_put(x.vs);
	if (x.file)
		file_put(x.file);
	cred_put(x.cred);
	kfree(x.head);
	kfree(x.path);
	return error;
}

int exec_program(const char *path, struct exec_strings *strings)
{
	struct exec_source source = {.path = path};
	int error = proc_may_exec();

	if (error)
		return error;
	source.v = vfs_lookup(NULL, path, LOOKUP_FOLLOW);
	if (IS_ERR(source.v))
		return (int)PTR_ERR(source.v);
	error = exec_from(&source, strings);
	vnode_put(source.v);
	return error;
}

static long exec_user(const struct exec_source *source, uaddr_t argv, uaddr_t envp)
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
		n = exec_from(source, &strings);
	exec_strings_free(&strings);
	return n;
}

/* What /dev/fd calls what was opened, or what lies below it: a name for a program that came by a descriptor. */
static void name_of_descriptor(char *name, int fd, const char *path)
{
	snprintf(name, PATH_MAX, "/dev/fd/%d%s%s", fd, *path ? "/" : "", path);
}

static long exec_at(int dirfd, uaddr_t upath, uaddr_t argv, uaddr_t envp, unsigned flags)
{
	struct exec_source source = {.v = vnode_of_arg(dirfd, upath, flags)};
	char *path, *name;
	long n;

	if (IS_ERR(source.v))
		return PTR_ERR(source.v);
	path = kmalloc(PATH_MAX);
	name = kmalloc(PATH_MAX);
	n = !path || !name ? -ENOMEM : S_ISLNK(source.v->mode) ? -ELOOP : copyinstr(path, upath, PATH_MAX);
	if (n >= 0) {
		bool direct = dirfd == AT_FDCWD || path[0] == '/';

		if (!direct)
			name_of_descriptor(name, dirfd, path);
		source.path = direct ? path : name;
		source.fades = !direct && fd_get_cloexec(proc_current()->files, dirfd) > 0;
		n = exec_user(&source, argv, envp);
	}
	kfree(name);
	kfree(path);
	vnode_put(source.v);
	return n;
}

long sys_execve(uaddr_t path, uaddr_t argv, uaddr_t envp)
{
	int error = proc_may_exec();

	return error ? error : exec_at(AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, int flags)
{
	int error = proc_may_exec();

	if (error)
		return error;
	if ((unsigned)flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return exec_at(dirfd, path, argv, envp, (unsigned)flags);
}
