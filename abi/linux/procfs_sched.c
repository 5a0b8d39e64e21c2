/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_sched.c - /proc/schedstat and /proc/<pid>/schedstat as Linux has them (Documentation/scheduler/sched-stats.rst, version
 * 15, without the lines of domains, of which we have none), and /proc/orchard_sched, how long threads waited for each CPU.
 */
#include "procfs.h"

#include <core/percpu.h>
#include <core/time.h>
#include <fs/seq.h>
#include <fs/vnode.h>
#include <isolation/proc.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <mm/page.h>
#include <sched/thread.h>

#define VERSION 15

static void show_schedstat(struct seq *s, void *arg)
{
	size_t cpu;

	(void)arg;
	seq_printf(s, "version %d\ntimestamp %lu\n", VERSION, clock_ns() / NS_PER_TICK);
	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		const struct schedstat_cpu *c = schedstat_of((unsigned)cpu);

		seq_printf(s, "cpu%zu %lu 0 %lu %lu %lu %lu %lu %lu %lu\n", cpu, READ_ONCE(c->yields), READ_ONCE(c->schedules),
			   READ_ONCE(c->idles), READ_ONCE(c->wakes), READ_ONCE(c->local_wakes), READ_ONCE(c->run_ns),
			   READ_ONCE(c->wait_ns), READ_ONCE(c->slices));
	}
}

/* A line for each CPU and power of two that occurred: CPU, from how many ns, how often. */
static void show_waits(struct seq *s, void *arg)
{
	size_t cpu;

	(void)arg;
	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		const struct schedstat_cpu *c = schedstat_of((unsigned)cpu);

		for (unsigned i = 0; i < SCHEDSTAT_WAITS; i++)
			if (READ_ONCE(c->waits[i]))
				seq_printf(s, "wait cpu%zu %lu %lu\n", cpu, i ? BIT(i - 1) : 0, READ_ONCE(c->waits[i]));
	}
}

/* Of one thread: a process stands for its first one, and has nothing to say when that has ended. */
int proc_show_schedstat(struct proc *p, int tid, struct seq *s)
{
	u64 cpu_ns = 0, wait_ns = 0, slices = 0;
	struct task *t;
	u64 irq = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link) {
		if (t->tid != (tid ? tid : p->pid))
			continue;
		cpu_ns = thread_cpu_ns(&t->thread);
		wait_ns = READ_ONCE(t->thread.stat[0].wait_ns);
		slices = READ_ONCE(t->thread.stat[0].slices);
	}
	spin_unlock_irqrestore(&p->siglock, irq);
	seq_printf(s, "%lu %lu %lu\n", cpu_ns, wait_ns, slices);
	return 0;
}

void procfs_add_sched(void)
{
	if (procfs_add("schedstat", show_schedstat, NULL) || procfs_add("orchard_sched", show_waits, NULL))
		memory_give_up("/proc/schedstat");
}
