/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h for host tests of locks: a processor is a thread of the host, and a pause is where it may be interrupted. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>

void cpu_pause(void);

static inline u64 irq_save(void)
{
	return 0;
}
static inline void irq_restore(u64 flags)
{
	(void)flags;
}

#endif
