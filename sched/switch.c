/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch.c - from one thread to the next: the path that every yield, wait and preemption takes.
 */
#include "runqueue.h"

#include <arch/pkru.h>
#include <core/biglock.h>
#include <core/irq.h>
#include <core/panic.h>
#include <core/trace.h>
#include <isolation/aspace.h>
#include <isolation/gate.h>

/* Time passed since the last switch: for the load averages and the idle time. */
static void account_switch(struct runqueue *rq, struct thread *next, u64 now)
{
	u64 passed = now > rq->stamp ? now - rq->stamp : 0;

	rq->runnable_ns += rq->runnable * passed;
	if (rq->current->is_idle)
		rq->idle_ns += passed;
	rq->runnable = rq->queued + !next->is_idle;
	rq->stamp = now;
}

/* The current thread shall run elsewhere: its vector registers leave this CPU first. */
static void put_off(struct runqueue *rq, struct thread *t)
{
	if (t->arch.fpu && fpu_live(&t->arch)) {
		fpu_save(&t->arch);
		fpu_discard(&t->arch);
	}
	rq->previous_moves = true;
}

static bool must_move(const struct runqueue *rq, const struct thread *prev)
{
	return unlikely((preempt_moves() || !thread_may_use(prev, rq->cpu)) && !prev->exempt);
}

static struct thread *pick_or_idle(struct runqueue *rq)
{
	struct thread *next = runqueue_pick(rq);

	return next ? next : rq->idle;
}

/* The current thread could go on. Who does? Queues it if it is not the one. */
static struct thread *choose(struct runqueue *rq, struct thread *prev, enum leave why)
{
	struct thread *next;

	if (prev->special) {
		if (prev->is_idle)
			return pick_or_idle(rq);
		if (!must_move(rq, prev))
			return realtime_choose(rq, prev, why == LEAVE_YIELD);
	}
	if (must_move(rq, prev)) {
		put_off(rq, prev);
		return pick_or_idle(rq);
	}
	if (!rq->queued)
		return prev;
	if (why == LEAVE_YIELD) {
		next = runqueue_pick(rq);
		runqueue_enqueue(rq, prev, false);
		return next;
	}
	runqueue_enqueue(rq, prev, false);
	return runqueue_pick(rq);
}

/* Releases what switch_to() handed over, and finishes the thread that left. */
void schedule_arrive(void)
{
	struct runqueue *rq = this_runqueue();
	struct thread *prev = rq->previous;
	bool dead = prev->state == THREAD_DEAD;
	bool moves = rq->previous_moves;

	rq->previous_moves = false;
	if (unlikely(moves))
		prev->cpu = place_new(prev);
	__atomic_store_n(&prev->on_cpu, false, __ATOMIC_RELEASE);
	spin_unlock(&rq->lock);
	if (unlikely(dead))
		reaper_take(prev);
	else if (unlikely(moves))
		runqueue_insert(prev, false);
}

static void switch_to(struct runqueue *rq, struct thread *prev, struct thread *next)
{
	trace_thread(prev->state == THREAD_RUNNABLE && !prev->is_idle ? TRACE_PREEMPT : TRACE_SWITCH, next);
	rq->previous = prev;
	rq->current = next;
	rq->switches++;
	this_cpu(current_thread) = next;
	next->on_cpu = true;
	if (next->arch.fpu && !fpu_is_ready(&next->arch) && !(next->work & WORK_FPU))
		__atomic_fetch_or(&next->work, WORK_FPU, __ATOMIC_RELAXED);
	gate_switch(&next->arch);
	if (PKU)
		pkru_switch(&prev->arch, &next->arch);
	if (next->vmspace)
		aspace_activate(next->vmspace);
	arch_switch(&prev->arch, &next->arch);
	schedule_arrive();
}

static inline __attribute__((always_inline)) void leave_cpu(enum leave why)
{
	u64 flags = irq_save(), now;
	struct runqueue *rq = this_runqueue();
	struct thread *prev = rq->current, *next;

	assert(!irq_context());
	lockdep_assert_no_spinlock("schedule");
	spin_lock(&rq->lock);
	if (why == LEAVE_BLOCK && prev->state != THREAD_BLOCKING) {
		runqueue_unlock(rq, flags);
		return;
	}
	now = clock_ns();
	runqueue_charge(rq, now);
	if (prev->work & WORK_RESCHED)
		__atomic_fetch_and(&prev->work, ~(u32)WORK_RESCHED, __ATOMIC_RELAXED);
	if (why == LEAVE_BLOCK || why == LEAVE_EXIT) {
		BUG_ON(prev->is_idle);
		prev->state = why == LEAVE_BLOCK ? THREAD_BLOCKED : THREAD_DEAD;
		next = runqueue_pick(rq);
		if (!next)
			next = rq->idle;
	} else {
		next = choose(rq, prev, why);
	}
	account_switch(rq, next, now);
	if (SCHEDSTATS)
		schedstat_schedule(why == LEAVE_YIELD && !prev->is_idle, next->is_idle);
	if (next == prev) {
		runqueue_set_slice(rq, now);
		runqueue_unlock(rq, flags);
		return;
	}
	if (why == LEAVE_PREEMPT)
		prev->nivcsw++;
	else
		prev->nvcsw++;
	if (unlikely(!rq->ticking) && !next->is_idle)
		tick_start(rq, now);
	next->exec_start = now;
	rq->current = next;
	runqueue_set_slice(rq, now);
	switch_to(rq, prev, next);
	irq_restore(flags);
}

void schedule(enum leave why)
{
	unsigned depth = BIG_LOCK ? big_lock_drop() : 0;

	leave_cpu(why);
	if (BIG_LOCK)
		big_lock_back(depth);
}

void thread_yield(void)
{
	schedule(LEAVE_YIELD);
}

void sched_preempt(void)
{
	schedule(LEAVE_PREEMPT);
}

/* Another CPU queued something here, or wants work looked at on the way out. */
void sched_interrupt(void)
{
	struct runqueue *rq = this_runqueue();
	u64 now = clock_ns();

	spin_lock(&rq->lock);
	runqueue_charge(rq, now);
	runqueue_set_slice(rq, now);
	spin_unlock(&rq->lock);
}

void sched_slice_end(void)
{
	struct runqueue *rq = this_runqueue();

	spin_lock(&rq->lock);
	if (rq->queued && !rq->current->is_idle) {
		__atomic_fetch_or(&rq->current->work, WORK_RESCHED, __ATOMIC_RELAXED);
		place_offer(rq);
	}
	spin_unlock(&rq->lock);
}
