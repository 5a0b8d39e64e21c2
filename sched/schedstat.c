/* SPDX-License-Identifier: BSD-2-Clause */
/* schedstat.c - counters of each CPU: of wakes written by itself, interrupts off; the others with its run queue's lock held. */
#include <sched/schedstat.h>

#include "runqueue.h"

static DEFINE_PERCPU(struct schedstat_cpu, counters);

const struct schedstat_cpu *schedstat_of(unsigned cpu)
{
	return cpu_ptr(counters, cpu);
}

void schedstat_wait(struct thread *t)
{
	if (!t->stat[0].since)
		t->stat[0].since = clock_ns();
}

void schedstat_pick(const struct thread *running, struct thread *t)
{
	struct schedstat_cpu *c = this_cpu_ptr(counters);
	u64 since = t->stat[0].since, now = clock_ns(), wait = now > since ? now - since : 0;
	unsigned power = wait ? 64 - (unsigned)__builtin_clzl(wait) : 0;

	t->stat[0].since = 0;
	if (t == running)
		return;
	t->stat[0].wait_ns += wait;
	t->stat[0].slices++;
	c->wait_ns += wait;
	c->slices++;
	c->waits[MIN(power, SCHEDSTAT_WAITS - 1u)]++;
}

void schedstat_run(unsigned cpu, u64 ns)
{
	cpu_ptr(counters, cpu)->run_ns += ns;
}

void schedstat_schedule(bool yields, bool idles)
{
	struct schedstat_cpu *c = this_cpu_ptr(counters);

	c->schedules++;
	c->yields += yields;
	c->idles += idles;
}

void schedstat_wake(unsigned cpu)
{
	struct schedstat_cpu *c = this_cpu_ptr(counters);

	c->wakes++;
	c->local_wakes += cpu == this_cpu_id();
}
