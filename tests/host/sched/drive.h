/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drive.h - plays one CPU, or several that share a queue, with simulated time: for the tests of policies as pure functions.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "runqueue.h"

#include <core/param.h>

#define MS NSEC_PER_MSEC
#define MANY 16
#define CPUS 3

/* What a policy promises. Lottery promises on average only, but its draws are the same every time. */
struct promise {
	const struct sched_policy *policy;
	bool by_weight;
	u64 seconds;     /* over which */
	u64 share_error; /* per cent of a share are the most that it is off by */
	u64 wait_ms;     /* the longest that one of six waits, one of them with a 28th of another's weight */
};
#define POLICIES 6
extern const struct promise promises[POLICIES];

extern struct sched_cpu machine[CPUS + 1]; /* the last has the other queue */
extern unsigned cpus;                      /* that take from rq */
extern struct runqueue rq, other;
extern struct thread idle, thread[MANY];
extern u64 used[MANY], now, ran_last[MANY], longest_wait[MANY];

/* With so many threads that want a CPU. */
void begin(const struct sched_policy *p, unsigned count);
void put(struct thread *t, bool woken);
struct thread *pick_on(unsigned cpu);
struct thread *pick(void);
void run(struct thread *t, u64 ns);
/* It waits for something: as schedule() has it. */
void block(struct thread *t);
void wake(struct thread *t);
/* Threads that always want a CPU, each for its whole slice. */
void run_for(u64 ns);
void set_nice(struct thread *t, int nice);
void assert_about(u64 value, u64 expected, u64 tolerance);
/* Tests a property of each policy where a CPU has a queue of its own, and where several share one. */
void of_each(void (*property)(const struct promise *));

#endif
