/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_mlfq.c - the multi-level feedback queue: who computes long sinks, who sleeps before its time is up stays on top.
 *
 * The five rules of Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 8:
 *  1, 2. A thread of a better level runs; those of one level take turns.
 *  3. A new thread begins on the best level.
 *  4. Who has used up its allotment on a level, in one piece or in many, sinks to the next.
 *  5. From time to time all go to the best level again, so that nobody starves and who changed its ways is seen.
 * (The idea: Corbato et al., "An Experimental Time-Sharing System", 1962.)
 *
 * The numbers: four levels; a slice of 4, 8, 16 or 32 ms (slice_us= gives the best level's); an allotment of two slices; a
 * boost after each CPU has run threads for 500 ms. Niceness means nothing.
 */
#include "runqueue.h"

#include <core/param.h>

#define SLICE (4 * NSEC_PER_MSEC)
#define ALLOTMENT_SLICES 2
#define BOOST (500 * NSEC_PER_MSEC)

static struct thread *thread_of(struct list *link)
{
	return list_entry(link, struct thread, link);
}

static u64 slice_of(unsigned level)
{
	return (param.slice_ns ? param.slice_ns : SLICE) << level;
}

static void mlfq_init(struct runqueue *rq)
{
	for (unsigned level = 0; level < MLFQ_LEVELS; level++)
		list_init(&rq->mlfq.level[level]);
	rq->mlfq.since_boost = rq->mlfq.boosts = 0;
}

static void to_top(struct runqueue *rq, struct thread *t)
{
	t->mlfq.level = 0;
	t->mlfq.used = 0;
	t->mlfq.boosts = rq->mlfq.boosts;
}

static void mlfq_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	(void)woken;
	if (!t->home || (t->home == rq && t->mlfq.boosts != rq->mlfq.boosts))
		to_top(rq, t);
	t->home = rq;
	t->mlfq.boosts = rq->mlfq.boosts;
	list_add_tail(&t->link, &rq->mlfq.level[t->mlfq.level]);
}

static void mlfq_dequeue(struct runqueue *rq, struct thread *t)
{
	(void)rq;
	list_remove(&t->link);
}

/* The best level where somebody waits. */
static unsigned best_level(const struct runqueue *rq)
{
	unsigned level = 0;

	while (level < MLFQ_LEVELS && list_empty(&rq->mlfq.level[level]))
		level++;
	return level;
}

static struct thread *mlfq_pick(struct runqueue *rq)
{
	unsigned level = best_level(rq);
	struct thread *t;

	if (level == MLFQ_LEVELS)
		return NULL;
	t = thread_of(list_pop_head(&rq->mlfq.level[level]));
	t->slice_used = 0;
	return t;
}

static struct thread *mlfq_peek(struct runqueue *rq, unsigned cpu)
{
	for (unsigned level = 0; level < MLFQ_LEVELS; level++) {
		struct thread *t = list_peek_movable(&rq->mlfq.level[level], cpu);

		if (t)
			return t;
	}
	return NULL;
}

/* Rule 5. Who sleeps learns of it when it is queued again. */
static void boost(struct runqueue *rq)
{
	struct list *top = &rq->mlfq.level[0];
	struct thread *t;

	for (unsigned level = 1; level < MLFQ_LEVELS; level++)
		list_splice_tail(&rq->mlfq.level[level], top);
	rq->mlfq.boosts++;
	rq->mlfq.since_boost = 0;
	list_for_each_entry(t, top, link)
		to_top(rq, t);
	for (struct sched_cpu *c = NULL; (c = runqueue_cpu_after(rq, c));) {
		if (!c->current->special)
			to_top(rq, c->current);
	}
}

static void mlfq_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	t->slice_used += ran;
	t->mlfq.used += ran;
	if (t->mlfq.used >= ALLOTMENT_SLICES * slice_of(t->mlfq.level)) {
		t->mlfq.used = 0;
		if (t->mlfq.level < MLFQ_LEVELS - 1)
			t->mlfq.level++;
	}
	rq->mlfq.since_boost += ran;
	if (rq->mlfq.since_boost >= BOOST * rq->cpus)
		boost(rq);
}

static bool mlfq_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	(void)rq;
	return woken->mlfq.level < running->mlfq.level;
}

/* The same of a queue that is shared: of those that may run here. */
static __cold unsigned best_level_for(struct runqueue *rq, unsigned cpu)
{
	const struct thread *t = mlfq_peek(rq, cpu);

	return t ? t->mlfq.level : MLFQ_LEVELS;
}

/* To the end of its slice or of its allotment, so that it sinks in time; none while somebody better waits. */
static u64 mlfq_slice(struct runqueue *rq, struct thread *t)
{
	u64 slice = slice_of(t->mlfq.level), allotment = ALLOTMENT_SLICES * slice;
	unsigned best = is_shared(rq) ? best_level_for(rq, t->cpu) : best_level(rq);

	if (best < t->mlfq.level || t->slice_used >= slice)
		return 0;
	return MIN(slice - t->slice_used, allotment - t->mlfq.used);
}

const struct sched_policy policy_mlfq = {
	.name = "mlfq",
	.init = mlfq_init,
	.enqueue = mlfq_enqueue,
	.dequeue = mlfq_dequeue,
	.pick = mlfq_pick,
	.peek = mlfq_peek,
	.charge = mlfq_charge,
	.preempts = mlfq_preempts,
	.slice = mlfq_slice,
};
