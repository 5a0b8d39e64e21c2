/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The race detector (CONFIG_RACE): finds two accesses to the same memory by two CPUs at once, of which one is a write and one is
 * plain, that is neither READ_ONCE nor WRITE_ONCE nor atomic. docs/races.md. Nothing is called in other kernels.
 */
#ifndef CORE_RACE_H
#define CORE_RACE_H

#include <arch/machine.h>
#include <lib/option.h>
#include <lib/types.h>

#define RACE IS_ON(CONFIG_RACE)

/* Races found so far, each pair of places once. */
unsigned race_count(void);

/* How the machine shall end: as it would, unless a race was found. */
static inline enum machine_end race_verdict(enum machine_end end)
{
	return RACE && end == END_ORDERLY && race_count() ? END_TESTS_FAILED : end;
}

/*
 * Self-tests: races that a function whose name begins so takes part in are counted and not reported; NULL: none. Value: how many
 * were, so far.
 */
unsigned race_expect(const char *function);
/* How many were so far. */
unsigned race_seen(void);

#endif
