/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * class.c - what a thread's scheduling class and niceness are, and how they change. Called for system calls and in fork.
 */
#include "runqueue.h"

#include <lib/string.h>
#include <uapi/linux/sched.h>

#define WEIGHT_IDLE 3 /* of SCHED_IDLE: a fifth of the least that niceness gives */

static bool above_policy(int class)
{
	return class == SCHED_FIFO || class == SCHED_RR || class == SCHED_DEADLINE;
}

static void set_weight(struct thread *t)
{
	t->weight = t->class == SCHED_IDLE ? WEIGHT_IDLE : nice_weight(t->nice);
}

void thread_set_nice(struct thread *t, int nice)
{
	u64 flags;
	struct runqueue *rq = runqueue_lock(t, &flags);
	bool requeue = t->queued && !t->special;

	/* A policy may have its weight in a sum. */
	if (requeue)
		runqueue_dequeue(rq, t);
	t->nice = MIN(MAX(nice, -20), 19);
	set_weight(t);
	if (requeue)
		runqueue_enqueue(rq, t, false);
	runqueue_unlock(rq, flags);
}

void thread_get_class(struct thread *t, struct thread_class *c)
{
	u64 flags;
	struct runqueue *rq = runqueue_lock(t, &flags);

	*c = (struct thread_class){
		.class = t->class, .nice = t->nice, .priority = t->priority, .reset_on_fork = t->reset_on_fork};
	if (t->class == SCHED_DEADLINE) {
		c->runtime = t->rt.runtime;
		c->deadline = t->rt.relative;
		c->period = t->rt.period;
	}
	runqueue_unlock(rq, flags);
}

/* Its queue is locked, and it is in none. */
static void change(struct runqueue *rq, struct thread *t, const struct thread_class *c)
{
	bool was = is_realtime(t), will = above_policy(c->class);

	if (was && !will)
		realtime_leave(rq, t);
	t->class = (u8)c->class;
	t->special = will;
	t->priority = (u8)c->priority;
	t->reset_on_fork = c->reset_on_fork;
	if (!will) {
		t->nice = c->nice;
		set_weight(t);
		return;
	}
	memset(&t->rt, 0, sizeof(t->rt));
	if (c->class == SCHED_DEADLINE) {
		t->rt.runtime = c->runtime;
		t->rt.relative = c->deadline;
		t->rt.period = c->period;
		deadline_begin(t);
	}
	realtime_join(rq, t);
}

int thread_set_class(struct thread *t, const struct thread_class *c)
{
	struct runqueue *rq;
	bool queued;
	u64 flags;
	int error;

	if (above_policy(c->class))
		realtime_begin();
	error = deadline_admit(t, c);
	if (error)
		return error;
	rq = runqueue_lock(t, &flags);
	if (is_current(t))
		runqueue_charge(sched_cpu_of(t->cpu), clock_ns());
	queued = t->queued;
	if (queued)
		runqueue_dequeue(rq, t);
	change(rq, t, c);
	if (queued) {
		runqueue_add(rq, t, false);
	} else if (is_current(t)) {
		__atomic_fetch_or(&t->work, WORK_RESCHED, __ATOMIC_RELAXED);
		runqueue_kick(sched_cpu_of(t->cpu));
	}
	runqueue_unlock(rq, flags);
	return 0;
}

void thread_inherit(struct thread *t)
{
	const struct thread *parent = current();

	t->nice = parent->nice;
	t->weight = parent->weight;
	t->class = parent->class;
	t->priority = parent->priority;
	t->special = parent->special;
	memcpy(t->affinity, parent->affinity, sizeof(t->affinity));
	if (!parent->reset_on_fork)
		return;
	t->nice = t->special ? 0 : MAX(t->nice, 0);
	t->class = t->special ? SCHED_OTHER : t->class;
	t->special = false;
	t->priority = 0;
	set_weight(t);
}
