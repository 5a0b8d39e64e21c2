/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_lottery.c - lottery scheduling: for each quantum a ticket is drawn, and its holder runs.
 *
 * A thread has as many tickets as niceness gives it weight, so it wins in that proportion, on average: the share of n draws is
 * off by about 1/sqrt(n). Nobody starves, and nothing needs to be remembered of the past but one thing: who leaves the CPU
 * before its quantum of 10 ms (slice_us=) is over, after a fraction f of it, holds 1/f times its tickets until it wins again
 * (compensation tickets; f counts as 1/32 at least), else threads that sleep much would get less than their share.
 *
 * The numbers drawn are a sequence of each CPU's own, from seed= on the command line (0 when it is not given): the same every
 * time. Drawing walks the queue: O(n).
 *
 * Source: Waldspurger and Weihl, "Lottery Scheduling: Flexible Proportional-Share Resource Management" (OSDI 1994).
 */
#include "runqueue.h"

#include <core/param.h>
#include <lib/rand.h>

#define QUANTUM (10 * NSEC_PER_MSEC)
#define COMPENSATION_MAX 32

static u64 quantum(void)
{
	return param.slice_ns ? param.slice_ns : QUANTUM;
}

static void lottery_init(struct runqueue *rq)
{
	list_init(&rq->lottery.queue);
	rq->lottery.tickets = 0;
	rq->lottery.random = param.seed + rq->cpu;
}

static u64 tickets_of(const struct thread *t)
{
	u64 used = MAX(t->slice_used, quantum() / COMPENSATION_MAX);

	if (!t->slice_used || used >= quantum())
		return t->weight;
	return t->weight * quantum() / used;
}

static void lottery_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	(void)woken;
	t->lottery.tickets = tickets_of(t);
	rq->lottery.tickets += t->lottery.tickets;
	list_add_tail(&t->link, &rq->lottery.queue);
}

static void lottery_dequeue(struct runqueue *rq, struct thread *t)
{
	rq->lottery.tickets -= t->lottery.tickets;
	list_remove(&t->link);
}

static struct thread *lottery_pick(struct runqueue *rq)
{
	struct thread *t;
	u64 drawn;

	if (list_empty(&rq->lottery.queue))
		return NULL;
	drawn = splitmix64(&rq->lottery.random) % rq->lottery.tickets;
	list_for_each_entry(t, &rq->lottery.queue, link) {
		if (drawn < t->lottery.tickets)
			break;
		drawn -= t->lottery.tickets;
	}
	lottery_dequeue(rq, t);
	t->slice_used = 0;
	return t;
}

/* Drawn as well, but among those. */
static __cold struct thread *lottery_peek(struct runqueue *rq, unsigned cpu)
{
	u64 tickets = 0, drawn;
	struct thread *t;

	list_for_each_entry(t, &rq->lottery.queue, link)
		tickets += thread_movable(t, cpu) ? t->lottery.tickets : 0;
	if (!tickets)
		return NULL;
	drawn = splitmix64(&rq->lottery.random) % tickets;
	list_for_each_entry(t, &rq->lottery.queue, link) {
		if (!thread_movable(t, cpu))
			continue;
		if (drawn < t->lottery.tickets)
			break;
		drawn -= t->lottery.tickets;
	}
	return t;
}

static void lottery_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	(void)rq;
	t->slice_used += ran;
}

static bool lottery_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	(void)rq, (void)woken, (void)running;
	return false;
}

static u64 lottery_slice(struct runqueue *rq, struct thread *t)
{
	(void)rq;
	return quantum() > t->slice_used ? quantum() - t->slice_used : 0;
}

const struct sched_policy policy_lottery = {
	.name = "lottery",
	.init = lottery_init,
	.enqueue = lottery_enqueue,
	.dequeue = lottery_dequeue,
	.pick = lottery_pick,
	.peek = lottery_peek,
	.charge = lottery_charge,
	.preempts = lottery_preempts,
	.slice = lottery_slice,
};
