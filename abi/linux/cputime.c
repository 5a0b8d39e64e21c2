/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of a process: the sum of its live threads and what the ended ones left. For clocks, times, rusage, /proc. */
#include <abi/linux/cputime.h>

#include <isolation/proc.h>

u64 proc_cpu_ns(struct proc *p)
{
	struct task *t;
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 sum = p->dead_cpu_ns;

	list_for_each_entry(t, &p->tasks, link)
		sum += thread_cpu_ns(&t->thread);
	spin_unlock_irqrestore(&p->siglock, flags);
	return sum;
}
