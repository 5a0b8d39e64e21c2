/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shared.c - one run queue that several CPUs take from (runqueues=one): what is different then.
 *
 * Each CPU takes the best thread that may run on it, so nothing is stolen or balanced, and no CPU idles while a thread waits
 * that may run there. For that a thread's vector registers are saved whenever it leaves a CPU, and who wakes gets an idle CPU
 * before the one that has its cache. Who is queued while all CPUs run threads takes the CPU of one that gives way to it; else the
 * CPUs find at their next tick that somebody waits. All are called with the queue's lock held.
 */
#include "runqueue.h"

struct sched_cpu *runqueue_cpu_after(const struct runqueue *rq, const struct sched_cpu *c)
{
	if (!c)
		return sched_cpu_of(rq->cpu);
	if (!is_shared(rq))
		return NULL;
	for (unsigned cpu = c->cpu + 1; cpu < cpu_count; cpu++) {
		if (sched_cpu_of(cpu)->rq == rq)
			return sched_cpu_of(cpu);
	}
	return NULL;
}

struct thread *shared_pick(struct sched_cpu *c)
{
	struct thread *t = policy->peek(c->rq, c->cpu);

	if (!t)
		return NULL;
	runqueue_dequeue(c->rq, t);
	if (SCHEDSTATS)
		schedstat_pick(c->current, t);
	if (!is_realtime(t))
		t->slice_used = 0;
	c->migrations += t->cpu != c->cpu;
	t->cpu = c->cpu;
	realtime_picked(c, t);
	return t;
}

bool shared_waits(struct sched_cpu *c)
{
	return policy->peek(c->rq, c->cpu);
}

static bool gives_way(struct sched_cpu *c, struct thread *t)
{
	if (c->current->is_idle || (READ_ONCE(c->current->work) & WORK_RESCHED) || !thread_may_use(t, c->cpu))
		return false;
	runqueue_charge(c, clock_ns());
	return policy->preempts(c->rq, t, c->current);
}

struct sched_cpu *shared_victim(struct sched_cpu *c, struct thread *t)
{
	struct sched_cpu *other = NULL;

	if (t->exempt || gives_way(c, t))
		return c;
	while ((other = runqueue_cpu_after(c->rq, other))) {
		if (gives_way(other, t))
			return other;
	}
	return c;
}
