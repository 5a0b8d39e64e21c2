/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_eevdf.c - earliest eligible virtual deadline first.
 *
 * A thread's vruntime is the time it ran, in ns, scaled by 1024 / weight. The queue's clock, virtual time, is the weighted mean
 * of the vruntimes of all who want the CPU: the time each would have had, were the CPU divided infinitely finely. Lag is what
 * that says a thread is owed: clock - vruntime. A thread asks for the CPU in requests of 3 ms (slice_us=); a request's
 * deadline is the vruntime at which it will have been served. Of the eligible, whose lag is not negative, the one with the earliest
 * deadline runs, until its request is served or one wakes that is eligible and has an earlier deadline. So shares follow
 * weights, and a lag never exceeds a request.
 *
 * Lag is kept across sleep and migration, at most a request of it, and does not decay: sleeping earns nothing and forgives
 * nothing. Since a thread with a lag moves the clock when it joins, it is placed at lag * (W + w) / W from it, with w its weight and
 * W that of the others, which leaves it the lag it had (Linux 6.6 does this too). When its own weight changes, what it is owed
 * in real time, weight * lag, stays.
 *
 * Source: Stoica and Abdel-Wahab, "Earliest Eligible Virtual Deadline First" (Old Dominion University TR-95-22, 1995); the clock
 * as a mean: their Lemma that the lags of all add up to nought, as used by Linux's kernel/sched/fair.c.
 */
#include "runqueue.h"

#include <core/param.h>

#define REQUEST (3 * NSEC_PER_MSEC)

static struct thread *thread_of(struct rb_node *node)
{
	return rb_entry(node, struct thread, node);
}

/* A request of t in virtual time. */
static u64 request(const struct thread *t)
{
	return (param.slice_ns ? param.slice_ns : REQUEST) * WEIGHT_0 / t->weight;
}

static void eevdf_init(struct runqueue *rq)
{
	rq->eevdf.tree = RB_ROOT;
	rq->eevdf.clock = rq->eevdf.weight = 0;
	rq->eevdf.sum = 0;
}

/* The running thread, unless it is idle or real-time, in the queue again already, or gone (who is about to block is not); else NULL. */
static struct thread *competitor(const struct sched_cpu *c)
{
	struct thread *t = c->current;
	u32 state = READ_ONCE(t->state);

	return t->special || t->queued || state == THREAD_BLOCKED || state == THREAD_DEAD ? NULL : t;
}

/* Brings the clock up to date; returns the weight of all who want the CPU. */
static u64 advance(struct runqueue *rq)
{
	u64 weight = rq->eevdf.weight;
	i64 sum = rq->eevdf.sum, step;

	for (struct sched_cpu *c = NULL; (c = runqueue_cpu_after(rq, c));) {
		struct thread *running = competitor(c);

		if (!running)
			continue;
		weight += running->weight;
		sum += (i64)(running->eevdf.vruntime - rq->eevdf.clock) * running->weight;
	}
	if (!weight)
		return 0;
	step = sum / (i64)weight;
	rq->eevdf.clock += (u64)step;
	rq->eevdf.sum -= step * (i64)rq->eevdf.weight;
	return weight;
}

static void remember(const struct runqueue *rq, struct thread *t)
{
	i64 lag = (i64)(rq->eevdf.clock - t->eevdf.vruntime), most = (i64)request(t);

	t->eevdf.lag = MAX(-most, MIN(lag, most));
	t->eevdf.weight = t->weight;
}

/* Gives t its vruntime here, beside others of that weight, and a new request. */
static void place(struct runqueue *rq, struct thread *t, i64 others)
{
	i64 lag = t->home ? t->eevdf.lag * (i64)t->eevdf.weight / (i64)t->weight : 0;

	if (others)
		lag = lag * (others + t->weight) / others;
	t->eevdf.vruntime = rq->eevdf.clock - (u64)lag;
	t->eevdf.deadline = t->eevdf.vruntime + request(t);
	t->home = rq;
}

static void update(struct rb_node *node)
{
	u64 least = thread_of(node)->eevdf.vruntime;

	if (node->left && earlier(thread_of(node->left)->eevdf.least, least))
		least = thread_of(node->left)->eevdf.least;
	if (node->right && earlier(thread_of(node->right)->eevdf.least, least))
		least = thread_of(node->right)->eevdf.least;
	thread_of(node)->eevdf.least = least;
}

static void eevdf_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	struct rb_node **link = &rq->eevdf.tree.node, *parent = NULL;

	if (woken || t->home != rq || t->eevdf.weight != t->weight)
		place(rq, t, (i64)advance(rq));
	while (*link) {
		parent = *link;
		link = earlier(t->eevdf.deadline, thread_of(parent)->eevdf.deadline) ? &parent->left : &parent->right;
	}
	rb_link(&t->node, parent, link);
	rb_insert_augmented(&rq->eevdf.tree, &t->node, update);
	rq->eevdf.weight += t->weight;
	rq->eevdf.sum += (i64)(t->eevdf.vruntime - rq->eevdf.clock) * t->weight;
}

static void eevdf_dequeue(struct runqueue *rq, struct thread *t)
{
	remember(rq, t);
	rb_erase_augmented(&rq->eevdf.tree, &t->node, update);
	rq->eevdf.weight -= t->weight;
	rq->eevdf.sum -= (i64)(t->eevdf.vruntime - rq->eevdf.clock) * t->weight;
}

static bool eligible(const struct runqueue *rq, u64 vruntime)
{
	return !earlier(rq->eevdf.clock, vruntime);
}

/*
 * On several CPUs a thread may have more or less than its share for long: one that may run on one of them only, or has more weight than
 * a CPU is worth. What it is owed stays near what a lag can be.
 */
static __cold void keep_near(const struct runqueue *rq, struct thread *t)
{
	i64 lag = (i64)(rq->eevdf.clock - t->eevdf.vruntime), most = 2 * (i64)request(t);
	i64 off = lag > most ? lag - most : lag < -most ? lag + most : 0;

	t->eevdf.vruntime += (u64)off;
	t->eevdf.deadline += (u64)off;
}

/* The earliest deadline among the eligible; when only the one that gives way now is eligible, the earliest of all. */
static struct rb_node *best(struct runqueue *rq)
{
	struct rb_node *node = rq->eevdf.tree.node;

	advance(rq);
	while (node) {
		if (node->left && eligible(rq, thread_of(node->left)->eevdf.least))
			node = node->left;
		else if (eligible(rq, thread_of(node)->eevdf.vruntime))
			return node;
		else
			node = node->right;
	}
	return rb_first(&rq->eevdf.tree);
}

static struct thread *eevdf_pick(struct runqueue *rq)
{
	struct rb_node *node = best(rq);

	if (!node)
		return NULL;
	eevdf_dequeue(rq, thread_of(node));
	return thread_of(node);
}

static __cold struct thread *eevdf_peek(struct runqueue *rq, unsigned cpu)
{
	struct thread *first = NULL;

	advance(rq);
	for (struct rb_node *node = rb_first(&rq->eevdf.tree); node; node = rb_next(node)) {
		struct thread *t = thread_of(node);

		if (!thread_movable(t, cpu))
			continue;
		if (eligible(rq, t->eevdf.vruntime))
			return t;
		first = first ? first : t;
	}
	return first;
}

static void eevdf_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	if (t->eevdf.weight != t->weight)
		place(rq, t, 0);
	t->eevdf.vruntime += ran * WEIGHT_0 / t->weight;
	if (!earlier(t->eevdf.vruntime, t->eevdf.deadline))
		t->eevdf.deadline = t->eevdf.vruntime + request(t);
	advance(rq);
	if (is_shared(rq))
		keep_near(rq, t);
	remember(rq, t);
}

static bool eevdf_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	advance(rq);
	return eligible(rq, woken->eevdf.vruntime) && earlier(woken->eevdf.deadline, running->eevdf.deadline);
}

/* Rounded up, so that it is served when its slice ends. */
static u64 eevdf_slice(struct runqueue *rq, struct thread *t)
{
	(void)rq;
	return DIV_ROUND_UP((t->eevdf.deadline - t->eevdf.vruntime) * t->weight, WEIGHT_0);
}

const struct sched_policy policy_eevdf = {
	.name = "eevdf",
	.init = eevdf_init,
	.enqueue = eevdf_enqueue,
	.dequeue = eevdf_dequeue,
	.pick = eevdf_pick,
	.peek = eevdf_peek,
	.charge = eevdf_charge,
	.preempts = eevdf_preempts,
	.slice = eevdf_slice,
};
