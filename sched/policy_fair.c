/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_fair.c - who has run least, weighted by niceness, runs next.
 *
 * A thread's vruntime is the CPU time it used, in ns, scaled by 1024 / weight; each step of nice is a
 * factor of 1.25 in weight, so that two threads one step apart differ by about 10 % of a CPU each. The
 * queue is a tree by vruntime. min_vruntime is its clock: it never falls, and a thread that comes from
 * another queue keeps its distance from that queue's clock. Who slept gets a bounded credit, so that it
 * runs soon, but no claim on the time it did not want. (Linux sched-design-CFS.rst describes the kind.)
 */
#include "runqueue.h"

#include <core/param.h>

#define LATENCY (6 * NSEC_PER_MSEC)        /* in which every queued thread shall have a turn... */
#define SLICE_MIN (750 * NSEC_PER_USEC)    /* ...unless there are too many */
#define SLEEPER_CREDIT (LATENCY / 2)
#define WAKE_ADVANTAGE (1 * NSEC_PER_MSEC) /* vruntime by which a waker's running thread must lead */
#define ASTRAY_MAX (4 * LATENCY)           /* a thread's own time that it is off the clock of a shared queue, at most */

static struct thread *thread_of(struct rb_node *node)
{
	return rb_entry(node, struct thread, node);
}

static u64 later_of(u64 a, u64 b)
{
	return earlier(a, b) ? b : a;
}

static void fair_init(struct runqueue *rq)
{
	rq->fair.tree = RB_ROOT;
	rq->fair.leftmost = NULL;
	rq->fair.min_vruntime = 0;
}

/* Translates t's vruntime to the clock of rq. */
static void rebase(struct runqueue *rq, struct thread *t)
{
	u64 clock = rq->fair.min_vruntime;

	if (!t->home)
		t->fair.vruntime = clock;
	else if (t->home != rq)
		t->fair.vruntime += clock - READ_ONCE(t->home->fair.min_vruntime);
	t->home = rq;
}

static void fair_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	struct rb_node **link = &rq->fair.tree.node, *parent = NULL;
	bool leftmost = true;

	rebase(rq, t);
	if (woken)
		t->fair.vruntime = later_of(t->fair.vruntime, rq->fair.min_vruntime - SLEEPER_CREDIT);
	while (*link) {
		parent = *link;
		if (earlier(t->fair.vruntime, thread_of(parent)->fair.vruntime)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_insert(&rq->fair.tree, &t->node, parent, link);
	if (leftmost)
		rq->fair.leftmost = &t->node;
}

static void fair_dequeue(struct runqueue *rq, struct thread *t)
{
	if (rq->fair.leftmost == &t->node)
		rq->fair.leftmost = rb_next(&t->node);
	rb_erase(&rq->fair.tree, &t->node);
}

static struct thread *fair_pick(struct runqueue *rq)
{
	struct thread *t;

	if (!rq->fair.leftmost)
		return NULL;
	t = thread_of(rq->fair.leftmost);
	fair_dequeue(rq, t);
	t->slice_used = 0;
	return t;
}

static struct thread *fair_peek(struct runqueue *rq, unsigned cpu)
{
	for (struct rb_node *node = rq->fair.leftmost; node; node = rb_next(node)) {
		if (thread_movable(thread_of(node), cpu))
			return thread_of(node);
	}
	return NULL;
}

/*
 * On several CPUs not everybody can have a share in proportion: who may run on one CPU only, or has more weight than a CPU is worth,
 * runs more or less than that, and would be ahead or behind for as long later.
 */
static __cold void keep_near(const struct runqueue *rq, struct thread *t)
{
	u64 clock = rq->fair.min_vruntime, most = MAX(ASTRAY_MAX, param.slice_ns) * WEIGHT_0 / MIN(t->weight, WEIGHT_0);

	t->fair.vruntime = later_of(t->fair.vruntime, clock - most);
	if (earlier(clock + most, t->fair.vruntime))
		t->fair.vruntime = clock + most;
}

static void fair_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	u64 clock;

	t->slice_used += ran;
	t->fair.vruntime += likely(t->weight == WEIGHT_0) ? ran : ran * WEIGHT_0 / t->weight;
	clock = t->fair.vruntime;
	if (rq->fair.leftmost && earlier(thread_of(rq->fair.leftmost)->fair.vruntime, clock))
		clock = thread_of(rq->fair.leftmost)->fair.vruntime;
	rq->fair.min_vruntime = later_of(rq->fair.min_vruntime, clock);
	if (is_shared(rq))
		keep_near(rq, t);
}

static bool fair_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	(void)rq;
	return earlier(woken->fair.vruntime + WAKE_ADVANTAGE, running->fair.vruntime);
}

static u64 fair_slice(struct runqueue *rq, struct thread *t)
{
	u64 slice = param.slice_ns;
	unsigned others = is_shared(rq) ? rq->queued / rq->cpus : rq->queued;

	if (!slice)
		slice = MAX(LATENCY / (others + 1), SLICE_MIN);
	return slice > t->slice_used ? slice - t->slice_used : 0;
}

const struct sched_policy policy_fair = {
	.name = "fair",
	.init = fair_init,
	.enqueue = fair_enqueue,
	.dequeue = fair_dequeue,
	.pick = fair_pick,
	.peek = fair_peek,
	.charge = fair_charge,
	.preempts = fair_preempts,
	.slice = fair_slice,
};
