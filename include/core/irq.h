/* SPDX-License-Identifier: BSD-2-Clause */
/* Device interrupts: handlers by irq number: below 16 that of the ISA bus, else the GSI. Handlers run with interrupts off on the boot CPU. */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <lib/types.h>

/* Vectors 32..95 are device interrupts; those at the top are ours. */
#define VECTOR_IRQ_BASE 0x20
#define VECTOR_IRQ_COUNT 64
#define VECTOR_TIMER 0xec
#define VECTOR_IPI_BASE 0xf0
#define VECTOR_SPURIOUS 0xff

/* -EBUSY if taken; errors of arch_irq_route(). */
int irq_register(unsigned irq, const char *name, void (*fn)(void *), void *arg);
/* From the trap path, any vector >= 32; acknowledges it. from_app: it came while an application ran. */
void irq_dispatch(unsigned vector, bool from_app);
/* In a handler: did the interrupt come while an application ran? */
bool irq_from_app(void);
/* Are we in irq_dispatch()? */
bool irq_context(void);
/* For /proc/stat: interrupts so far, of a CPU (its timer's and other CPUs' too), and of a device. */
u64 irq_cpu_count(unsigned cpu);
u64 irq_count(unsigned irq);

/* Upcalls: what the layers above do with the interrupts that are theirs. */
void sched_interrupt(void);
void sched_slice_end(void);
void tlb_interrupt(void);

#endif
