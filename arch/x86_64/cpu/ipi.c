/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts from CPU to CPU. Any context: an interrupt's handler sends some itself. */
#include <arch/machine.h>
#include <core/irq.h>
#include <core/percpu.h>
#include <core/trace.h>

#include "acpi.h"
#include "apic.h"

static u32 command_of(enum ipi ipi)
{
	/* Not to be held off by interrupts that are off: who spins for a lock for ever is to be stopped too. */
	if (ipi == IPI_HALT)
		return ICR_NMI | ICR_ASSERT;
	return ICR_FIXED | ICR_ASSERT | (VECTOR_IPI_BASE + (u32)ipi);
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	trace(TRACE_IPI, cpu, ipi);
	lapic->send(acpi_info.apic_id[cpu], command_of(ipi));
}

/* The shorthand reaches every APIC of the machine; so it is for when every one of them is ours. */
void arch_ipi_all_but_self(enum ipi ipi)
{
	unsigned self = this_cpu_id();

	if (!lapic)
		return;
	if (READ_ONCE(cpu_online) == acpi_info.ncpus) {
		trace(TRACE_IPI, ~0ul, ipi);
		if (acpi_info.ncpus > 1)
			lapic->send(0, command_of(ipi) | ICR_ALL_BUT_SELF);
		return;
	}
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != self && READ_ONCE(cpu_online_mask[cpu / 64]) & BIT(cpu % 64))
			arch_ipi(cpu, ipi);
}
