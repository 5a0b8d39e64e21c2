/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC in xAPIC mode: registers in memory. One address serves all CPUs: each sees its own APIC there. */
#include "apic.h"

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <core/panic.h>

#include "acpi.h"

static volatile u32 *registers; /* I after the boot CPU's enable() */

static u32 xapic_read(enum lapic_register reg)
{
	return registers[reg / 4];
}

static void xapic_write(enum lapic_register reg, u32 value)
{
	registers[reg / 4] = value;
}

static void xapic_enable(void)
{
	if (!registers)
		registers = pmap_map_device(acpi_info.lapic, PAGE_SIZE);
	if (!registers)
		give_up("not enough memory to map the local APIC");
	msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE);
}

static void xapic_send(u32 apic_id, u32 command)
{
	u64 flags = irq_save(); /* the two halves belong together */

	while (xapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
		cpu_pause();
	xapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	xapic_write(LAPIC_ICR_LOW, command);
	irq_restore(flags);
}

const struct lapic_ops lapic_xapic = {
	.enable = xapic_enable,
	.read = xapic_read,
	.write = xapic_write,
	.send = xapic_send,
};
