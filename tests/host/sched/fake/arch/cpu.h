/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A processor that is a thread of the host: stands in for include/arch/cpu.h when the scheduler is
 * tested there. Interrupts are delivered where the flag is set, in cpu_pause() and when the clock is read.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>

#define RFLAGS_IF BIT(9)

bool sim_irq_get(void);
void sim_irq_set(bool on); /* delivers what is pending */
void sim_wait(void);
void sim_relax(void);
void sim_exit(int status) __noreturn;

static inline bool irq_enabled(void)
{
	return sim_irq_get();
}
static inline void irq_disable(void)
{
	sim_irq_set(false);
}
static inline void irq_enable(void)
{
	sim_irq_set(true);
}
static inline u64 irq_save(void)
{
	u64 flags = sim_irq_get() ? RFLAGS_IF : 0;

	sim_irq_set(false);
	return flags;
}
static inline void irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		sim_irq_set(true);
}
static inline void cpu_pause(void)
{
	sim_relax();
}
static inline void cpu_wait_for_interrupt(void)
{
	sim_wait();
}
static inline void __noreturn cpu_stop(void)
{
	for (;;)
		sim_relax();
}
static inline u64 cpu_tsc(void)
{
	return 0;
}
static inline u64 cr2_read(void)
{
	return 0;
}
static inline u64 cr3_read(void)
{
	return 0;
}

#endif
