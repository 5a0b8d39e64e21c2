/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeds for core/random.c: RDRAND where there is one (SDM vol. 1, 7.3.17), stirred with the TSC. */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <lib/hash.h>

#define RDRAND_TRIES 10 /* the SDM's advice: more failures mean that the generator is broken */

static bool have_rdrand(void)
{
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	return c & BIT(30);
}

static u64 rdrand(void)
{
	u64 value;
	bool ok;

	for (unsigned i = 0; i < RDRAND_TRIES; i++) {
		asm volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
		if (ok)
			return value;
	}
	return 0;
}

u64 arch_entropy(void)
{
	u64 stir = hash_u64(cpu_tsc());

	return have_rdrand() ? stir ^ rdrand() : stir;
}
