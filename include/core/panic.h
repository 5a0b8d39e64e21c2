/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a kernel that found itself wrong: one clear cause, registers, backtrace; then the machine ends. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <lib/types.h>

struct trapframe;

void panic(const char *format, ...) __printf(1, 2) __noreturn __cold;
/* As panic(), with the interrupted registers. */
void panic_trap(const struct trapframe *tf, const char *format, ...) __printf(2, 3) __noreturn __cold;

/* The CPU that panics, or -1: its console output takes no lock, that of all others is dropped. */
extern int panic_cpu; /* a */

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			panic("BUG: %s at %s:%d", #cond, __FILE__, __LINE__);                      \
	} while (0)

#ifdef CONFIG_DEBUG_ASSERT
#define ASSERTS_CHECKED 1 /* for checks that need more than an expression */
#define assert(cond) BUG_ON(!(cond))
#else
#define ASSERTS_CHECKED 0
#define assert(cond) ((void)sizeof(cond))
#endif

#endif
