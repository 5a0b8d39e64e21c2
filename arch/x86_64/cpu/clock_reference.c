/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of known rate: the APIC timer where a hypervisor that we know counts nanoseconds with it, HPET (IA-PC HPET specification 1.0a), ACPI PM timer (ACPI 6.4, 4.8.2.1: 3.579545 MHz, 24 bits at
 * least) and channel 2 of the 8254 PIT (1.193182 MHz). Used once, by arch_clock_init().
 */
#include "clock.h"

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <lib/string.h>

#include "acpi.h"

enum { HYPERVISOR_TIMER, HPET }; /* in clock_references */

enum { HPET_CAPABILITIES = 0x000, HPET_PERIOD = 0x004, HPET_CONFIG = 0x010, HPET_COUNTER = 0x0f0 };

#define HPET_ENABLE BIT(0)
#define HPET_PERIOD_MAX 100000000 /* fs: 10 MHz at least */

/*
 * QEMU's own CPUs and KVM run the APIC timer at 1 GHz (QEMU hw/intc/apic.c; Linux arch/x86/kvm/lapic.h,
 * APIC_BUS_CYCLE_NS). So fine a counter needs a short window only: boot waits for it.
 */
static bool hypervisor_timer_start(void)
{
	static const char known[][13] = { "TCGTCGTCGTCG", "KVMKVMKVM\0\0\0" };
	u32 a, b, c, d, name[3];

	cpuid(1, 0, &a, &b, &c, &d);
	if (!(c & BIT(31)))
		return false;
	cpuid(0x40000000, 0, &a, &name[0], &name[1], &name[2]);
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(name, known[i], sizeof(name)))
			return true;
	return false;
}

static volatile u32 *hpet;

static bool hpet_start(void)
{
	u32 period;

	if (!acpi_info.hpet || acpi_info.hpet >= 1ul << 36)
		return false;
	hpet = pmap_map_device(acpi_info.hpet, 0x400);
	if (!hpet)
		return false;
	period = hpet[HPET_PERIOD / 4];
	if (!period || period > HPET_PERIOD_MAX)
		return false;
	clock_references[HPET].fs_per_tick = period;
	hpet[HPET_CONFIG / 4] |= HPET_ENABLE;
	return true;
}

static u32 hpet_read(void)
{
	return hpet[HPET_COUNTER / 4];
}

static bool pm_timer_start(void)
{
	return acpi_info.pm_timer;
}

static u32 pm_timer_read(void)
{
	return inl(acpi_info.pm_timer);
}

enum { PIT_CHANNEL2 = 0x42, PIT_COMMAND = 0x43, PIT_GATE = 0x61 };

/* Counts down from 65535, once; the gate on, the speaker off. */
static bool pit_start(void)
{
	outb(PIT_GATE, (u8)((inb(PIT_GATE) & ~2) | 1));
	outb(PIT_COMMAND, 0xb0); /* channel 2, low then high byte, mode 0, binary */
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
	return true;
}

static u32 pit_read(void)
{
	u32 low;

	outb(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = inb(PIT_CHANNEL2);
	return 0xffff - (low | (u32)inb(PIT_CHANNEL2) << 8);
}

struct clock_reference clock_references[] = {
	{ "the hypervisor's APIC timer", hypervisor_timer_start, clock_timer_elapsed, ~0u, 1000000, 1000000 },
	{ "HPET", hpet_start, hpet_read, ~0u, 10000000, 0 },
	{ "PM timer", pm_timer_start, pm_timer_read, 0xffffff, 10000000, 279365115 },
	{ "PIT", pit_start, pit_read, 0xffff, 40000000, 838095110 },
	{ 0 },
};
