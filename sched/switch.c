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

/* Time passed since the last switch: for the load averages. */
static void account_switch(struct runqueue *rq, const struct thread *prev, const struct thread *next, u64 now)
{
	u64 passed = now > rq->stamp ? now - rq->stamp : 0;

	rq->runnable_ns += rq->runnable * passed;
	rq->running += prev->is_idle - next->is_idle;
	rq->runnable = rq->queued + rq->running;
	rq->stamp = now;
}

/* The vector registers of the current thread leave this CPU. */
static __cold void leave_registers(struct thread *t)
{
	if (t->arch.fpu && fpu_live(&t->arch)) {
		fpu_save(&t->arch);
		fpu_discard(&t->arch);
	}
}

/* The current thread shall run elsewhere. */
static void put_off(struct sched_cpu *c, struct thread *t)
{
	leave_registers(t);
	c->previous_moves = true;
}

static bool must_move(const struct sched_cpu *c, const struct thread *prev)
{
	return unlikely((preempt_moves() || !thread_may_use(prev, c->cpu)) && !prev->exempt);
}

static struct thread *pick_or_idle(struct sched_cpu *c, struct runqueue *rq)
{
	struct thread *next = runqueue_pick(c, rq);

	return next ? next : c->idle;
}

/* The current thread could go on. Who does? Queues it if it is not the one. */
static struct thread *choose(struct sched_cpu *c, struct runqueue *rq, struct thread *prev, enum leave why)
{
	struct thread *next;

	if (prev->special) {
		if (prev->is_idle)
			return pick_or_idle(c, rq);
		if (!must_move(c, prev))
			return realtime_choose(c, prev, why == LEAVE_YIELD);
	}
	if (must_move(c, prev)) {
		put_off(c, prev);
		return pick_or_idle(c, rq);
	}
	if (!rq->queued)
		return prev;
	if (why == LEAVE_YIELD) {
		next = runqueue_pick(c, rq);
		if (is_shared(rq) && !next)
			return prev;
		runqueue_enqueue(rq, prev, false);
		return next;
	}
	runqueue_enqueue(rq, prev, false);
	return runqueue_pick(c, rq);
}

/* Releases what switch_to() handed over, and finishes the thread that left. */
void schedule_arrive(void)
{
	struct sched_cpu *c = this_sched_cpu();
	struct thread *prev = c->previous;
	bool dead = prev->state == THREAD_DEAD;
	bool moves = c->previous_moves;

	c->previous_moves = false;
	if (unlikely(moves))
		prev->cpu = place_new(prev);
	__atomic_store_n(&prev->on_cpu, false, __ATOMIC_RELEASE);
	spin_unlock(&c->rq->lock);
	if (unlikely(dead))
		reaper_take(prev);
	else if (unlikely(moves))
		runqueue_insert(prev, false);
}

/* Any CPU may be the next that runs it: one of those that share the queue, or the one where a real-time thread runs at once. */
static __cold void leave_to_any(struct thread *prev)
{
	leave_registers(prev);
	if (prev->queued)
		place_put_off(prev);
}

static void switch_to(struct sched_cpu *c, struct thread *prev, struct thread *next)
{
	trace_thread(prev->state == THREAD_RUNNABLE && !prev->is_idle ? TRACE_PREEMPT : TRACE_SWITCH, next);
	if (unlikely(READ_ONCE(c->takes_registers)))
		leave_to_any(prev);
	c->previous = prev;
	c->current = next;
	c->switches++;
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
	struct sched_cpu *c = this_sched_cpu();
	struct runqueue *rq = c->rq;
	struct thread *prev = c->current, *next;

	assert(!irq_context());
	lockdep_assert_no_spinlock("schedule");
	spin_lock(&rq->lock);
	if (why == LEAVE_BLOCK && prev->state != THREAD_BLOCKING) {
		runqueue_unlock(rq, flags);
		return;
	}
	now = clock_ns();
	runqueue_charge(c, now);
	/* One that blocks where it may not run keeps it: it may have to wake here. */
	if ((prev->work & WORK_RESCHED) && (why != LEAVE_BLOCK || thread_may_use(prev, c->cpu)))
		__atomic_fetch_and(&prev->work, ~(u32)WORK_RESCHED, __ATOMIC_RELAXED);
	if (why == LEAVE_BLOCK || why == LEAVE_EXIT) {
		BUG_ON(prev->is_idle);
		prev->state = why == LEAVE_BLOCK ? THREAD_BLOCKED : THREAD_DEAD;
		next = pick_or_idle(c, rq);
	} else {
		next = choose(c, rq, prev, why);
	}
	account_switch(rq, prev, next, now);
	if (SCHEDSTATS)
		schedstat_schedule(why == LEAVE_YIELD && !prev->is_idle, next->is_idle);
	if (next == prev) {
		runqueue_set_slice(c, now);
		runqueue_unlock(rq, flags);
		return;
	}
	if (why == LEAVE_PREEMPT)
		prev->nivcsw++;
	else
		prev->nvcsw++;
	if (unlikely(!c->ticking) && !next->is_idle)
		tick_start(c, now);
	next->exec_start = now;
	c->current = next;
	runqueue_set_slice(c, now);
	switch_to(c, prev, next);
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
	struct sched_cpu *c = this_sched_cpu();
	u64 now = clock_ns();

	spin_lock(&c->rq->lock);
	runqueue_charge(c, now);
	runqueue_set_slice(c, now);
	spin_unlock(&c->rq->lock);
	if (unlikely(READ_ONCE(c->rt.asked)))
		realtime_spread(c);
}

void sched_slice_end(void)
{
	struct sched_cpu *c = this_sched_cpu();

	spin_lock(&c->rq->lock);
	if (c->rq->queued && !c->current->is_idle) {
		__atomic_fetch_or(&c->current->work, WORK_RESCHED, __ATOMIC_RELAXED);
		place_offer(c);
	}
	spin_unlock(&c->rq->lock);
}
