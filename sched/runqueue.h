/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.h - what the files of sched/ share: one run queue per CPU.
 *
 * Who may run where, in one paragraph. A run queue's lock is held across the whole switch from one
 * thread to the next: taken by the one that leaves, released by the one that arrives, on its own
 * stack. So whoever holds the lock of a thread's run queue sees that thread either on the CPU or off
 * it, never between. No two run queues are locked at once: a thread that moves is first taken out of
 * one, its `cpu` already naming the other, and then put into that; meanwhile it is runnable, in no
 * queue, and nobody else's business.
 */
#ifndef SCHED_RUNQUEUE_H
#define SCHED_RUNQUEUE_H

#include <core/preempt.h>
#include <core/spinlock.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <sched/policy.h>
#include <sched/thread.h>

#define MLFQ_LEVELS 4

struct runqueue {
	struct spinlock lock;      /* (i) */
	unsigned cpu;              /* I */
	struct thread *idle;       /* I */
	struct thread *current;    /* lock */
	unsigned queued;           /* lock, read racily: threads that wait for the CPU */
	bool sleeping;             /* lock: halted, or about to: needs an interrupt to see new work */
	/* From the thread that leaves to the one that arrives: lock. */
	struct thread *previous;
	bool previous_moves;       /* it was put off this CPU: insert it elsewhere */
	/* The policy's: lock. */
	union {
		struct {
			struct rb_root tree;      /* by vruntime */
			struct rb_node *leftmost;
			u64 min_vruntime;         /* never falls; read racily by other queues */
		} fair;
		struct {
			struct list queue;
		} rr;
		struct {
			struct list level[MLFQ_LEVELS];
			u64 since_boost;          /* ns that threads ran here */
			u64 boosts;
		} mlfq;
		struct {
			struct rb_root tree;      /* by pass */
			u64 pass;                 /* advances as that of a thread with all tickets would */
			u64 tickets;              /* of the queued */
		} stride;
		struct {
			struct list queue;
			u64 tickets;              /* of the queued */
			u64 random;               /* a sequence */
		} lottery;
		struct {
			struct rb_root tree;      /* by deadline, with the least vruntime of each subtree */
			u64 clock;                /* virtual time: the weighted mean of all vruntimes, when last computed */
			i64 sum;                  /* of weight * (vruntime - clock) over the queued */
			u64 weight;               /* of the queued */
		} eevdf;
	};
	/* Of the threads of real-time classes: lock. Made by the first of them (realtime.c). */
	struct {
		struct list queue;        /* by rank */
		unsigned queued;
		struct list throttled;    /* by when their runtime comes again */
		struct timer timer;       /* when that is next, and when the running one's is used up */
		u64 kept;                 /* ns for which they kept others waiting, less 19 times what those had */
		bool others_first;        /* that was too much: FIFO and RR wait now */
		u64 rank;                 /* of the thread that was picked last; read racily */
	} rt;
	struct timer tick;         /* own CPU, interrupts off */
	bool ticking;              /* own CPU, interrupts off: the timer is started */
	u64 user_ns, system_ns;    /* own CPU, read racily: ticks that fell on applications, and on the kernel */
	/* Statistics: lock, read racily. */
	u64 switches, migrations;
	u64 idle_ns;               /* without the present idle time, if any */
	u64 runnable_ns;           /* sum over time of the number of runnable threads */
	u64 stamp;                 /* clock at the last switch */
	unsigned runnable;         /* since then */
};

DECLARE_PERCPU(struct runqueue, runqueue);
extern const struct sched_policy *policy; /* I after sched_init() */

#define NO_SLICE (~0ul)
#define WEIGHT_0 1024 /* of nice 0 */

static inline struct runqueue *this_runqueue(void)
{
	return this_cpu_ptr(runqueue);
}

static inline struct runqueue *runqueue_of(unsigned cpu)
{
	return cpu_ptr(runqueue, cpu);
}

static inline bool thread_may_use(const struct thread *t, unsigned cpu)
{
	return READ_ONCE(t->affinity[cpu / 64]) >> (cpu % 64) & 1;
}

/* May a thread that waits in a queue be taken to `cpu`? */
static inline bool thread_movable(const struct thread *t, unsigned cpu)
{
	return !t->exempt && !fpu_live(&t->arch) && thread_may_use(t, cpu);
}

/* ---- runqueue.c ---- */
void runqueue_init(unsigned cpu, struct thread *idle);
/* Locks the run queue that t belongs to. */
struct runqueue *runqueue_lock(struct thread *t, u64 *flags);
static inline void runqueue_unlock(struct runqueue *rq, u64 flags)
{
	spin_unlock_irqrestore(&rq->lock, flags);
}
/* The rest: lock held. */
static inline void runqueue_enqueue(struct runqueue *rq, struct thread *t, bool woken)
{
	rq->queued++; /* which the real-time classes may take back */
	policy->enqueue(rq, t, woken);
	if (SCHEDSTATS)
		schedstat_wait(t);
	t->queued = true;
}
static inline struct thread *runqueue_pick(struct runqueue *rq)
{
	struct thread *t;

	if (!rq->queued)
		return NULL;
	t = policy->pick(rq);
	if (SCHEDSTATS)
		schedstat_pick(rq->current, t);
	t->queued = false;
	rq->queued--;
	return t;
}
void runqueue_dequeue(struct runqueue *rq, struct thread *t);
/* Brings the account of the current thread up to now. */
void runqueue_charge(struct runqueue *rq, u64 now);
/* Sets the slice timer for the current thread of this CPU. */
void runqueue_set_slice(struct runqueue *rq, u64 now);
/* Puts t in and makes its CPU notice. */
void runqueue_add(struct runqueue *rq, struct thread *t, bool woken);
/* Not locked, interrupts off: puts a runnable thread that is in no queue into that of its `cpu`. */
void runqueue_insert(struct thread *t, bool woken);
/* Asks the CPU where the current thread of rq runs to look at its work. Lock held. */
void runqueue_kick(struct runqueue *rq);

/* ---- switch.c ---- */
enum leave {
	LEAVE_BLOCK,   /* it waits, unless it was woken meanwhile */
	LEAVE_YIELD,   /* others first */
	LEAVE_PREEMPT, /* the policy decides whether it goes on */
	LEAVE_EXIT     /* for good */
};
void schedule(enum leave why);
/* The first thing on a new thread's stack. */
void schedule_arrive(void);

/* ---- tick.c ---- */
void tick_init(struct runqueue *rq);
/* A thread is about to run here, and the CPU does not tick. Lock held. */
void tick_start(struct runqueue *rq, u64 now);

/* ---- place.c ---- */
extern u64 idle_mask[CPUSET_WORDS]; /* a: CPUs in the idle loop that nobody chose yet */
/* Where a woken thread (its run queue locked), or a new one, shall run. */
unsigned place_woken(struct thread *t);
unsigned place_new(struct thread *t);
/* This CPU has nothing to do: takes a waiting thread from another one into its queue. Interrupts off. */
bool place_steal(struct runqueue *rq);
/* Threads wait here and some CPU is idle: wakes it, so that it steals. */
void place_offer(struct runqueue *rq);

/* ---- idle.c ---- */
/* Makes the flow that runs on this CPU its idle thread. */
void idle_adopt(unsigned cpu);

/* ---- preempt.c ---- */
void preempt_init(void);
bool preempt_take_move(void);
/* Shall the thread that yields go on elsewhere, if it can? Once. */
static inline bool preempt_moves(void)
{
	return PREEMPT_POINTS && preempt_take_move();
}

/* ---- reaper.c ---- */
void reaper_init(void);
/* A dead thread that has left its stack. Interrupts off. */
void reaper_take(struct thread *t);

/* ---- realtime.c ---- */
static inline bool is_realtime(const struct thread *t)
{
	return t->special && !t->is_idle;
}
/* From here on the real-time classes are asked before the policy. */
void realtime_begin(void);
/* As choose(), of a thread of theirs. */
struct thread *realtime_choose(struct runqueue *rq, struct thread *prev, bool yields);
/* The CPU where t runs soonest. */
unsigned realtime_place(const struct thread *t);
/* t, whose queue is locked, is about to become one of others, or has become one of theirs. */
void realtime_leave(struct runqueue *rq, struct thread *t);
void realtime_join(struct runqueue *rq, struct thread *t);

/* ---- deadline.c ---- */
/* Lets t's share of the CPUs go, and takes one for c. -EBUSY: there is not so much. */
int deadline_admit(struct thread *t, const struct thread_class *c);
/* It was queued. Has it runtime? If not it is among the throttled now. */
bool deadline_may_run(struct runqueue *rq, struct thread *t, bool woken);
/* Sets the timer for what happens next here, while that thread runs. */
void deadline_arm(struct runqueue *rq, const struct thread *running);
/* It was just given that class: its first period begins. */
void deadline_begin(struct thread *t);
void deadline_due(struct timer *timer);

/* ---- policy.c ---- */
u32 nice_weight(int nice);
/* The policy of that name, or NULL. */
const struct sched_policy *policy_find(const char *name);
/* All names, with blanks between. */
void policy_names(char *text, size_t size);
/* The first thread of a queue that may be taken to `cpu`, or NULL: of a list by `link`, of a tree by `node`. */
struct thread *list_peek_movable(struct list *queue, unsigned cpu);
struct thread *tree_peek_movable(const struct rb_root *tree, unsigned cpu);
/* Modular, so that it holds for any start value. */
static inline bool earlier(u64 a, u64 b)
{
	return (i64)(a - b) < 0;
}

#endif
