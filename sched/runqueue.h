/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runqueue.h - what the files of sched/ share: run queues, and the CPUs that take from them.
 *
 * A CPU has a queue of its own, or (runqueues=one) all CPUs have the same one: sched_cpu.rq says which. Who may run where, in
 * one paragraph. A run queue's lock is held across the whole switch from one thread to the next: taken by the one that leaves,
 * released by the one that arrives, on its own stack. So whoever holds the lock of a thread's run queue sees that thread either
 * on a CPU or off it, never between. No two run queues are locked at once: a thread that moves is first taken out of one, its
 * `cpu` already naming one of the other's, and then put into that; meanwhile it is runnable, in no queue, and nobody else's
 * business.
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
	unsigned cpu;              /* I: its first CPU */
	bool shared;               /* I: do others take from it, too? */
	unsigned cpus;             /* lock: how many take from it, so far */
	unsigned queued;           /* lock, read racily: threads that wait for a CPU */
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
		u64 best;                 /* rank of its first; read racily */
		struct list throttled;    /* by when their runtime comes again */
		struct timer timer;       /* when that is next, and when a running one's is used up */
	} rt;
	/* Statistics: lock, read racily. */
	unsigned running;          /* threads that its CPUs run, idle ones not counted */
	unsigned runnable;         /* those and the queued, since the last switch */
	u64 runnable_ns;           /* sum over time of the number of runnable threads */
	u64 stamp;                 /* clock at the last switch */
};

/* A CPU as the scheduler sees it. */
struct sched_cpu {
	struct runqueue *rq;       /* I once it is online: what it takes from; `lock` below is that one's */
	struct thread *idle;       /* I */
	struct thread *current;    /* lock */
	unsigned cpu;              /* I: its number */
	bool sleeping;             /* lock: halted, or about to: needs an interrupt to see new work */
	bool previous_moves;       /* lock: `previous` was put off this CPU: insert it elsewhere */
	bool takes_registers;      /* read racily: who leaves has his vector registers saved, so that any CPU may run him */
	struct thread *previous;   /* lock: from the thread that leaves to the one that arrives */
	/* Of the real-time classes: lock. */
	struct {
		u64 kept;                 /* ns for which they kept others waiting, less 19 times what those had */
		bool others_first;        /* that was too much: FIFO and RR wait now */
		bool asked;               /* a: realtime_spread() shall look */
		u64 rank;                 /* of the thread that was picked last; read racily */
	} rt;
	struct runqueue own;       /* in use unless all share the boot CPU's */
	struct timer tick;         /* own CPU, interrupts off */
	bool ticking;              /* own CPU, interrupts off: the timer is started */
	u64 balance_at;            /* own CPU, interrupts off: clock when it looks next */
	u64 user_ns, system_ns;    /* own CPU, read racily: ticks that fell on applications, and on the kernel */
	u64 switches, migrations;  /* lock, read racily */
};

DECLARE_PERCPU(struct sched_cpu, sched_cpu);
extern const struct sched_policy *policy; /* I after sched_init() */
extern unsigned runqueues; /* a: how many are in use */

#define NO_SLICE (~0ul)
#define RANK_OTHER (~0ul) /* of who has no real-time class: the lowest */
#define WEIGHT_0 1024 /* of nice 0 */

static inline struct sched_cpu *this_sched_cpu(void)
{
	return this_cpu_ptr(sched_cpu);
}

static inline struct sched_cpu *sched_cpu_of(unsigned cpu)
{
	return cpu_ptr(sched_cpu, cpu);
}

/* Do all CPUs take from it? */
static inline bool is_shared(const struct runqueue *rq)
{
	return unlikely(rq->shared);
}

static inline bool thread_may_use(const struct thread *t, unsigned cpu)
{
	return READ_ONCE(t->affinity[cpu / 64]) >> (cpu % 64) & 1;
}

/* May a thread that waits in a queue be taken to `cpu`? */
static inline bool thread_movable(const struct thread *t, unsigned cpu)
{
	return ((!t->exempt && !fpu_live(&t->arch)) || t->cpu == cpu) && thread_may_use(t, cpu);
}

/* Its queue locked: does it run? */
static inline bool is_current(const struct thread *t)
{
	return sched_cpu_of(t->cpu)->current == t;
}

/* ---- shared.c: of a queue that several CPUs take from; lock held ---- */
/* As runqueue_pick(), among those that may run on c. */
struct thread *shared_pick(struct sched_cpu *c);
/* No CPU idles, and the one that was chosen goes on: another whose thread gives way to t, or c. */
struct sched_cpu *shared_victim(struct sched_cpu *c, struct thread *t);
/* Is there anything for c? */
bool shared_waits(struct sched_cpu *c);
/* The CPU behind c (NULL: the first) of those that take from rq; NULL: none. */
struct sched_cpu *runqueue_cpu_after(const struct runqueue *rq, const struct sched_cpu *c);

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
/* Who of the queued runs next on c, taken out of rq, which is its queue; NULL: nobody. */
static inline struct thread *runqueue_pick(struct sched_cpu *c, struct runqueue *rq)
{
	struct thread *t;

	if (!rq->queued)
		return NULL;
	if (is_shared(rq))
		return shared_pick(c);
	t = policy->pick(rq);
	if (SCHEDSTATS)
		schedstat_pick(c->current, t);
	t->queued = false;
	rq->queued--;
	return t;
}
void runqueue_dequeue(struct runqueue *rq, struct thread *t);
/* Brings the account of c's current thread up to now. */
void runqueue_charge(struct sched_cpu *c, u64 now);
/* Sets the slice timer for the current thread of c, which is this CPU. */
void runqueue_set_slice(struct sched_cpu *c, u64 now);
/* Puts t in and makes its CPU notice; when the queue is shared, one that is chosen here. */
void runqueue_add(struct runqueue *rq, struct thread *t, bool woken);
/* Not locked, interrupts off: puts a runnable thread that is in no queue into that of its `cpu`. */
void runqueue_insert(struct thread *t, bool woken);
/* Asks c to look at its current thread's work. Lock held. */
void runqueue_kick(struct sched_cpu *c);

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
void tick_init(struct sched_cpu *c);
/* A thread is about to run here, and the CPU does not tick. Lock held. */
void tick_start(struct sched_cpu *c, u64 now);

/* ---- place.c ---- */
extern u64 idle_mask[CPUSET_WORDS]; /* a: CPUs in the idle loop that nobody chose yet */
/* Where a woken thread (its run queue locked), or a new one, shall run; not where all share a queue: there runqueue_add() chooses. */
unsigned place_woken(struct thread *t);
unsigned place_new(struct thread *t);
/* Which CPU shall notice that t, which is about to be put into a queue that is shared, wants to run. The queue is locked. */
unsigned place_shared(struct thread *t);
/* c, this CPU, has nothing to do: takes a waiting thread from another one into its queue. Interrupts off. */
bool place_steal(struct sched_cpu *c);
/* c, this CPU, ticks: every balance_ms= it takes from the one with the most threads, until they have as many, or one more. */
void place_balance(struct sched_cpu *c, u64 now);
/* t gave way and is queued again: wakes an idle CPU, so that it takes it. */
void place_put_off(const struct thread *t);
/* Threads wait for c and some CPU is idle: wakes it, so that it steals. */
void place_offer(struct sched_cpu *c);

/* ---- idle.c ---- */
/* Makes the flow that runs on this CPU its idle thread. */
void idle_adopt(unsigned cpu);
/* Since boot: while all CPUs slept. */
u64 idle_all_ns(void);

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
struct thread *realtime_choose(struct sched_cpu *c, struct thread *prev, bool yields);
/* c took t out of its queue, to run. */
void realtime_picked(struct sched_cpu *c, struct thread *t);
/* The CPU where t runs soonest. */
unsigned realtime_place(const struct thread *t);
/* c, this CPU, was asked whether threads that wait here, or elsewhere, can run at once on another CPU, or here. Interrupts off. */
void realtime_spread(struct sched_cpu *c);
/* t, whose queue is locked, is about to become one of others, or has become one of theirs. */
void realtime_leave(struct runqueue *rq, struct thread *t);
void realtime_join(struct runqueue *rq, struct thread *t);

/* ---- deadline.c ---- */
/* Lets t's share of the CPUs go, and takes one for c. -EBUSY: there is not so much. */
int deadline_admit(struct thread *t, const struct thread_class *c);
/* It was queued. Has it runtime? If not it is among the throttled now. */
bool deadline_may_run(struct runqueue *rq, struct thread *t, bool woken);
/* Sets the timer for what happens next, while `running` runs, and who else does. */
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
