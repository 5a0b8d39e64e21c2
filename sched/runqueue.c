/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.c - putting threads into a CPU's queue, taking them out, and making the CPU notice.
 */
#include "runqueue.h"

#include <arch/machine.h>

DEFINE_PERCPU(struct runqueue, runqueue) = {.lock = SPINLOCK_INIT("runqueue")};
DEFINE_PERCPU(struct thread *, current_thread);

void runqueue_init(unsigned cpu, struct thread *idle)
{
	struct runqueue *rq = runqueue_of(cpu);

	rq->cpu = cpu;
	rq->idle = idle;
	rq->current = idle;
	rq->stamp = clock_ns();
	tick_init(rq);
	policy->init(rq);
}

struct runqueue *runqueue_lock(struct thread *t, u64 *flags)
{
	*flags = irq_save();
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct runqueue *rq = runqueue_of(cpu);

		spin_lock(&rq->lock);
		if (likely(READ_ONCE(t->cpu) == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

void runqueue_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	policy->enqueue(rq, t, woken);
	if (SCHEDSTATS)
		schedstat_wait(t);
	t->queued = true;
	rq->queued++;
}

void runqueue_dequeue(struct runqueue *rq, struct thread *t)
{
	policy->dequeue(rq, t);
	t->queued = false;
	rq->queued--;
}

struct thread *runqueue_pick(struct runqueue *rq)
{
	struct thread *t;

	if (!rq->queued)
		return NULL;
	t = policy->pick(rq);
	if (SCHEDSTATS)
		schedstat_pick(rq->current, t);
	t->queued = false;
	rq->queued--;
	return t;
}

void runqueue_charge(struct runqueue *rq, u64 now)
{
	struct thread *t = rq->current;

	if (now <= t->exec_start)
		return;
	if (!t->is_idle)
		policy->charge(rq, t, now - t->exec_start);
	if (SCHEDSTATS && !t->is_idle)
		schedstat_run(rq->cpu, now - t->exec_start);
	t->cpu_ns += now - t->exec_start;
	t->exec_start = now;
}

void runqueue_set_slice(struct runqueue *rq, u64 now)
{
	if (rq->queued && !rq->current->is_idle)
		timer_set_slice(now + policy->slice(rq, rq->current));
	else
		timer_set_slice(NO_SLICE);
}

void runqueue_kick(struct runqueue *rq)
{
	if (rq->cpu != this_cpu_id())
		arch_ipi(rq->cpu, IPI_RESCHEDULE);
}

void runqueue_notice(struct runqueue *rq, struct thread *t)
{
	struct thread *running = rq->current;
	u64 now;

	if (running->is_idle) {
		/* One that has not halted yet looks at the queue before it does. */
		if (rq->sleeping)
			runqueue_kick(rq);
		rq->sleeping = false;
		return;
	}
	if (READ_ONCE(running->work) & WORK_RESCHED)
		return;
	now = clock_ns();
	runqueue_charge(rq, now);
	if (policy->preempts(rq, t, running)) {
		__atomic_fetch_or(&running->work, WORK_RESCHED, __ATOMIC_RELAXED);
		runqueue_kick(rq);
	} else if (rq->queued > 1) {
		return; /* the slice is counted already */
	} else if (rq->cpu == this_cpu_id()) {
		runqueue_set_slice(rq, now);
	} else {
		runqueue_kick(rq);
	}
}

void runqueue_insert(struct thread *t, bool woken)
{
	struct runqueue *rq = runqueue_of(t->cpu);

	spin_lock(&rq->lock);
	runqueue_enqueue(rq, t, woken);
	runqueue_notice(rq, t);
	spin_unlock(&rq->lock);
}
