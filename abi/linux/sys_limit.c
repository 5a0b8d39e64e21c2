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

static void add_switches(struct rusage64 *r, const struct thread *t)
{
	r->nvcsw += (i64)t->nvcsw;
	r->nivcsw += (i64)t->nivcsw;
}

/* Switches are those of the live threads. */
static void usage_of_self(struct rusage64 *r)
{
	struct proc *p = proc_current();
	struct task *t;

	r->utime = timeval_of(proc_cpu_ns(p));
	r->maxrss = (i64)(READ_ONCE(p->vmspace->peak_rss) << (PAGE_SHIFT - 10));
	r->minflt = (i64)READ_ONCE(p->minflt);

	u64 flags = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link)
		add_switches(r, &t->thread);
	spin_unlock_irqrestore(&p->siglock, flags);
}

static void usage_of_thread(struct rusage64 *r)
{
	r->utime = timeval_of(thread_cpu_ns(current()));
	r->maxrss = (i64)(READ_ONCE(proc_current()->vmspace->peak_rss) << (PAGE_SHIFT - 10));
	add_switches(r, current());
}

static void usage_of_children(struct rusage64 *r)
{
	mutex_lock(&proc_lock);
	r->utime = timeval_of(proc_current()->child_cpu_ns);
	mutex_unlock(&proc_lock);
}

long sys_getrusage(int who, uaddr_t usage)
{
	struct rusage64 r = {0};

	switch (who) {
	case RUSAGE_SELF:
		usage_of_self(&r);
		break;
	case RUSAGE_THREAD:
		usage_of_thread(&r);
		break;
	case RUSAGE_CHILDREN:
		usage_of_children(&r);
		break;
	default:
		return -EINVAL;
	}
	return copyout(usage, &r, sizeof(r));
}
