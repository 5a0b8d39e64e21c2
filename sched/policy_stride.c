/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_stride.c - stride scheduling: the CPU is divided in proportion to tickets, as evenly as quanta allow.
 *
 * A thread has as many tickets as niceness gives it weight. Its pass advances by the time it ran divided by its tickets; the
 * least pass runs next, for a quantum of 10 ms (slice_us=), and nothing that wakes ends a quantum. The queue's own pass
 * advances by the same time divided by the tickets of all who want the CPU. Who leaves, to sleep or to another queue, takes
 * its distance from the queue's pass along and comes back with it: sleeping neither saves up time nor pays what is owed. When
 * its tickets become more, that distance becomes shorter, in proportion.
 *
 * Source: Waldspurger and Weihl, "Stride Scheduling: Deterministic Proportional-Share Resource Management" (MIT/LCS/TM-528,
 * 1995), with its dynamic client participation.
 */
#include "runqueue.h"

#include <core/param.h>

#define QUANTUM (10 * NSEC_PER_MSEC)
#define STRIDE1 (1ul << 20) /* what one ns moves the pass of who has one ticket */

static struct thread *thread_of(struct rb_node *node)
{
	return rb_entry(node, struct thread, node);
}

static u64 quantum(void)
{
	return param.slice_ns ? param.slice_ns : QUANTUM;
}

static void stride_init(struct runqueue *rq)
{
	rq->stride.tree = RB_ROOT;
	rq->stride.pass = rq->stride.tickets = 0;
}

/* Gives t its pass here, from how far it was from the queue's: with other tickets that is another distance. */
static void place(const struct runqueue *rq, struct thread *t)
{
	t->stride.pass = rq->stride.pass + (u64)(t->stride.remain * (i64)t->stride.tickets / (i64)t->weight);
}

static void stride_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	struct rb_node **link = &rq->stride.tree.node, *parent = NULL;

	if (!t->home) {
		t->stride.remain = (i64)(quantum() * STRIDE1 / t->weight);
		t->stride.tickets = t->weight;
	}
	if (woken || t->home != rq || t->stride.tickets != t->weight)
		place(rq, t);
	t->home = rq;
	while (*link) {
		parent = *link;
		link = earlier(t->stride.pass, thread_of(parent)->stride.pass) ? &parent->left : &parent->right;
	}
	rb_insert(&rq->stride.tree, &t->node, parent, link);
	rq->stride.tickets += t->weight;
}

static void remember(const struct runqueue *rq, struct thread *t)
{
	t->stride.remain = (i64)(t->stride.pass - rq->stride.pass);
	t->stride.tickets = t->weight;
}

static void stride_dequeue(struct runqueue *rq, struct thread *t)
{
	rb_erase(&rq->stride.tree, &t->node);
	rq->stride.tickets -= t->weight;
	remember(rq, t);
}

static struct thread *stride_pick(struct runqueue *rq)
{
	struct rb_node *first = rb_first(&rq->stride.tree);

	if (!first)
		return NULL;
	stride_dequeue(rq, thread_of(first));
	thread_of(first)->slice_used = 0;
	return thread_of(first);
}

static struct thread *stride_peek(struct runqueue *rq, unsigned cpu)
{
	return tree_peek_movable(&rq->stride.tree, cpu);
}

/*
 * On several CPUs: the tickets of all who have or want one, and how far t may be from the queue's pass. Off by a few quanta each is
 * what stride scheduling makes it; who is farther off may run on one CPU only, or holds more tickets than a CPU is worth.
 */
static __cold u64 all_tickets(const struct runqueue *rq, u64 *threads)
{
	u64 tickets = rq->stride.tickets;

	*threads = rq->queued;
	for (struct sched_cpu *c = NULL; (c = runqueue_cpu_after(rq, c));) {
		if (c->current->special)
			continue;
		tickets += c->current->weight;
		++*threads;
	}
	return tickets;
}

static __cold void shared_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	u64 threads, tickets = all_tickets(rq, &threads);
	u64 most = 4 * quantum() * STRIDE1 / t->weight + 2 * threads * quantum() * STRIDE1 / tickets;

	rq->stride.pass += ran * STRIDE1 / tickets;
	if (earlier(t->stride.pass, rq->stride.pass - most))
		t->stride.pass = rq->stride.pass - most;
	if (earlier(rq->stride.pass + most, t->stride.pass))
		t->stride.pass = rq->stride.pass + most;
}

static void stride_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	if (t->stride.tickets != t->weight)
		place(rq, t);
	t->slice_used += ran;
	t->stride.pass += ran * STRIDE1 / t->weight;
	if (is_shared(rq))
		shared_charge(rq, t, ran);
	else
		rq->stride.pass += ran * STRIDE1 / (rq->stride.tickets + t->weight);
	remember(rq, t);
}

static bool stride_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	(void)rq, (void)woken, (void)running;
	return false;
}

static u64 stride_slice(struct runqueue *rq, struct thread *t)
{
	(void)rq;
	return quantum() > t->slice_used ? quantum() - t->slice_used : 0;
}

const struct sched_policy policy_stride = {
	.name = "stride",
	.init = stride_init,
	.enqueue = stride_enqueue,
	.dequeue = stride_dequeue,
	.pick = stride_pick,
	.peek = stride_peek,
	.charge = stride_charge,
	.preempts = stride_preempts,
	.slice = stride_slice,
};
