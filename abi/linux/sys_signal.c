/* SPDX-License-Identifier: BSD-2-Clause */
/* The signal calls: sigaction(2), sigprocmask(2), kill(2), sigsuspend(2), sigaltstack(2) and their kin. */
#include <abi/linux/restart.h>
#include <abi/linux/signal.h>
#include <arch/layout.h>
#include <arch/thread.h>
#include <core/time.h>
#include <generated/syscall_proto.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <uapi/linux/stat.h>

static bool valid(int sig)
{
	return sig >= 1 && sig <= NSIG;
}

long sys_rt_sigaction(int sig, uaddr_t act, uaddr_t old, size_t setsize)
{
	struct ksigaction new, before;

	if (setsize != sizeof(u64) || !valid(sig) || (act && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	if (act && copyin(&new, act, sizeof(new)))
		return -EFAULT;

	if (act)
		new.mask &= ~(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP));
	signal_set_action(sig, act ? &new : NULL, &before);
	return old ? copyout(old, &before, sizeof(before)) : 0;
}

long sys_rt_sigprocmask(int how, uaddr_t set, uaddr_t old, size_t setsize)
{
	u64 before = task_current()->sigmask, mask;

	if (setsize != sizeof(u64))
		return -EINVAL;
	if (set) {
		if (copyin(&mask, set, sizeof(mask)))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			signal_set_mask(before | mask);
			break;
		case SIG_UNBLOCK:
			signal_set_mask(before & ~mask);
			break;
		case SIG_SETMASK:
			signal_set_mask(mask);
			break;
		default:
			return -EINVAL;
		}
	}
	return old ? copyout(old, &before, sizeof(before)) : 0;
}

long sys_rt_sigpending(uaddr_t set, size_t setsize)
{
	struct task *t = task_current();
	u64 pending = (t->pending.set | t->proc->pending.set) & t->sigmask;

	return setsize > sizeof(pending) ? -EINVAL : copyout(set, &pending, setsize);
}

long sys_rt_sigsuspend(uaddr_t mask, size_t setsize)
{
	static struct waitq never = WAITQ_INIT(never);
	int error = mask ? signal_suspend_mask(mask, setsize) : -EFAULT;

	if (error)
		return error;
	wait_event_interruptible(&never, false);
	return -ERESTARTNOHAND;
}

long sys_pause(void)
{
	static struct waitq never = WAITQ_INIT(never);

	wait_event_interruptible(&never, false);
	return -ERESTARTNOHAND;
}

long sys_rt_sigtimedwait(uaddr_t set, uaddr_t uinfo, uaddr_t timeout, size_t setsize)
{
	static struct waitq never = WAITQ_INIT(never);
	struct task *t = task_current();
	u64 deadline = NO_DEADLINE, wanted;
	struct timespec64 ts;
	struct siginfo info;
	int sig, error = 0;

	if (setsize != sizeof(wanted))
		return -EINVAL;
	if (copyin(&wanted, set, sizeof(wanted)))
		return -EFAULT;
	if (timeout) {
		if (copyin(&ts, timeout, sizeof(ts)))
			return -EFAULT;
		if (ts.sec < 0 || ts.nsec < 0 || ts.nsec >= (i64)NSEC_PER_SEC)
			return -EINVAL;
		deadline = clock_ns() + (u64)ts.sec * NSEC_PER_SEC + (u64)ts.nsec;
	}
	wanted &= ~(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP));
	signal_await(wanted);
	while (!(sig = signal_take(~wanted, &info, NULL)) && !error) {
		error = wait_event_until(&never, (t->pending.set | t->proc->pending.set) & wanted, WAIT_INTERRUPTIBLE,
					 deadline);
		if ((t->pending.set | t->proc->pending.set) & wanted)
			error = 0;
	}
	signal_await(0);
	if (!sig)
		return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
	if (uinfo && copyout(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

long sys_sigaltstack(uaddr_t stack, uaddr_t old)
{
	struct task *t = task_current();
	uaddr_t sp = arch_trapframe(&t->thread.arch)->rsp;
	struct sigaltstack64 before = t->altstack, new;
	bool inside = !(before.flags & SS_DISABLE) && sp - before.sp < before.size;

	if (inside)
		before.flags |= SS_ONSTACK;
	if (stack) {
		if (copyin(&new, stack, sizeof(new)))
			return -EFAULT;
		if (inside)
			return -EPERM;
		if (new.flags & ~(i32)(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM) ||
		    (new.flags & (SS_DISABLE | SS_ONSTACK)) == (SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (new.flags & SS_DISABLE)
			new = (struct sigaltstack64){.flags = SS_DISABLE};
		else if (new.size < MINSIGSTKSZ)
			return -ENOMEM;
		new.flags &= ~SS_ONSTACK;
		t->altstack = new;
	}
	return old ? copyout(old, &before, sizeof(before)) : 0;
}

/* ---- kill ---- */

static bool may_signal(struct proc *to, int sig)
{
	const struct cred *mine = cred_current();
	struct cred *theirs = proc_cred(to);
	bool may = mine->euid == 0 || mine->euid == theirs->uid || mine->euid == theirs->suid || mine->uid == theirs->uid ||
		   mine->uid == theirs->suid || (sig == SIGCONT && to->sid == proc_current()->sid);

	cred_put(theirs);
	return may;
}

static struct siginfo sender(int code)
{
	struct siginfo info = {.code = code};

	info.child.pid = proc_current()->pid;
	info.child.uid = cred_current()->uid;
	return info;
}

struct kill_many {
	int pgid; /* 0: everyone but init and oneself */
	int sig;
	struct siginfo info;
	unsigned found, allowed;
};

static int kill_one_of(struct proc *p, void *arg)
{
	struct kill_many *k = arg;

	if (k->pgid ? p->pgid != k->pgid : p == proc_current())
		return 0;
	k->found++;
	if (may_signal(p, k->sig)) {
		k->allowed++;
		if (k->sig) {
			signal_send_proc(p, k->sig, &k->info);
			proc_signal_unborn(p, k->sig);
		}
	}
	return 0;
}

static long send_to_proc(int pid, int sig, const struct siginfo *info)
{
	struct proc *p = proc_find(pid);

	if (!p)
		return pid == PID_INIT ? -EPERM : -ESRCH;

	int error = may_signal(p, sig) ? 0 : -EPERM;

	if (!error && sig)
		error = signal_send_proc(p, sig, info);
	proc_put(p);
	return error;
}

long sys_kill(int pid, int sig)
{
	struct kill_many k = {.sig = sig, .info = sender(SI_USER)};

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (pid > 0)
		return send_to_proc(pid, sig, &k.info);
	if (pid == INT32_MIN) /* no number of a group: it has no opposite */
		return -ESRCH;

	k.pgid = pid == 0 ? proc_current()->pgid : pid == -1 ? 0 : -pid;
	mutex_lock(&proc_lock);
	proc_foreach(kill_one_of, &k);
	mutex_unlock(&proc_lock);
	return !k.found ? -ESRCH : k.allowed ? 0 : -EPERM;
}

static long send_to_thread(int tgid, int tid, int sig, const struct siginfo *info)
{
	long result = -ESRCH;

	if (sig < 0 || sig > NSIG || tid <= 0)
		return -EINVAL;
	mutex_lock(&proc_lock);

	struct task *t = task_find(tid);

	if (t && (tgid < 0 || t->proc->pid == tgid)) {
		result = may_signal(t->proc, sig) ? 0 : -EPERM;
		if (!result && sig)
			result = signal_send_task(t, sig, info);
	}
	mutex_unlock(&proc_lock);
	return result;
}

long sys_tkill(int tid, int sig)
{
	struct siginfo info = sender(SI_TKILL);

	return send_to_thread(-1, tid, sig, &info);
}

long sys_tgkill(int tgid, int tid, int sig)
{
	struct siginfo info = sender(SI_TKILL);

	return tgid <= 0 ? -EINVAL : send_to_thread(tgid, tid, sig, &info);
}

/* ---- sigqueue ---- */

/* What another process is told must not look as if the kernel or kill(2) had said it. 0, -EFAULT, -EPERM. */
static int info_copyin(struct siginfo *info, uaddr_t from, bool to_oneself)
{
	if (copyin(info, from, sizeof(*info)))
		return -EFAULT;
	return (info->code >= 0 || info->code == SI_TKILL) && !to_oneself ? -EPERM : 0;
}

long sys_rt_sigqueueinfo(int pid, int sig, uaddr_t uinfo)
{
	struct siginfo info;
	int error = info_copyin(&info, uinfo, pid == proc_current()->pid);

	if (error)
		return error;
	return sig < 0 || sig > NSIG ? -EINVAL : send_to_proc(pid, sig, &info);
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int sig, uaddr_t uinfo)
{
	struct siginfo info;
	int error = tgid <= 0 || tid <= 0 ? -EINVAL : info_copyin(&info, uinfo, tgid == proc_current()->pid);

	return error ? error : send_to_thread(tgid, tid, sig, &info);
}
