/* SPDX-License-Identifier: BSD-2-Clause */
/* Between panic.c and panic_cpus.c. */
#ifndef CORE_PANIC_INTERNAL_H
#define CORE_PANIC_INTERNAL_H

#include <lib/types.h>

/* At most so many lines; the same function n times in a row is one. */
void panic_print_frames(const u64 *pc, unsigned n, unsigned lines);
/* What each of the others did when it was stopped; waits for them, but not long. */
void panic_print_other_cpus(void);

#endif
