/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of a process: the sum of its live threads and what the ended ones left. For clocks, times, rusage, /proc. */
#include <abi/linux/cputime.h>

#include <abi/linux/timespec.h>
#include <isolation/proc.h>
#include <lib/types.h>

u64 proc_cpu_ns_locked(const struct proc *p, int tid)
{
	u64 sum = tid ? 0 : p->dead.cpu_ns;
	struct task *t;

	list_for_each_entry(t, &p->tasks, link)
		if (!tid || t->tid == tid)
			sum += thread_cpu_ns(&t->thread);
	return sum;
}

u64 proc_cpu_ns(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 sum = proc_cpu_ns_locked(p, 0);

	spin_unlock_irqrestore(&p->siglock, flags);
	return sum;
}

/* No fault ever waits for a disk here, so none is a major one. */
int usage_copyout(uaddr_t to, const struct usage *u)
{
	struct rusage64 r = {
		.utime = timeval_of(u->user_ns),
		.stime = timeval_of(u->system_ns),
		.maxrss = (i64)(u->peak_rss << (PAGE_SHIFT - 10)),
		.minflt = (i64)u->minflt,
		.nvcsw = (i64)u->nvcsw,
		.nivcsw = (i64)u->nivcsw,
	};

	return copyout(to, &r, sizeof(r));
}
