/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits and usage: getrlimit(2), setrlimit(2), prlimit(2), getrusage(2). Called by the dispatcher only. */
#include <generated/syscall_proto.h>

#include <abi/linux/cputime.h>
#include <abi/linux/timespec.h>
#include <fs/fdtable.h>
#include <isolation/proc.h>
#include <mm/vmspace.h>

#include "cred.h"

/* siglock held. Hard limits go up for user 0 only; that of descriptors not even for it (a table is that big). */
static int set_limit(struct proc *p, unsigned resource, const struct rlimit64 *new, bool privileged)
{
	struct rlimit64 *limit = &p->rlimit[resource];

	if (new->cur > new->max)
		return -EINVAL;
	if (new->max > limit->max && !privileged)
		return -EPERM;
	if (resource == RLIMIT_NOFILE && new->max > FD_LIMIT)
		return -EPERM;
	*limit = *new;
	return 0;
}

/* The stack grows on faults, which look at its vmspace. proc_lock held: p is not through with exiting. */
static void apply_stack_limit(struct proc *p, u64 bytes)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct vmspace *vs = p->vmspace;
	bool live = vs && vmspace_get_live(vs);

	spin_unlock_irqrestore(&p->siglock, flags);
	if (!live)
		return;
	mutex_lock(&vs->lock);
	vs->stack_limit = bytes;
	mutex_unlock(&vs->lock);
	vmspace_put(vs);
}

static int exchange_limit(struct proc *p, unsigned resource, const struct rlimit64 *new, struct rlimit64 *old)
{
	int error = 0;
	bool privileged = cred_privileged();
	u64 flags = spin_lock_irqsave(&p->siglock);

	*old = p->rlimit[resource];
	if (new)
		error = set_limit(p, resource, new, privileged);
	spin_unlock_irqrestore(&p->siglock, flags);
	if (new && !error && resource == RLIMIT_STACK)
		apply_stack_limit(p, new->cur);
	return error;
}

static int limit_of(int pid, unsigned resource, const struct rlimit64 *new, struct rlimit64 *old)
{
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (!pid)
		return exchange_limit(proc_current(), resource, new, old);

	mutex_lock(&proc_lock);
	struct task *t = task_find(pid);
	int error = !t ? -ESRCH : !cred_may_control(t->proc) ? -EPERM : exchange_limit(t->proc, resource, new, old);

	mutex_unlock(&proc_lock);
	return error;
}

long sys_getrlimit(int resource, uaddr_t limit)
{
	struct rlimit64 old;
	int error = limit_of(0, (unsigned)resource, NULL, &old);

	return error ? error : copyout(limit, &old, sizeof(old));
}

long sys_setrlimit(int resource, uaddr_t limit)
{
	struct rlimit64 new, old;

	return copyin(&new, limit, sizeof(new)) ? -EFAULT : limit_of(0, (unsigned)resource, &new, &old);
}

long sys_prlimit64(int pid, int resource, uaddr_t new_limit, uaddr_t old_limit)
{
	struct rlimit64 new, old;

	if (new_limit && copyin(&new, new_limit, sizeof(new)))
		return -EFAULT;

	int error = limit_of(pid, (unsigned)resource, new_limit ? &new : NULL, &old);

	return error || !old_limit ? error : copyout(old_limit, &old, sizeof(old));
}

static struct usage usage_of_children(void)
{
	mutex_lock(&proc_lock);
	struct usage u = proc_current()->waited;

	mutex_unlock(&proc_lock);
	return u;
}

long sys_getrusage(int who, uaddr_t usage)
{
	struct usage u;

	switch (who) {
	case RUSAGE_SELF:
		u = proc_usage(proc_current());
		break;
	case RUSAGE_THREAD:
		u = task_usage(task_current());
		break;
	case RUSAGE_CHILDREN:
		u = usage_of_children();
		break;
	default:
		return -EINVAL;
	}
	return usage_copyout(usage, &u);
}
