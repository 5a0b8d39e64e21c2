/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's stack protector: functions with arrays keep a word between them and the return address, and look at it before
 * they return. One word for the whole kernel, random at each boot; the compiler reads it by this name.
 */
#ifndef ISOLATION_CANARY_H
#define ISOLATION_CANARY_H

#include <arch/machine.h>
#include <isolation/rungs.h>

extern u64 __stack_chk_guard;
void __stack_chk_fail(void) __noreturn __cold;

/*
 * First of all in kmain(), which never returns: a function that was entered with the old word must not leave with the new one.
 * The lowest byte is 0, which strings cannot write (Cowan et al., "StackGuard", USENIX Security 1998).
 */
static inline void canary_init(void)
{
	if (RUNG_CANARY)
		__stack_chk_guard = arch_entropy() & ~0xfful;
}

#endif
