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

void runqueue_dequeue(struct runqueue *rq, struct thread *t)
{
	policy->dequeue(rq, t);
	t->queued = false;
	rq->queued--;
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

/* A thread runs here, and t was queued: shall it give way, and if not at once, when? */
static void notice(struct runqueue *rq, struct thread *t, u64 now)
{
	struct thread *running = rq->current;

	if (READ_ONCE(running->work) & WORK_RESCHED)
		return;
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

void runqueue_add(struct runqueue *rq, struct thread *t, bool woken)
{
	u64 now;

	if (rq->current->is_idle) {
		runqueue_enqueue(rq, t, woken);
		/* One that has not halted yet looks at the queue before it does. */
		if (rq->sleeping)
			runqueue_kick(rq);
		rq->sleeping = false;
		return;
	}
	/* First, so that the policy finds its clock right: nobody may have looked at it for as long as one ran alone. */
	now = clock_ns();
	runqueue_charge(rq, now);
	runqueue_enqueue(rq, t, woken);
	notice(rq, t, now);
}

void runqueue_insert(struct thread *t, bool woken)
{
	struct runqueue *rq = runqueue_of(t->cpu);

	spin_lock(&rq->lock);
	runqueue_add(rq, t, woken);
	spin_unlock(&rq->lock);
}
