/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h for host tests: one processor, and nothing interrupts it. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>

static inline u64 irq_save(void)
{
	return 0;
}
static inline void irq_restore(u64 flags)
{
	(void)flags;
}
static inline bool irq_enabled(void)
{
	return true;
}
static inline void cpu_pause(void)
{
}

#endif
