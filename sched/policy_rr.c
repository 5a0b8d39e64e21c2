/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_rr.c - round robin: one queue, first in first out, the same slice for everyone. A woken thread
 * waits for its turn; niceness means nothing.
 */
#include "runqueue.h"

#include <core/param.h>

#define SLICE (10 * NSEC_PER_MSEC)

static struct thread *thread_of(struct list *link)
{
	return list_entry(link, struct thread, link);
}

static void rr_init(struct runqueue *rq)
{
	list_init(&rq->rr.queue);
}

static void rr_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	(void)woken;
	list_add_tail(&t->link, &rq->rr.queue);
}

static void rr_dequeue(struct runqueue *rq, struct thread *t)
{
	(void)rq;
	list_remove(&t->link);
}

static struct thread *rr_pick(struct runqueue *rq)
{
	struct list *link = list_pop_head(&rq->rr.queue);

	if (!link)
		return NULL;
	thread_of(link)->slice_used = 0;
	return thread_of(link);
}

static struct thread *rr_peek(struct runqueue *rq, unsigned cpu)
{
	return list_peek_movable(&rq->rr.queue, cpu);
}

static void rr_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	(void)rq;
	t->slice_used += ran;
}

static bool rr_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	(void)rq, (void)woken, (void)running;
	return false;
}

static u64 rr_slice(struct runqueue *rq, struct thread *t)
{
	u64 slice = param.slice_ns ? param.slice_ns : SLICE;

	(void)rq;
	return slice > t->slice_used ? slice - t->slice_used : 0;
}

const struct sched_policy policy_rr = {
	.name = "rr",
	.init = rr_init,
	.enqueue = rr_enqueue,
	.dequeue = rr_dequeue,
	.pick = rr_pick,
	.peek = rr_peek,
	.charge = rr_charge,
	.preempts = rr_preempts,
	.slice = rr_slice,
};
