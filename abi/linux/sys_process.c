/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes and threads as Linux names their calls: clone(2), fork(2), vfork(2), wait4(2), waitid(2), exit(2). */
#include <abi/linux/cputime.h>
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
	if (flags & (CLONE_NEW_ANY | CLONE_PIDFD | CLONE_PTRACE)) {
		refuse("clone", EINVAL, "namespaces, pidfds and ptrace are not there");
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

/* Unlike clone(2), clone3(2) has no signal in the flags, nor the one flag that means nothing any more. */
#define CLONE3_KNOWN ((0xfffffffful & ~(0xfful | CLONE_DETACHED)) | CLONE_CLEAR_SIGHAND)

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
	if ((a.flags & ~CLONE3_KNOWN) || (a.stack == 0) != (a.stack_size == 0) || a.exit_signal > NSIG)
		return -EINVAL;
	if ((a.flags & (CLONE_THREAD | CLONE_PARENT)) && a.exit_signal)
		return -EINVAL;
	if ((a.flags & CLONE_SIGHAND) && (a.flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if (a.stack >= USER_MAX || a.stack_size > USER_MAX - a.stack)
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

#define WAIT_WHOSE ((int)(__WNOTHREAD | __WALL | __WCLONE))

long sys_wait4(int pid, uaddr_t ustatus, int options, uaddr_t rusage)
{
	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_WHOSE))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;

	int idtype = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	int id = pid > 0 ? pid : pid == 0 ? proc_current()->pgid : -pid;
	struct wait_result result;
	long found = proc_wait(idtype, id, options | WEXITED, &result);

	if (found <= 0)
		return found;
	if (ustatus && copyout(ustatus, &result.status, sizeof(result.status)))
		return -EFAULT;
	return rusage && usage_copyout(rusage, &result.usage) ? -EFAULT : found;
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
	struct wait_result result = {0};

	if (options & ~(WNOHANG | WEXITED | WSTOPPED | WCONTINUED | WNOWAIT | WAIT_WHOSE) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (idtype == P_PIDFD)
		return id < 0 ? -EINVAL : -EBADF; /* no descriptor is one of a process */
	if ((idtype != P_ALL && idtype != P_PID && idtype != P_PGID) || (idtype == P_PID && id <= 0) || (idtype == P_PGID && id < 0))
		return -EINVAL;
	if (idtype == P_PGID && id == 0)
		id = proc_current()->pgid;

	long found = proc_wait(idtype, id, options, &result);

	if (found < 0)
		return found;
	if (found > 0) {
		info.signo = SIGCHLD;
		info.child.pid = (int)found;
		info.child.uid = result.uid;
		explain_status(&info, result.status);
	}
	if (uinfo && copyout(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return rusage && usage_copyout(rusage, &result.usage) ? -EFAULT : 0;
}
