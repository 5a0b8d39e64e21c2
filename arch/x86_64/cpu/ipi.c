/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts from CPU to CPU. Any context: an interrupt's handler sends some itself. */
#include <arch/machine.h>
#include <core/irq.h>
#include <core/percpu.h>

#include "acpi.h"
#include "apic.h"

static u32 fixed_command(enum ipi ipi)
{
	return ICR_FIXED | ICR_ASSERT | (VECTOR_IPI_BASE + (u32)ipi);
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	lapic->send(acpi_info.apic_id[cpu], fixed_command(ipi));
}

/* The shorthand reaches every APIC of the machine; so it is for when every one of them is ours. */
void arch_ipi_all_but_self(enum ipi ipi)
{
	unsigned self = this_cpu_id();

	if (!lapic)
		return;
	if (READ_ONCE(cpu_online) == acpi_info.ncpus) {
		if (acpi_info.ncpus > 1)
			lapic->send(0, fixed_command(ipi) | ICR_ALL_BUT_SELF);
		return;
	}
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != self && READ_ONCE(cpu_online_mask[cpu / 64]) & BIT(cpu % 64))
			arch_ipi(cpu, ipi);
}
