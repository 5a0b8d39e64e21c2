/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - sleeping and waking: implements the upcall of core/block.h.
 *
 * A thread says BLOCKING before it looks at what it waits for; a waker changes that first and looks at
 * the state afterwards. Both have a full barrier between, so that at least one sees the other (Dekker).
 */
#include "runqueue.h"

#include <arch/machine.h>
#include <core/preempt.h>
#include <core/trace.h>
#include <lib/errno.h>

struct thread *thread_current(void)
{
	return current();
}

const char *thread_name(const struct thread *t)
{
	return t->name;
}

void thread_prepare_block(void)
{
	preempt_point(PREEMPT_SLEEP);
	__atomic_exchange_n(&current()->state, THREAD_BLOCKING, __ATOMIC_SEQ_CST);
}

void thread_cancel_block(void)
{
	WRITE_ONCE(current()->state, THREAD_RUNNABLE);
}

static bool block_until(struct thread *t, u64 deadline)
{
	if (deadline <= clock_ns()) {
		bool woken = READ_ONCE(t->state) == THREAD_RUNNABLE;

		thread_cancel_block();
		return woken;
	}
	t->timed_out = false;
	timer_start(&t->sleep_timer, deadline);
	schedule(LEAVE_BLOCK);
	timer_cancel(&t->sleep_timer);
	return !t->timed_out;
}

bool thread_block(u64 deadline)
{
	lockdep_assert_may_sleep("thread_block");
	preempt_point(PREEMPT_DELAY);
	if (deadline != NO_DEADLINE)
		return block_until(current(), deadline);
	schedule(LEAVE_BLOCK);
	return true;
}

/* The thread is runnable now and in no queue: releases the lock, then inserts it where it shall run. */
static void resume(struct runqueue *rq, struct thread *t)
{
	unsigned cpu = place_woken(t);

	trace_thread(TRACE_WAKE, t);
	if (cpu == t->cpu) {
		runqueue_add(rq, t, true);
		if (SCHEDSTATS)
			schedstat_wake(t->cpu);
		spin_unlock(&rq->lock);
		return;
	}
	if (SCHEDSTATS)
		schedstat_wake(cpu);
	sched_cpu_of(t->cpu)->migrations++;
	t->cpu = cpu;
	spin_unlock(&rq->lock);
	runqueue_insert(t, true);
}

void thread_wake(struct thread *t)
{
	struct runqueue *rq;
	u32 state;
	u64 flags;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	state = READ_ONCE(t->state);
	if (state != THREAD_BLOCKING && state != THREAD_BLOCKED)
		return;
	rq = runqueue_lock(t, &flags);
	state = READ_ONCE(t->state);
	if (state == THREAD_BLOCKED) {
		WRITE_ONCE(t->state, THREAD_RUNNABLE);
		resume(rq, t);
		irq_restore(flags);
		return;
	}
	if (state == THREAD_BLOCKING)
		WRITE_ONCE(t->state, THREAD_RUNNABLE);
	runqueue_unlock(rq, flags);
}

void thread_post(struct thread *t, u32 work)
{
	struct runqueue *rq;
	u64 flags;

	__atomic_fetch_or(&t->work, work, __ATOMIC_SEQ_CST);
	/* Also the current thread: an interrupt may find it about to block, after its last look at its work. */
	if (work & (WORK_SIGNAL | WORK_KILL))
		thread_wake(t);
	if (t == thread_current())
		return;
	/* Under the lock it is surely on a CPU, or will see the bits when it gets one. */
	rq = runqueue_lock(t, &flags);
	if (t->on_cpu)
		runqueue_kick(sched_cpu_of(t->cpu));
	runqueue_unlock(rq, flags);
}

bool thread_interrupted(void)
{
	return READ_ONCE(current()->work) & (WORK_SIGNAL | WORK_KILL);
}

bool thread_killed(void)
{
	return READ_ONCE(current()->work) & WORK_KILL;
}

bool thread_goes_on(void)
{
	u32 work = READ_ONCE(current()->work);

	if (likely(!(work & (WORK_KILL | WORK_RESCHED))))
		return true;
	if (work & WORK_RESCHED)
		schedule(LEAVE_PREEMPT);
	return !thread_killed();
}

int thread_sleep_until(u64 deadline)
{
	for (;;) {
		thread_prepare_block();
		if (thread_interrupted()) {
			thread_cancel_block();
			return -EINTR;
		}
		if (!thread_block(deadline))
			return 0;
	}
}
