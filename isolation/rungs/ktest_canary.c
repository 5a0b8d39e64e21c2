/* SPDX-License-Identifier: BSD-2-Clause */
/* The canary is the boot's own, and has a zero where strings end. */
#include <isolation/canary.h>

#include <core/ktest.h>
#include <lib/bitmap.h>

KTEST(canary_is_random)
{
	unsigned ones = (unsigned)bitmap_weight(&__stack_chk_guard, 64);

	KT_EQ(__stack_chk_guard & 0xff, 0);
	KT_OK(__stack_chk_guard != 0x5741524e454400);
	KT_OK(ones > 8 && ones < 48); /* of 56 fair bits: more than five sigma either way */
}
