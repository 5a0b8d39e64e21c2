/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks for the model of parallel time, in kernels with CONFIG_MARKS: where a lock is wanted, had and given back. A mark is a
 * NOP whose displacement spells `kind 'A' 'R' 'K'` (SDM vol. 2, NOP: operand ignored), and a read of the object's first byte, so
 * that QEMU's plugin (tools/model/record.c) sees what is marked, and where it is. Two instructions, which the model takes away.
 */
#ifndef ARCH_MARK_H
#define ARCH_MARK_H

#include <lib/option.h>

#define MARKS IS_ON(CONFIG_MARKS)

/* tools/model/record.c has the same numbers. What a CPU does from WANT to TAKEN is waiting; from LEAVE to LEFT it gives back. */
#define MARK_WANT 1
#define MARK_TAKEN 2
#define MARK_LEAVE 3
#define MARK_LEFT 4
#define MARK_SLEEPS 8 /* of a lock whose waiters sleep */

#define MARK_WORD 0x4b524100

#define mark(kind, object)                                                                                             \
	do {                                                                                                           \
		if (MARKS)                                                                                             \
			asm volatile("nopl %c0(%%rax)\n\ttestb $0, %1"                                                 \
				     : : "i"(MARK_WORD | (kind)), "m"(*(const volatile char *)(object)) : "cc", "memory"); \
	} while (0)

#endif
