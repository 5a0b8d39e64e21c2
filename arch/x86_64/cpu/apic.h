/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC, for the files of this folder: one CPU's registers by their offsets in memory, whichever way the mode
 * reaches them. Source: SDM vol. 3, chapter 11 (APIC).
 */
#ifndef CPU_APIC_H
#define CPU_APIC_H

#include <core/irq.h>
#include <lib/types.h>

enum lapic_register {
	LAPIC_TPR = 0x080,
	LAPIC_EOI = 0x0b0,
	LAPIC_SPURIOUS = 0x0f0,
	LAPIC_ESR = 0x280,
	LAPIC_ICR_LOW = 0x300,       /* x2APIC mode: all of it */
	LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380,
	LAPIC_TIMER_CURRENT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED BIT(16)

#define ICR_FIXED (0u << 8)
#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_PENDING (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_ALL_BUT_SELF (3u << 18)

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ENABLE BIT(11)

struct lapic_ops {
	void (*enable)(void);                            /* on this CPU */
	u32 (*read)(enum lapic_register reg);
	void (*write)(enum lapic_register reg, u32 value);
	void (*send)(u32 apic_id, u32 command);          /* waits for the command before to have left. Any context */
};

extern const struct lapic_ops lapic_xapic, lapic_x2apic;
extern const struct lapic_ops *lapic; /* I after the boot CPU's arch_apic_init() */

/* By CPUID: then it is used. */
bool cpu_has_x2apic(void);

static inline u32 lapic_read(enum lapic_register reg)
{
	return lapic->read(reg);
}

static inline void lapic_write(enum lapic_register reg, u32 value)
{
	lapic->write(reg, value);
}

/* Maps the I/O APICs and masks every pin. */
void ioapic_init(void);

#endif
