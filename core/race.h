/* SPDX-License-Identifier: BSD-2-Clause */
/* What the detector's files share. */
#ifndef CORE_RACE_INTERNAL_H
#define CORE_RACE_INTERNAL_H

#include <core/race.h>

#define RACE_WRITE BIT(0)
#define RACE_MARKED BIT(1) /* READ_ONCE, WRITE_ONCE, an atomic operation */

struct race_access {
	u64 va, pc;   /* pc: where the call of the check returns to */
	size_t size;
	unsigned kind; /* RACE_* */
	unsigned cpu;
	char thread[16];
};

/* The access of `size` bytes at va that `pc` is about to make. Any context. */
void race_access(u64 va, size_t size, unsigned kind, u64 pc);

/*
 * race_report.c: `watched` was being made when `other` was, or when what `size` bytes hold changed (other: NULL) from before to
 * after. Interrupts off, on the CPU that watched; its own accesses are not looked at meanwhile.
 */
void race_report(const struct race_access *watched, const struct race_access *other, u64 before, u64 after);

#endif
