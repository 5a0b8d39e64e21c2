/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.c - putting threads into a queue, taking them out, and making a CPU notice.
 */
#include "runqueue.h"

#include <arch/machine.h>
#include <core/param.h>

DEFINE_PERCPU(struct sched_cpu, sched_cpu) = {.own.lock = SPINLOCK_INIT("runqueue")};
DEFINE_PERCPU(struct thread *, current_thread);
unsigned runqueues;

void runqueue_init(unsigned cpu, struct thread *idle)
{
	struct sched_cpu *c = sched_cpu_of(cpu);
	struct runqueue *rq = &sched_cpu_of(param.one_runqueue ? 0 : cpu)->own;

	tick_init(c);
	spin_lock(&rq->lock);
	c->cpu = cpu;
	c->idle = idle;
	c->current = idle;
	if (param.one_runqueue) /* else realtime_begin() may have said it already, of a CPU that comes late */
		c->takes_registers = true;
	if (!rq->cpus++) {
		rq->cpu = cpu;
		rq->shared = param.one_runqueue;
		rq->stamp = clock_ns();
		policy->init(rq);
		__atomic_fetch_add(&runqueues, 1, __ATOMIC_RELAXED);
	}
	c->rq = rq;
	spin_unlock(&rq->lock);
}

struct runqueue *runqueue_lock(struct thread *t, u64 *flags)
{
	*flags = irq_save();
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct runqueue *rq = sched_cpu_of(cpu)->rq;

		spin_lock(&rq->lock);
		if (likely(READ_ONCE(t->cpu) == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

void runqueue_dequeue(struct runqueue *rq, struct thread *t)
{
	policy->dequeue(rq, t);
	t->queued = false;
	rq->queued--;
}

void runqueue_charge(struct sched_cpu *c, u64 now)
{
	struct thread *t = c->current;

	if (now <= t->exec_start)
		return;
	if (!t->is_idle)
		policy->charge(c->rq, t, now - t->exec_start);
	if (SCHEDSTATS && !t->is_idle)
		schedstat_run(c->cpu, now - t->exec_start);
	t->cpu_ns += now - t->exec_start;
	t->exec_start = now;
}

void runqueue_set_slice(struct sched_cpu *c, u64 now)
{
	if (c->rq->queued && !c->current->is_idle)
		timer_set_slice(now + policy->slice(c->rq, c->current));
	else
		timer_set_slice(NO_SLICE);
}

void runqueue_kick(struct sched_cpu *c)
{
	if (c->cpu != this_cpu_id())
		arch_ipi(c->cpu, IPI_RESCHEDULE);
}

/* A thread runs on c, and t was queued: shall it give way, and if not at once, when? */
static void notice(struct sched_cpu *c, struct thread *t, u64 now)
{
	struct thread *running = c->current;

	if (READ_ONCE(running->work) & WORK_RESCHED)
		return;
	if (policy->preempts(c->rq, t, running)) {
		__atomic_fetch_or(&running->work, WORK_RESCHED, __ATOMIC_RELAXED);
		runqueue_kick(c);
	} else if (c->rq->queued > 1) {
		return; /* the slice is counted already */
	} else if (c->cpu == this_cpu_id()) {
		runqueue_set_slice(c, now);
	} else {
		runqueue_kick(c);
	}
}

void runqueue_add(struct runqueue *rq, struct thread *t, bool woken)
{
	struct sched_cpu *c;
	u64 now;

	c = container_of(rq, struct sched_cpu, own);
	if (is_shared(rq)) {
		t->cpu = place_shared(t);
		c = sched_cpu_of(t->cpu);
	}
	if (c->current->is_idle) {
		runqueue_enqueue(rq, t, woken);
		/* One that has not halted yet looks at the queue before it does. */
		if (c->sleeping)
			runqueue_kick(c);
		c->sleeping = false;
		return;
	}
	/* First, so that the policy finds its clock right: nobody may have looked at it for as long as one ran alone. */
	now = clock_ns();
	runqueue_charge(c, now);
	runqueue_enqueue(rq, t, woken);
	if (is_shared(rq))
		c = shared_victim(c, t);
	notice(c, t, now);
}

void runqueue_insert(struct thread *t, bool woken)
{
	struct runqueue *rq = sched_cpu_of(t->cpu)->rq;

	spin_lock(&rq->lock);
	runqueue_add(rq, t, woken);
	spin_unlock(&rq->lock);
}
