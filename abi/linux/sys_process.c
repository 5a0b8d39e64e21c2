/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes and threads as Linux names their calls: clone(2), fork(2), vfork(2), wait4(2), waitid(2), exit(2). */
#include <arch/layout.h>
#include <core/printk.h>
#include <core/time.h>
#include <generated/syscall_proto.h>
#include <isolation/clone.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/resource.h>
#include <uapi/linux/wait.h>

#define THREAD_FLAGS (CLONE_VM | CLONE_SIGHAND | CLONE_FILES | CLONE_FS)

static long do_clone(struct clone_args *args)
{
	u64 flags = args->flags;

	if (args->exit_signal < 0 || args->exit_signal > NSIG)
		return -EINVAL;
	if ((flags & CLONE_THREAD) && (flags & (CLONE_VM | CLONE_SIGHAND)) != (CLONE_VM | CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if (flags & (CLONE_NEW_ANY | CLONE_PIDFD | CLONE_PTRACE | CLONE_PARENT)) {
		refuse("clone", EINVAL, "namespaces, pidfds, ptrace and siblings (CLONE_PARENT) are not there");
		return -EINVAL;
	}
	if ((flags & CLONE_THREAD) && (flags & THREAD_FLAGS) != THREAD_FLAGS) {
		refuse("clone", EINVAL, "threads of one process share files and directories here");
		return -EINVAL;
	}
	if ((flags & CLONE_SETTLS) && args->tls >= USER_MAX)
		return -EPERM;
	return flags & CLONE_THREAD ? task_clone(args) : proc_fork(args);
}

long sys_clone(unsigned long flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, unsigned long tls)
{
	struct clone_args args = {
		.flags = flags & ~0xfful & 0xfffffffful,
		.exit_signal = flags & 0xff,
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};

	return do_clone(&args);
}

/* clone3(2)'s struct, version 0: 64 bytes; what is longer must be zero. */
struct clone3_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

long sys_clone3(uaddr_t uargs, size_t size)
{
	struct clone3_args a;

	if (size < sizeof(a))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copyin(&a, uargs, sizeof(a)))
		return -EFAULT;
	for (size_t at = sizeof(a); at < size; at += 8) {
		u64 more;

		if (copyin(&more, uargs + at, MIN(size - at, sizeof(more))))
			return -EFAULT;
		if (more)
			return -E2BIG;
	}
	if ((a.flags & 0xff) || (a.stack == 0) != (a.stack_size == 0) || a.exit_signal > NSIG)
		return -EINVAL;

	struct clone_args args = {
		.flags = a.flags,
		.exit_signal = (int)a.exit_signal,
		.stack = a.stack ? a.stack + a.stack_size : 0,
		.parent_tid = a.parent_tid,
		.child_tid = a.child_tid,
		.tls = a.tls,
	};

	return do_clone(&args);
}

long sys_fork(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	return do_clone(&args);
}

long sys_vfork(void)
{
	struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

	return do_clone(&args);
}

/* ---- the end ---- */

/* The last thread to say so gives the process its status (Linux since 6.0), unless something else has ended all of them. */
long sys_exit(int status)
{
	struct proc *p = proc_current();
	u64 flags = spin_lock_irqsave(&p->siglock);

	if (!p->exiting)
		p->exit_status = (status & 0xff) << 8;
	spin_unlock_irqrestore(&p->siglock, flags);
	task_exit();
}

long sys_exit_group(int status)
{
	proc_kill_all(proc_current(), (status & 0xff) << 8);
	task_exit(); /* another thread ended the process first */
}

/* ---- waiting ---- */

static void usage_of(u64 cpu_ns, struct rusage64 *usage)
{
	*usage = (struct rusage64){0};
	usage->utime.sec = (i64)(cpu_ns / NSEC_PER_SEC);
	usage->utime.usec = (i64)(cpu_ns % NSEC_PER_SEC / 1000);
}

static int put_usage(uaddr_t rusage, u64 cpu_ns)
{
	struct rusage64 usage;

	if (!rusage)
		return 0;
	usage_of(cpu_ns, &usage);
	return copyout(rusage, &usage, sizeof(usage));
}

long sys_wait4(int pid, uaddr_t ustatus, int options, uaddr_t rusage)
{
	int idtype = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	int id = pid > 0 ? pid : pid == 0 ? proc_current()->pgid : -pid;
	struct siginfo info;
	int status = 0;
	u64 cpu_ns = 0;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | (int)(__WNOTHREAD | __WALL | __WCLONE)))
		return -EINVAL;

	long found = proc_wait(idtype, id, options | WEXITED, &status, &cpu_ns, &info);

	if (found <= 0)
		return found;
	if (ustatus && copyout(ustatus, &status, sizeof(status)))
		return -EFAULT;
	return put_usage(rusage, cpu_ns) ? -EFAULT : found;
}

/* waitid(2) tells in siginfo what wait4() packs into one word. */
static void explain_status(struct siginfo *info, int status)
{
	if (status == 0xffff) {
		info->code = CLD_CONTINUED;
		info->child.status = SIGCONT;
	} else if ((status & 0xff) == 0x7f) {
		info->code = CLD_STOPPED;
		info->child.status = status >> 8;
	} else if (status & 0x7f) {
		info->code = CLD_KILLED;
		info->child.status = status & 0x7f;
	} else {
		info->code = CLD_EXITED;
		info->child.status = status >> 8;
	}
}

long sys_waitid(int idtype, int id, uaddr_t uinfo, int options, uaddr_t rusage)
{
	struct siginfo info = {0};
	int status = 0;
	u64 cpu_ns = 0;

	if (options & ~(WNOHANG | WEXITED | WSTOPPED | WCONTINUED | WNOWAIT) || !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (idtype != P_ALL && idtype != P_PID && idtype != P_PGID)
		return -EINVAL;
	if (idtype == P_PGID && id == 0)
		id = proc_current()->pgid;

	long found = proc_wait(idtype, id, options, &status, &cpu_ns, &info);

	if (found < 0)
		return found;
	if (found > 0)
		explain_status(&info, status);
	else
		info = (struct siginfo){0};
	if (uinfo && copyout(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return put_usage(rusage, cpu_ns);
}
