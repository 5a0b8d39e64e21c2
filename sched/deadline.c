/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadline.c - SCHED_DEADLINE: a thread is promised `runtime` in each `period`, by `deadline` after the period's start.
 *
 * The earliest deadline runs first (Liu and Layland 1973), and a constant-bandwidth server keeps each thread to its promise
 * (Abeni and Buttazzo, "Integrating Multimedia Applications in Hard Real-Time Systems", RTSS 1998): what it runs is taken off its
 * runtime; when that is used up the thread waits for the start of its next period, whoever else wants the CPU or not, and gets it
 * anew. One that wakes keeps what is left and its deadline only if that is no more than its share of the time until then;
 * else a new period begins.
 *
 * A thread is admitted while the sum of runtime / period is at most 95 % of the CPUs: on one CPU all deadlines are kept then; on
 * several they are missed by a bounded time at most (Devi and Anderson 2005, for a global queue, which realtime_place() comes near).
 */
#include "runqueue.h"

#include <lib/errno.h>
#include <uapi/linux/sched.h>

#define SHARE_SHIFT 20 /* of fixed-point shares of a CPU */
#define SHARE_MAX ((95ul << SHARE_SHIFT) / 100)

static struct spinlock lock = SPINLOCK_INIT("deadline");
static u64 promised; /* lock: sum of all threads' shares */

static u64 share(int class, u64 runtime, u64 period)
{
	return class == SCHED_DEADLINE ? (runtime << SHARE_SHIFT) / period : 0;
}

int deadline_admit(struct thread *t, const struct thread_class *c)
{
	u64 flags = spin_lock_irqsave(&lock);
	u64 sum = promised - share(t->class, t->rt.runtime, t->rt.period) + share(c->class, c->runtime, c->period);
	int error = c->class == SCHED_DEADLINE && sum > SHARE_MAX * cpu_online ? -EBUSY : 0;

	if (!error)
		promised = sum;
	spin_unlock_irqrestore(&lock, flags);
	return error;
}

static u64 next_period(const struct thread *t)
{
	return t->rt.deadline + t->rt.period - t->rt.relative;
}

static void begin_period(struct thread *t, u64 now)
{
	t->rt.deadline = now + t->rt.relative;
	t->rt.left = (i64)t->rt.runtime;
}

void deadline_begin(struct thread *t)
{
	begin_period(t, clock_ns());
}

/* The next period has come. What it overran is taken off; if its deadlines are all past, it begins anew. */
static void replenish(struct thread *t, u64 now)
{
	do {
		t->rt.deadline += t->rt.period;
		t->rt.left += (i64)t->rt.runtime;
	} while (t->rt.left <= 0);
	if (t->rt.deadline <= now)
		begin_period(t, now);
}

/* Is left / (deadline - now) more than runtime / relative? Times are below 2^33 ns: shifted, the products fit. */
static bool exceeds_share(const struct thread *t, u64 now)
{
	if (t->rt.left <= 0)
		return false;
	return ((u64)t->rt.left >> 10) * (t->rt.relative >> 10) > ((t->rt.deadline - now) >> 10) * (t->rt.runtime >> 10);
}

static void throttle(struct runqueue *rq, struct thread *t)
{
	struct thread *at;

	list_for_each_entry(at, &rq->rt.throttled, link) {
		if (next_period(at) > next_period(t))
			break;
	}
	list_add_tail(&t->link, &at->link);
	t->throttled = true;
	rq->queued--; /* the caller counted it */
	deadline_arm(rq, NULL);
}

bool deadline_may_run(struct runqueue *rq, struct thread *t, bool woken)
{
	u64 now = clock_ns();

	if (woken && (t->rt.deadline <= now || exceeds_share(t, now)))
		begin_period(t, now);
	if (t->rt.left > 0)
		return true;
	if (next_period(t) > now) {
		throttle(rq, t);
		return false;
	}
	replenish(t, now);
	return true;
}

static struct thread *first_throttled(const struct runqueue *rq)
{
	return list_empty(&rq->rt.throttled) ? NULL : list_first_entry(&rq->rt.throttled, struct thread, link);
}

static u64 runs_until(const struct thread *t)
{
	return t->class == SCHED_DEADLINE && t->rt.left > 0 ? clock_ns() + (u64)t->rt.left : ~0ul;
}

void deadline_arm(struct runqueue *rq, const struct thread *running)
{
	const struct thread *t = first_throttled(rq);
	u64 next = t ? next_period(t) : ~0ul;

	if (running)
		next = MIN(next, runs_until(running));
	for (struct sched_cpu *c = NULL; (c = runqueue_cpu_after(rq, c));) {
		if (!running || c->cpu != running->cpu)
			next = MIN(next, runs_until(c->current));
	}
	if (next != ~0ul)
		timer_start(&rq->rt.timer, next);
}

/* Interrupt context, on any CPU. */
void deadline_due(struct timer *timer)
{
	struct runqueue *rq = container_of(timer, struct runqueue, rt.timer);
	struct thread *t;
	u64 now;

	spin_lock(&rq->lock);
	now = clock_ns();
	for (struct sched_cpu *c = NULL; (c = runqueue_cpu_after(rq, c));) {
		runqueue_charge(c, now);
		if (c->current->class != SCHED_DEADLINE || c->current->rt.left > 0)
			continue;
		__atomic_fetch_or(&c->current->work, WORK_RESCHED, __ATOMIC_RELAXED);
		runqueue_kick(c);
	}
	while ((t = first_throttled(rq)) && next_period(t) <= now) {
		list_remove(&t->link);
		t->throttled = false;
		runqueue_add(rq, t, false);
	}
	deadline_arm(rq, NULL);
	spin_unlock(&rq->lock);
}
