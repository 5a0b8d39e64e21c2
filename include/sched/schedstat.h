/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long threads wait for a CPU, and what each CPU decided: CONFIG_SCHEDSTATS. Where it is off nothing is counted and nothing
 * called. The run queues call the first half, with their lock held; /proc the second, which is a moment old.
 */
#ifndef SCHED_SCHEDSTAT_H
#define SCHED_SCHEDSTAT_H

#include <lib/option.h>
#include <lib/types.h>

struct thread;

#define SCHEDSTATS IS_ON(CONFIG_SCHEDSTATS)
#define SCHEDSTAT_WAITS 40 /* of 2^(n-1) to 2^n - 1 ns; the last: and longer, which is minutes */

struct schedstat_thread {
	u64 since;      /* r: ns: when it began to wait for a CPU; 0: it does not */
	u64 wait_ns;    /* r, read racily */
	u64 slices;     /* r, read racily: how often it got a CPU */
};

struct schedstat_cpu {
	u64 yields, schedules, idles, wakes, local_wakes; /* what they are in proc(5): docs/schedstat.md */
	u64 run_ns, wait_ns, slices;
	u64 waits[SCHEDSTAT_WAITS];
};

/* It stands in a run queue from now on. One that is moved to another has been waiting already. */
void schedstat_wait(struct thread *t);
/* It was taken out of this CPU's run queue, to run, in place of `running` (which may be itself: then it has not waited). */
void schedstat_pick(const struct thread *running, struct thread *t);
/* The thread that runs on `cpu` ran so long. */
void schedstat_run(unsigned cpu, u64 ns);
/* schedule() was called: by a thread that yields? Which gives the CPU to nobody? */
void schedstat_schedule(bool yields, bool idles);
/* Somebody here woke a thread, which shall run on `cpu`. */
void schedstat_wake(unsigned cpu);

const struct schedstat_cpu *schedstat_of(unsigned cpu);

#endif
