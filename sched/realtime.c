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
 * On several CPUs the best threads run, as many as there are CPUs, as far as affinity lets them. One that wakes goes where it
 * runs at once, if there is such a CPU. One that must wait is pushed to a CPU that runs something worse, and a CPU that comes to something
 * worse than what waits elsewhere pulls that: not in the midst of a switch, where a queue is locked, but in an interrupt that the CPU
 * sends itself. (Linux' kernel/sched/rt.c has this division of labour, too.) In a queue that all share pulling is picking.
 *
 * Source: sched(7); POSIX.1-2017, "Scheduling Policies".
 */
#include "runqueue.h"

#include <arch/machine.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <uapi/linux/sched.h>

#define RANK_FIXED (1ul << 62) /* behind all deadlines */
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
	rq->rt.best = RANK_OTHER;
	if (base) /* a CPU that came after realtime_begin() */
		base->init(rq);
}

/* Whether others wait that are not of these classes. */
static bool others_wait(const struct runqueue *rq)
{
	return rq->queued > rq->rt.queued;
}

static struct thread *first(const struct runqueue *rq)
{
	return list_empty(&rq->rt.queue) ? NULL : list_first_entry(&rq->rt.queue, struct thread, link);
}

/* For CPUs that look whether something better waits than what they run. */
static void show_best(struct runqueue *rq)
{
	const struct thread *t = first(rq);

	WRITE_ONCE(rq->rt.best, t ? rank(t) : RANK_OTHER);
}

/* Before its equals if it was put off, behind them if it comes or has had its turn. */
static void rt_insert(struct runqueue *rq, struct thread *t)
{
	bool turn_over = t->yielded || (t->class == SCHED_RR && t->slice_used >= RR_INTERVAL);
	bool put_off = is_current(t) && !turn_over;
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
	show_best(rq);
}

static u64 rank_on(unsigned cpu)
{
	return READ_ONCE(sched_cpu_of(cpu)->rt.rank);
}

static void ask(struct sched_cpu *c)
{
	WRITE_ONCE(c->rt.asked, true);
	arch_ipi(c->cpu, IPI_RESCHEDULE);
}

/* t waits, and does not run on its CPU at once. Elsewhere? */
static bool runs_elsewhere(const struct thread *t, unsigned *cpu)
{
	*cpu = realtime_place(t);
	return *cpu != t->cpu && rank_on(*cpu) > rank(t);
}

static void rt_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	if (!is_realtime(t))
		base->enqueue(rq, t, woken);
	else if (t->class != SCHED_DEADLINE || deadline_may_run(rq, t, woken)) {
		struct sched_cpu *c = sched_cpu_of(t->cpu);
		unsigned cpu;

		rt_insert(rq, t);
		if (c->rt.rank <= rank(t) && runs_elsewhere(t, &cpu))
			ask(c);
	}
}

static void rt_dequeue(struct runqueue *rq, struct thread *t)
{
	if (!is_realtime(t)) {
		base->dequeue(rq, t);
		return;
	}
	list_remove(&t->link);
	show_best(rq);
	if (t->throttled)
		rq->queued++; /* it was not counted, but the caller takes it off */
	else
		rq->rt.queued--;
	t->throttled = false;
}

/* Does one wait for `cpu`, and will for a while, that is better than what runs on c? */
static bool waits_on(unsigned cpu, const struct sched_cpu *c)
{
	u64 best = READ_ONCE(sched_cpu_of(cpu)->rq->rt.best);

	return cpu != c->cpu && best < c->rt.rank && rank_on(cpu) <= best;
}

/* The next CPU from `cpu` on of which that is so; CPUS_MAX: none. In a queue that is shared the best are picked already. */
static unsigned better_from(unsigned cpu, const struct sched_cpu *c)
{
	size_t at = cpu;

	if (is_shared(c->rq))
		return CPUS_MAX;
	while ((at = bitmap_find_next(cpu_online_mask, CPUS_MAX, at)) < CPUS_MAX && !waits_on((unsigned)at, c))
		at++;
	return (unsigned)at;
}

/* The first of those that wait for c and run at once elsewhere: on `cpu`. NULL: none. */
static struct thread *runs_at_once_elsewhere(struct sched_cpu *c, unsigned *cpu)
{
	struct thread *t;

	list_for_each_entry(t, &c->rq->rt.queue, link) {
		/* The registers of the one that gives way are saved soon. */
		if (rank(t) >= c->rt.rank && runs_elsewhere(t, cpu) && (is_current(t) || thread_movable(t, *cpu)))
			return t;
	}
	return NULL;
}

void realtime_picked(struct sched_cpu *c, struct thread *t)
{
	unsigned cpu;

	if (!base)
		return;
	c->rt.rank = !is_realtime(t) && c->rt.others_first ? RANK_FIXED : rank(t);
	if (t->class == SCHED_DEADLINE)
		deadline_arm(c->rq, t);
	if (runs_at_once_elsewhere(c, &cpu) || better_from(0, c) < CPUS_MAX)
		ask(c);
}

static struct thread *rt_pick(struct runqueue *rq)
{
	struct sched_cpu *c = this_sched_cpu();
	struct thread *t = first(rq);

	if (t && c->rt.others_first && t->class != SCHED_DEADLINE && others_wait(rq))
		t = NULL;
	if (t)
		rt_dequeue(rq, t);
	else
		t = base->pick(rq);
	realtime_picked(c, t);
	return t;
}

static struct thread *rt_peek(struct runqueue *rq, unsigned cpu)
{
	struct sched_cpu *c = sched_cpu_of(cpu);
	struct thread *t = list_peek_movable(&rq->rt.queue, cpu), *other;

	if (t && (!READ_ONCE(c->rt.others_first) || t->class == SCHED_DEADLINE))
		return t;
	other = base->peek(rq, cpu);
	/* Nobody that may run there waited. */
	if (t && !other && is_shared(rq)) {
		c->rt.others_first = false;
		c->rt.kept = 0;
	}
	return other ? other : t;
}

static void rt_charge(struct runqueue *rq, struct thread *t, u64 ran)
{
	struct sched_cpu *c = sched_cpu_of(t->cpu);

	if (!is_realtime(t)) {
		base->charge(rq, t, ran);
		c->rt.kept -= MIN(c->rt.kept, OTHERS_FACTOR * ran);
		if (!c->rt.kept)
			c->rt.others_first = false;
		return;
	}
	t->slice_used += ran;
	if (t->class == SCHED_DEADLINE) {
		t->rt.left -= (i64)ran;
	} else if (others_wait(rq)) {
		c->rt.kept = MIN(c->rt.kept + ran, KEPT_MAX);
		if (c->rt.kept == KEPT_MAX)
			c->rt.others_first = true;
	}
}

static bool rt_preempts(struct runqueue *rq, struct thread *woken, struct thread *running)
{
	if (!is_realtime(woken) && !is_realtime(running))
		return base->preempts(rq, woken, running);
	if (!is_realtime(running) && sched_cpu_of(running->cpu)->rt.others_first && woken->class != SCHED_DEADLINE)
		return false;
	return !woken->throttled && rank(woken) < rank(running);
}

static u64 rt_slice(struct runqueue *rq, struct thread *t)
{
	const struct sched_cpu *c = sched_cpu_of(t->cpu);
	u64 slice = FOREVER;

	if (!is_realtime(t)) {
		slice = base->slice(rq, t);
		return c->rt.others_first && rq->rt.queued ? MIN(slice, DIV_ROUND_UP(c->rt.kept, OTHERS_FACTOR)) : slice;
	}
	if (t->class == SCHED_RR)
		slice = RR_INTERVAL - MIN(RR_INTERVAL, t->slice_used);
	if (t->class != SCHED_DEADLINE && others_wait(rq))
		slice = MIN(slice, KEPT_MAX - c->rt.kept);
	return slice;
}

static struct sched_policy realtime = {
	.init = rt_init,
	.enqueue = rt_enqueue,
	.dequeue = rt_dequeue,
	.pick = rt_pick,
	.peek = rt_peek,
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
		for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
			rt_init(&sched_cpu_of(cpu)->own);
			sched_cpu_of(cpu)->rt.rank = RANK_OTHER;
			WRITE_ONCE(sched_cpu_of(cpu)->takes_registers, true);
		}
		base = policy;
		realtime.name = base->name;
		__atomic_store_n(&policy, &realtime, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&lock, flags);
}

struct thread *realtime_choose(struct sched_cpu *c, struct thread *prev, bool yields)
{
	struct runqueue *rq = c->rq;
	struct thread *next;

	if (prev->class == SCHED_DEADLINE && yields)
		prev->rt.left = MIN(prev->rt.left, 0); /* sched_yield(2): until its next period */
	if (!rq->queued && !(prev->class == SCHED_DEADLINE && prev->rt.left <= 0))
		return prev;
	prev->yielded = yields;
	runqueue_enqueue(rq, prev, false);
	next = runqueue_pick(c, rq);
	return next ? next : c->idle;
}

/* One that waits for c and runs at once on another CPU, taken out and told so; NULL: none. */
static struct thread *take_for_another(struct sched_cpu *c)
{
	struct thread *t;
	unsigned cpu;

	spin_lock(&c->rq->lock);
	t = runs_at_once_elsewhere(c, &cpu);
	if (t) {
		runqueue_dequeue(c->rq, t);
		c->migrations++;
		t->cpu = cpu;
	}
	spin_unlock(&c->rq->lock);
	return t;
}

/* One that waits for `from` and is better than what runs on c; NULL: none. */
static struct thread *take_for_this(struct sched_cpu *c, struct sched_cpu *from)
{
	struct thread *t;

	spin_lock(&from->rq->lock);
	t = list_peek_movable(&from->rq->rt.queue, c->cpu);
	if (t && rank(t) >= rank_on(c->cpu))
		t = NULL;
	if (t) {
		runqueue_dequeue(from->rq, t);
		from->migrations++;
		t->cpu = c->cpu;
	}
	spin_unlock(&from->rq->lock);
	return t;
}

void realtime_spread(struct sched_cpu *c)
{
	struct thread *t;

	WRITE_ONCE(c->rt.asked, false);
	while ((t = take_for_another(c)))
		runqueue_insert(t, false);
	for (unsigned cpu = 0; (cpu = better_from(cpu, c)) < CPUS_MAX; cpu++) {
		t = take_for_this(c, sched_cpu_of(cpu));
		if (!t)
			continue;
		runqueue_insert(t, false);
		return;
	}
}

unsigned realtime_place(const struct thread *t)
{
	unsigned best = t->cpu;
	u64 worst = thread_may_use(t, best) ? rank_on(best) : 0;

	if (worst > rank(t))
		return best;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		u64 there = rank_on(cpu);

		if (!(cpu_online_mask[cpu / 64] >> (cpu % 64) & 1) || !thread_may_use(t, cpu) || there <= worst)
			continue;
		best = cpu;
		worst = there;
	}
	return best;
}

/* Of what runs on c. */
static void change_rank(struct sched_cpu *c, u64 to)
{
	c->rt.rank = to;
	if (better_from(0, c) < CPUS_MAX)
		ask(c);
}

void realtime_leave(struct runqueue *rq, struct thread *t)
{
	memset(&t->rt, 0, sizeof(t->rt));
	t->home = NULL;
	t->slice_used = 0;
	if (!is_current(t))
		return;
	/* The policy gives a thread its place when it is queued, and this one runs already. */
	base->enqueue(rq, t, true);
	base->dequeue(rq, t);
	change_rank(sched_cpu_of(t->cpu), RANK_OTHER);
}

void realtime_join(struct runqueue *rq, struct thread *t)
{
	static_assert(sizeof(t->rt) >= sizeof(t->eevdf), "it covers what the policies keep");
	t->slice_used = 0;
	if (!is_current(t))
		return;
	change_rank(sched_cpu_of(t->cpu), rank(t));
	deadline_arm(rq, t);
}
