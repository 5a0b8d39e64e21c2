/* SPDX-License-Identifier: BSD-2-Clause */
/* How x2APIC mode names registers and commands (SDM vol. 3, 11.12.1.2, 11.12.9). Pure: tests/host tests it. */
#ifndef CPU_X2APIC_ENCODE_H
#define CPU_X2APIC_ENCODE_H

#include <lib/types.h>

#define X2APIC_MSR_BASE 0x800u
#define XAPIC_ID_MAX 254u             /* 255 is the broadcast address */
#define X2APIC_ID_MAX 0xfffffffeu     /* likewise */

/* The MSR of the register that has this offset in memory. */
static inline u32 x2apic_msr(u32 offset)
{
	return X2APIC_MSR_BASE + (offset >> 4);
}

/* The interrupt command register is one of 64 bits there, with the whole identifier in its upper half. */
static inline u64 x2apic_command(u32 apic_id, u32 command)
{
	return (u64)apic_id << 32 | command;
}

/* Which identifiers a mode can name. */
static inline bool apic_id_fits(u32 apic_id, bool x2apic)
{
	return apic_id <= (x2apic ? X2APIC_ID_MAX : XAPIC_ID_MAX);
}

#endif
