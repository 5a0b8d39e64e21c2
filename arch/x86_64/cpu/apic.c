/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of each CPU, in xAPIC mode (memory-mapped), and the retirement of the two 8259s. One address serves all
 * CPUs: each sees its own APIC there.
 */
#include "apic.h"

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pmap.h>
#include <core/panic.h>

#include "acpi.h"

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_ENABLE BIT(11)

#define SPURIOUS_APIC_ENABLE BIT(8)
#define LVT_NMI (4u << 8)
#define DIVIDE_BY_1 0xb

volatile u32 *lapic;

/* The 8259s would deliver on vectors of their own even when nobody asks: remapped out of the way, then masked. */
static void pic_retire(void)
{
	static const struct {
		u16 port;
		u8 value;
	} script[] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 },                       /* initialise, 4 words */
		{ 0x21, VECTOR_IRQ_BASE }, { 0xa1, VECTOR_IRQ_BASE + 8 }, /* vectors */
		{ 0x21, 4 }, { 0xa1, 2 },                             /* the cascade */
		{ 0x21, 1 }, { 0xa1, 1 },                             /* 8086 mode */
		{ 0x21, 0xff }, { 0xa1, 0xff },                       /* all masked */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(script); i++)
		outb(script[i].port, script[i].value);
}

/* Firmware may have left x2APIC mode on; the way back leads through "off" (SDM 11.12.5). */
static void xapic_mode(void)
{
	u64 base = msr_read(MSR_APIC_BASE);

	if (base & APIC_BASE_X2APIC)
		msr_write(MSR_APIC_BASE, base & ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE));
	base &= ~APIC_BASE_X2APIC;
	msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
}

static void boot_cpu_init(void)
{
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	if (!(d & BIT(9)))
		panic("this CPU has no local APIC");
	lapic = pmap_map_device(acpi_info.lapic, PAGE_SIZE);
	if (!lapic)
		panic("not enough memory to map the local APIC");
	pic_retire();
	ioapic_init();
}

void arch_apic_init(void)
{
	if (!lapic)
		boot_cpu_init();
	xapic_mode();
	lapic_write(LAPIC_SPURIOUS, SPURIOUS_APIC_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_LINT0, acpi_info.nmi_lint == 0 ? LVT_NMI : LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, acpi_info.nmi_lint == 1 ? LVT_NMI : LVT_MASKED);
	/* Errors of the APIC bus are not acted on: the register collects them for a debugger. */
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot */
	arch_eoi();
}

void arch_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void lapic_command(u8 apic_id, u32 command)
{
	u64 flags = irq_save(); /* the two halves belong together */

	while (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
		cpu_pause();
	lapic_write(LAPIC_ICR_HIGH, (u32)apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, command);
	irq_restore(flags);
}
