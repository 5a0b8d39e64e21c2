/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preemptions by a seed (CONFIG_PREEMPT_POINTS, `preempt=SEED` on the command line): at places where a thread may lose the CPU,
 * but usually does not, it sometimes does. docs/races.md says how to hunt with it. sched/preempt.c implements it.
 */
#ifndef CORE_PREEMPT_H
#define CORE_PREEMPT_H

#include <lib/option.h>
#include <lib/types.h>

#define PREEMPT_POINTS IS_ON(CONFIG_PREEMPT_POINTS)

enum preempt_place {
	PREEMPT_DELAY, /* the thread stays on its CPU, which may be slow here */
	PREEMPT_SLEEP  /* others may run here first, or the thread elsewhere */
};

enum preempt_deed { PREEMPT_NOTHING, PREEMPT_WAIT, PREEMPT_YIELD, PREEMPT_MIGRATE };

/* What a generator says: density: one of so many draws is not PREEMPT_NOTHING. *pauses: how long PREEMPT_WAIT is. */
enum preempt_deed preempt_draw(u64 *state, unsigned density, enum preempt_place place, unsigned *pauses);

extern bool preempt_on; /* a: set once there is a scheduler */

/* Does nothing where it may not: with interrupts off, in a handler, under a spinlock. */
void preempt_at(enum preempt_place place) __cold;

static inline void preempt_point(enum preempt_place place)
{
	if (PREEMPT_POINTS && unlikely(READ_ONCE(preempt_on)))
		preempt_at(place);
}

/* Points that were passed, and what was done there, of all CPUs: for self-tests. */
struct preempt_stats {
	u64 points, waits, yields, migrations;
};
void preempt_stats(struct preempt_stats *out);

#endif
