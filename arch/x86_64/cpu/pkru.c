/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the CPU keeps PKRU, for signal frames: the one place where it lies among the vector registers (include/arch/pkru.h). */
#include <arch/pkru.h>

#include <arch/cpu.h>

u32 pkru_offset, pkru_frame_size;

static bool have_pku(void)
{
	u32 a, b, c, d, features;

	cpuid(7, 0, &a, &b, &c, &d);
	cpuid(0xd, 0, &features, &b, &d, &d);
	return (c & BIT(3)) && (features & XFEATURE_PKRU);
}

void pkru_init_cpu(void)
{
	u64 xcr0 = fpu_features | XFEATURE_PKRU;
	u32 a, b, c, d, offset;

	if (!have_pku())
		return;
	asm volatile("xsetbv" : : "c"(0), "a"((u32)xcr0), "d"((u32)(xcr0 >> 32)));
	cpuid(0xd, 9, &a, &offset, &c, &d);
	cpuid(0xd, 0, &a, &b, &c, &d);
	pkru_frame_size = ALIGN_UP(b, 64);
	pkru_offset = offset;
}
