/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds of what happens by chance on purpose: preempt=SEED[,1/N] (core/preempt.h) and race=SEED[,1/N][,panic] (core/race.h) on
 * the command line. With QEMU's -icount a seed is a run: docs/races.md. Only in kernels that have one of the two.
 */
#ifndef CORE_SEEDS_H
#define CORE_SEEDS_H

#include <core/preempt.h>
#include <core/race.h>
#include <lib/types.h>

#define SEEDS (PREEMPT_POINTS || RACE)

struct cmdline_item;

struct seed {
	bool given;       /* on the command line */
	bool panics;      /* `,panic` was */
	unsigned density; /* one of so many, 1 or more */
	u64 seed;
};

extern struct seed preempt_seed, race_seed; /* I after param_init() */

/* Is this one of ours? Then it has been heeded, or warned of. For param_init(). */
bool seeds_take(const struct cmdline_item *item);
/* One line of a report: what to give the kernel so that it does the same again. */
void seeds_print(void);
/* Where the generator (splitmix64) of this CPU begins: no two CPUs and no two seeds draw the same. */
u64 seeds_state(u64 seed, unsigned cpu);

#endif
