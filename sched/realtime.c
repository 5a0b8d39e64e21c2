/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * realtime.c - the real-time classes above the policy in force: SCHED_DEADLINE (deadline.c) before SCHED_FIFO and SCHED_RR.
 *
 * They are a policy that stands before the other: it looks after its own threads and hands the others on. It comes into
 * force when the first thread asks for such a class, and stays. So a system without such threads pays nothing for them.
 *
 * A thread's rank orders them: the deadline, or behind all deadlines the priority. One list for each CPU, sorted: such threads
 * are few. FIFO runs until it blocks, yields, or a better rank comes; RR also gives way to its equals after 100 ms. Who was put off by
 * a better one is first among its equals again, who yielded is last. Linux's guard against threads that never block is here
 * too, in other words: when FIFO and RR have kept others waiting for 950 ms, those have the CPU for 50 ms.
 *
 * On several CPUs a thread that wakes goes where it runs at once, if there is such a CPU, and so does one that is put off by a
 * better one; an idle CPU takes one that waits. A CPU that comes to a thread without a real-time class does not look for better ones
 * elsewhere.
 *
 * Source: sched(7); POSIX.1-2017, "Scheduling Policies".
 */
#include "runqueue.h"

#include <lib/string.h>
#include <uapi/linux/sched.h>

#define RANK_FIXED (1ul << 62) /* behind all deadlines */
#define RANK_OTHER (~0ul)
#define PRIORITY_MAX 99
#define KEPT_MAX (950 * NSEC_PER_MSEC)
#define OTHERS_FACTOR 19 /* 950 ms to 50 ms */
#define FOREVER (1ul << 62)

static const struct sched_policy *base; /* I once not NULL: the policy for all others */

static u64 rank(const struct thread *t)
{
	if (!is_realtime(t))
		return RANK_OTHER;
	return t->class == SCHED_DEADLINE ? t->rt.deadline : RANK_FIXED + PRIORITY_MAX - t->priority;
}

static void rt_init(struct runqueue *rq)
{
	list_init(&rq->rt.queue);
	list_init(&rq->rt.throttled);
	timer_init(&rq->rt.timer, deadline_due);
	rq->rt.rank = RANK_OTHER;
}

/* Whether others wait that are not of these classes. */
static bool others_wait(const struct runqueue *rq)
{
	return rq->queued > rq->rt.queued;
}

/* Before its equals if it was put off, behind them if it comes or has had its turn. */
static void rt_insert(struct runqueue *rq, struct thread *t)
{
	bool turn_over = t->yielded || (t->class == SCHED_RR && t->slice_used >= RR_INTERVAL);
	bool put_off = t == rq->current && !turn_over;
	u64 mine = rank(t);
	struct thread *at;

	if (turn_over)
		t->slice_used = 0;
	t->yielded = false;
	list_for_each_entry(at, &rq->rt.queue, link) {
		if (rank(at) > mine || (put_off && rank(at) == mine))
			break;
	}
	list_add_tail(&t->link, &at->link);
	rq->rt.queued++;
}

static void rt_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	if (!is_realtime(t))
		base->enqueue(rq, t, woken);
	else if (t->class != SCHED_DEADLINE || deadline_may_run(rq, t, woken))
		rt_insert(rq, t);
}

static void rt_dequeue(struct runqueue *rq, struct thread *t)
{
	if (!is_realtime(t)) {
		base->dequeue(rq, t);
		return;
	}
	list_remove(&t->link);
	if (t->throttled)
		rq->queued++; /* it was not counted, but the caller takes it off */
	else
		rq->rt.queued--;
	t->throttled = false;
}

static struct thread *first(const struct runqueue *rq)
{
	return list_empty(&rq->rt.queue) ? NULL : list_first_entry(&rq->rt.queue, struct thread, link);
}

static struct thread *rt_pick(struct runqueue *rq)
{
	struct thread *t = first(rq);

	if (t && rq->rt.others_first && t->class != SCHED_DEADLINE && others_wait(rq))
		t = NULL;
	if (t)
		rt_dequeue(rq, t);
	else
		t = base->pick(rq);
	rq->rt.rank = rank(t);
	if (t->class == SCHED_DEADLINE)
		deadline_arm(rq, t);
	return t;
}

static struct thread *rt_peek_movable(struct runqueue *rq, unsigned cpu)
{
	struct thread *t = list_peek_movable(&rq->rt.queue, cpu);

	return t ? t : base->peek_movable(rq, cpu);
}

static void rt_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	if (!is_realtime(t)) {
		base->charge(rq, t, ran);
		rq->rt.kept -= MIN(rq->rt.kept, OTHERS_FACTOR * ran);
		if (!rq->rt.kept)
			rq->rt.others_first = false;
		return;
	}
	t->slice_used += ran;
	if (t->class == SCHED_DEADLINE) {
		t->rt.left -= (i64)ran;
	} else if (others_wait(rq)) {
		rq->rt.kept = MIN(rq->rt.kept + ran, KEPT_MAX);
		if (rq->rt.kept == KEPT_MAX)
			rq->rt.others_first = true;
	}
}

static bool rt_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	if (!is_realtime(woken) && !is_realtime(running))
		return base->preempts(rq, woken, running);
	if (!is_realtime(running) && rq->rt.others_first && woken->class != SCHED_DEADLINE)
		return false;
	return !woken->throttled && rank(woken) < rank(running);
}

static u64 rt_slice(struct runqueue *rq, struct thread *t)
{
	u64 slice = FOREVER;

	if (!is_realtime(t)) {
		slice = base->slice(rq, t);
		return rq->rt.others_first && rq->rt.queued ? MIN(slice, DIV_ROUND_UP(rq->rt.kept, OTHERS_FACTOR)) : slice;
	}
	if (t->class == SCHED_RR)
		slice = RR_INTERVAL - MIN(RR_INTERVAL, t->slice_used);
	if (t->class != SCHED_DEADLINE && others_wait(rq))
		slice = MIN(slice, KEPT_MAX - rq->rt.kept);
	return slice;
}

static struct sched_policy realtime = {
	.init = rt_init,
	.enqueue = rt_enqueue,
	.dequeue = rt_dequeue,
	.pick = rt_pick,
	.peek_movable = rt_peek_movable,
	.charge = rt_charge,
	.preempts = rt_preempts,
	.slice = rt_slice,
};

/* Who holds a queue's lock sees this before such a thread is in that queue, since that takes the lock. */
void realtime_begin(void)
{
	static struct spinlock lock = SPINLOCK_INIT("realtime");
	u64 flags = spin_lock_irqsave(&lock);

	if (!base) {
		for (unsigned cpu = 0; cpu < cpu_count; cpu++)
			rt_init(runqueue_of(cpu));
		base = policy;
		realtime.name = base->name;
		__atomic_store_n(&policy, &realtime, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&lock, flags);
}

struct thread *realtime_choose(struct runqueue *rq, struct thread *prev, bool yields)
{
	struct thread *next;

	if (prev->class == SCHED_DEADLINE && yields)
		prev->rt.left = MIN(prev->rt.left, 0); /* sched_yield(2): until its next period */
	if (!rq->queued && !(prev->class == SCHED_DEADLINE && prev->rt.left <= 0))
		return prev;
	prev->yielded = yields;
	runqueue_enqueue(rq, prev, false);
	next = runqueue_pick(rq);
	return next ? next : rq->idle;
}

unsigned realtime_place(const struct thread *t)
{
	unsigned best = t->cpu;
	u64 worst = thread_may_use(t, best) ? READ_ONCE(runqueue_of(best)->rt.rank) : 0;

	if (worst > rank(t))
		return best;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		u64 there = READ_ONCE(runqueue_of(cpu)->rt.rank);

		if (!(cpu_online_mask[cpu / 64] >> (cpu % 64) & 1) || !thread_may_use(t, cpu) || there <= worst)
			continue;
		best = cpu;
		worst = there;
	}
	return best;
}

void realtime_leave(struct runqueue *rq, struct thread *t)
{
	memset(&t->rt, 0, sizeof(t->rt));
	t->home = NULL;
	t->slice_used = 0;
	if (t != rq->current)
		return;
	/* The policy gives a thread its place when it is queued, and this one runs already. */
	base->enqueue(rq, t, true);
	base->dequeue(rq, t);
	rq->rt.rank = RANK_OTHER;
}

void realtime_join(struct runqueue *rq, struct thread *t)
{
	static_assert(sizeof(t->rt) >= sizeof(t->eevdf), "it covers what the policies keep");
	t->slice_used = 0;
	if (t != rq->current)
		return;
	rq->rt.rank = rank(t);
	deadline_arm(rq, t);
}
