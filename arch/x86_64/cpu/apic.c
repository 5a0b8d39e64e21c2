/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of each CPU, in x2APIC mode where CPUID has it, else in xAPIC mode, and the retirement of the two 8259s.
 */
#include "apic.h"

#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/panic.h>

#include "acpi.h"

#define SPURIOUS_APIC_ENABLE BIT(8)
#define LVT_NMI (4u << 8)
#define DIVIDE_BY_1 0xb

const struct lapic_ops *lapic;

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

bool cpu_has_x2apic(void)
{
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	return c & BIT(21);
}

static void boot_cpu_init(void)
{
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	if (!(d & BIT(9)))
		panic("this CPU has no local APIC");
	lapic = cpu_has_x2apic() ? &lapic_x2apic : &lapic_xapic;
	pic_retire();
	ioapic_init();
}

void arch_apic_init(void)
{
	if (!lapic)
		boot_cpu_init();
	lapic->enable();
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
