/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys for supervisor pages (SDM vol. 3, 4.6.2): each page has a key of four bits, and a register of the CPU says for
 * each key whether its pages may be read and written. Fetching instructions is not its business. Called by rewrite.c.
 */
#include "pks.h"

#include <arch/cpu.h>
#include <arch/offsets.h>

#define CPUID_PKS BIT(31) /* leaf 7, ECX */
#define CR4_PKS BIT(24)
#define ACCESS_DISABLE 1ul

bool pks_supported(void)
{
	u32 max, a, b, c, d;

	cpuid(0, 0, &max, &b, &c, &d);
	if (max < 7)
		return false;
	cpuid(7, 0, &a, &b, &c, &d);
	return c & CPUID_PKS;
}

void pks_close(unsigned key)
{
	cr4_write(cr4_read() | CR4_PKS);
	msr_write(MSR_PKRS, msr_read(MSR_PKRS) | ACCESS_DISABLE << 2 * key);
}
