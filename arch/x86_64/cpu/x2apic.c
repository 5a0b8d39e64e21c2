/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC in x2APIC mode (SDM vol. 3, 11.12): registers are MSRs, identifiers have 32 bits. */
#include "apic.h"

#include <arch/cpu.h>

#include "x2apic_encode.h"

#define APIC_BASE_X2APIC BIT(10)

static u32 x2apic_read(enum lapic_register reg)
{
	return (u32)msr_read(x2apic_msr(reg));
}

static void x2apic_write(enum lapic_register reg, u32 value)
{
	msr_write(x2apic_msr(reg), value);
}

/* First on, then into the mode: from off to it there is no step (11.12.5). */
static void x2apic_enable(void)
{
	u64 base = msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	msr_write(MSR_APIC_BASE, base);
	msr_write(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/* Such a write waits for no store before it: what the other CPU shall find is made visible first (11.12.3). */
static void x2apic_send(u32 apic_id, u32 command)
{
	asm volatile("mfence; lfence" : : : "memory");
	msr_write(x2apic_msr(LAPIC_ICR_LOW), x2apic_command(apic_id, command));
}

const struct lapic_ops lapic_x2apic = {
	.enable = x2apic_enable,
	.read = x2apic_read,
	.write = x2apic_write,
	.send = x2apic_send,
};
