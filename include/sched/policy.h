/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy contract: which of the threads of a run queue runs next, and for how long. All are called with the run
 * queue's lock held, interrupts off. A policy keeps its data of a queue in struct runqueue's union and its data of a thread in
 * struct thread's. A queue is one CPU's, or all share it (runqueues=one). Chosen at boot (`sched=`), default by Kconfig.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <lib/config.h>
#include <lib/types.h>

struct thread;
struct runqueue;
struct sched_policy;

extern const struct sched_policy *policy; /* I after sched_init(): the one in force */

struct sched_policy {
	const char *name;
	void (*init)(struct runqueue *rq);
	/* `woken`: it slept; false: it was preempted, is new, or migrated. */
	void (*enqueue)(struct runqueue *rq, struct thread *t, bool woken);
	void (*dequeue)(struct runqueue *rq, struct thread *t);
	/* The best queued thread, taken out of the queue; NULL when empty. */
	struct thread *(*pick)(struct runqueue *rq);
	/* The best of the queued threads that may be taken to `cpu`, not taken out yet; NULL: none. For who steals, and for a shared queue. */
	struct thread *(*peek)(struct runqueue *rq, unsigned cpu);
	/* `ran` ns of CPU were used by the current thread. */
	void (*charge)(struct runqueue *rq, struct thread *t, u64 ran);
	/* Should `woken`, which is queued, take the CPU from `running` now? */
	bool (*preempts)(struct runqueue *rq, struct thread *woken, struct thread *running);
	/* ns until `t` must give way to others that are queued. */
	u64 (*slice)(struct runqueue *rq, struct thread *t);
};

extern const struct sched_policy policy_fair, policy_rr, policy_mlfq, policy_stride, policy_lottery, policy_eevdf;

#define POLICY_DEFAULT \
	(IS_ENABLED(CONFIG_SCHED_DEFAULT_RR)        ? &policy_rr \
	 : IS_ENABLED(CONFIG_SCHED_DEFAULT_MLFQ)    ? &policy_mlfq \
	 : IS_ENABLED(CONFIG_SCHED_DEFAULT_STRIDE)  ? &policy_stride \
	 : IS_ENABLED(CONFIG_SCHED_DEFAULT_LOTTERY) ? &policy_lottery \
	 : IS_ENABLED(CONFIG_SCHED_DEFAULT_EEVDF)   ? &policy_eevdf \
						    : &policy_fair)

#endif
