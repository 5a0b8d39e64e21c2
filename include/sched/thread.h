/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: what runs. A kernel thread has no vmspace; an application's thread is embedded in a struct task
 * (isolation/proc.h). The kernel is not preempted: threads leave the CPU where they block, or on the way back to their
 * application when work has WORK_RESCHED.
 */
#ifndef SCHED_THREAD_H
#define SCHED_THREAD_H

#include <arch/offsets.h>
#include <arch/thread.h>
#include <core/block.h>
#include <core/percpu.h>
#include <core/time.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <sched/schedstat.h>

struct vmspace;
struct runqueue;

enum thread_state { THREAD_NEW, THREAD_RUNNABLE, THREAD_BLOCKING, THREAD_BLOCKED, THREAD_DEAD };

/* What awaits this thread on its way back to the application; any CPU may set bits, with thread_post(). */
#define WORK_RESCHED BIT(0)
#define WORK_SIGNAL BIT(1) /* pending signals to look at: also ends interruptible waits */
#define WORK_KILL BIT(2)   /* it shall exit: also ends killable waits */
#define WORK_FPU BIT(3)    /* this CPU is not ready for its vector instructions: fpu_load() */
#define WORK_SIGMASK BIT(4) /* a temporary signal mask ends on the way back; ends no wait */

struct thread {
	struct arch_thread arch;  /* offset 0: assembly knows it */
	u32 work;                 /* a: WORK_* (assembly reads it) */
	u32 state;                /* r: enum thread_state (written by itself when blocking, under r when waking) */
	bool on_cpu;              /* a: its stack is in use on some CPU */
	bool is_idle;             /* I */
	bool special;             /* r: idle, or of a real-time class: the ways of the others are not for it */
	bool exempt;              /* I: kernel thread that must stay on `cpu` */
	unsigned cpu;             /* r: where it runs or is queued */
	u64 affinity[CPUSET_WORDS]; /* r: CPUs allowed */
	struct vmspace *vmspace;  /* own thread: address space it runs in, a reference held by its task; NULL: kernel */
	/* Policy data: r. Ops in sched/policy.h. One policy is in force, so what they keep shares its room. All zero at first. */
	union {
		struct list link;    /* in a queue that is a list; when it is dead, the reaper's */
		struct rb_node node; /* in a queue that is a tree */
	};
	struct runqueue *home;    /* the queue whose clock its times below are told by; NULL: never queued */
	union {
		struct {
			u64 vruntime;     /* ns, weighted */
		} fair;
		struct {
			u64 used;         /* ns of its allotment on this level */
			u64 boosts;       /* of the queue, when it was last put to the top */
			unsigned level;   /* 0 is the best */
		} mlfq;
		struct {
			u64 pass;         /* ns a ticket, fixed point */
			i64 remain;       /* pass less the queue's, when it was last looked at */
			u64 tickets;      /* its weight then */
		} stride;
		struct {
			u64 tickets;      /* with compensation, while it is queued */
		} lottery;
		struct {
			u64 vruntime;     /* ns, weighted */
			u64 deadline;     /* vruntime at which its request is served */
			u64 least;        /* least vruntime in the subtree of `node` */
			i64 lag;          /* the queue's clock less vruntime, when it was last looked at */
			u64 weight;       /* then */
		} eevdf;
		struct {
			u64 runtime, relative, period; /* ns: what SCHED_DEADLINE was asked for */
			i64 left;         /* of its runtime, until `deadline` */
			u64 deadline;     /* clock */
		} rt;
	};
	int nice;                 /* -20..19 */
	u32 weight;
	u64 slice_used;           /* ns of the current slice */
	bool queued;
	u8 class;                 /* SCHED_*; changes by thread_set_class() */
	u8 priority;              /* 1..99 of SCHED_FIFO and SCHED_RR, else 0 */
	bool reset_on_fork;
	bool throttled;           /* SCHED_DEADLINE: queued, but its runtime is used up: not counted in the queue's `queued` */
	bool yielded;             /* it leaves the CPU of its own will: behind its equals */
	/* Accounting: own CPU only, read racily by others. */
	u64 exec_start;           /* clock when it last got the CPU */
	u64 cpu_ns;               /* total on a CPU */
	u64 user_ns, system_ns;   /* ticks that found it in its application, or in the kernel */
	u64 nvcsw, nivcsw;        /* voluntary, involuntary switches */
	struct schedstat_thread stat[SCHEDSTATS]; /* none without the option */
	struct timer sleep_timer; /* thread_block()'s deadline */
	bool timed_out;
	char name[16] __aligned(8); /* comm */
	void (*entry)(void *);    /* I: what it runs first, and with what */
	void *entry_arg;
	void (*destroy)(struct thread *); /* I: frees it, in the reaper, after its last switch; may sleep */
	/* r: runqueue lock of `cpu`; a: atomic; I: immutable */
};

static_assert(offsetof(struct thread, work) == THREAD_WORK, "assembly tests thread->work");

DECLARE_PERCPU(struct thread *, current_thread);

/* The running thread. Not during early boot. */
static inline struct thread *current(void)
{
	return this_cpu(current_thread);
}

/* Turns the boot flow of this CPU into its idle thread. */
void sched_init(void);            /* boot CPU, chooses the policy by param.sched or Kconfig */
void sched_init_cpu(void);        /* each other CPU */
void sched_idle(void) __noreturn; /* the idle loop */

/* Prepares storage: kernel stack, FPU area if `app`, name. -ENOMEM. Starts by thread_start(). */
int thread_init(struct thread *t, const char *name, bool app, void (*entry)(void *), void *arg);
/* Undoes thread_init() of a thread that never started, or from destroy(). */
void thread_fini(struct thread *t);
/* Makes it runnable, on the least loaded CPU it may use. */
void thread_start(struct thread *t);
/* A kernel thread of its own storage, not yet started; it may return from entry. NULL: no memory. */
struct thread *kthread_create(const char *name, void (*entry)(void *), void *arg);
/* Creates and starts one that the kernel cannot do without: panics when there is no memory. */
void kthread_run(const char *name, void (*entry)(void *), void *arg);
/* The current thread is done: calls destroy() once another stack is in use. */
void thread_exit(void) __noreturn;

/* Gives others a turn: sched_yield(2). */
void thread_yield(void);
/* Called by app_return() when WORK_RESCHED is set, interrupts off. */
void sched_preempt(void);
/* Sets work bits; kicks its CPU or wakes it from a wait that these bits end. Any context. */
void thread_post(struct thread *t, u32 work);
static inline void thread_work_done(u32 work)
{
	__atomic_fetch_and(&current()->work, ~work, __ATOMIC_RELAXED);
}
/* Must be called with affinity allowed & online not empty, else -EINVAL. Moves it if it must. */
int thread_set_affinity(struct thread *t, const u64 cpus[CPUSET_WORDS]);
void thread_set_nice(struct thread *t, int nice);

/*
 * What sched_setattr(2) says of a thread, and sched(7) explains. The real-time classes stand above the policy in force:
 * SCHED_DEADLINE first, by deadline, then SCHED_FIFO and SCHED_RR, by priority.
 */
struct thread_class {
	int class;                     /* SCHED_OTHER, FIFO, RR, BATCH, IDLE or DEADLINE */
	int nice, priority;            /* nice of OTHER, BATCH, IDLE; priority 1..99 of FIFO and RR */
	u64 runtime, deadline, period; /* of DEADLINE: ns, runtime <= deadline <= period */
	bool reset_on_fork;
};
void thread_get_class(struct thread *t, struct thread_class *c);
/* Of values that are right. -EBUSY: the CPUs' time is promised to other SCHED_DEADLINE threads already. */
int thread_set_class(struct thread *t, const struct thread_class *c);
/* t, which has not started, is a child of the current thread. */
void thread_inherit(struct thread *t);
#define RR_INTERVAL (100 * NSEC_PER_MSEC)
/* How long it runs at most before another gets a turn, as things stand. */
u64 thread_slice_ns(struct thread *t);
/* Sleeps: 0, or -EINTR. Interruptible. */
int thread_sleep_until(u64 deadline);
u64 thread_cpu_ns(const struct thread *t);

/*
 * A CPU that runs threads ticks, 100 times a second: how their time divides between application and kernel is sampled then.
 * Upcall to abi/linux: one fell on the current thread, which is an application's. Interrupt context.
 */
#define TICK_NS (NSEC_PER_SEC / 100)
void app_tick(bool in_application);

/* IPI_RESCHEDULE's handler. */
void sched_interrupt(void);
/* The slice ended: from the timer interrupt. */
void sched_slice_end(void);

struct sched_stats {
	u64 switches, migrations, idle_ns; /* sums over CPUs */
	u64 all_idle_ns;                   /* while none had anything to do */
	unsigned running;                  /* runnable now */
	u64 load[3];                       /* 1, 5, 15 minutes, fixed point 1/65536 as sysinfo(2) */
};
void sched_stats(struct sched_stats *out);
u64 sched_cpu_idle_ns(unsigned cpu);
/* Busy time of a CPU by the samples of its tick: only grows. */
void sched_cpu_busy_ns(unsigned cpu, u64 *user, u64 *system);

#endif
