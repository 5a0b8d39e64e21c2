/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_random.c - the random stream does not repeat, covers odd sizes, and looks balanced. */
#include <core/ktest.h>

#include <core/random.h>
#include <lib/bitmap.h>
#include <lib/string.h>

KTEST(random_does_not_repeat)
{
	u64 seen[64];

	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		seen[i] = random_u64();
		for (unsigned j = 0; j < i; j++)
			KT_OK(seen[i] != seen[j]);
	}
}

KTEST(random_fills_any_size_and_no_more)
{
	u8 bytes[600];

	for (size_t size = 0; size < sizeof(bytes) - 1; size += 37) {
		memset(bytes, 0, sizeof(bytes));
		random_bytes(bytes, size);
		for (size_t i = size; i < sizeof(bytes); i++)
			KT_OK(bytes[i] == 0);
	}
}

KTEST(random_bits_are_balanced)
{
	unsigned ones = 0;

	for (int i = 0; i < 1024; i++) {
		u64 bits = random_u64();

		ones += (unsigned)bitmap_weight(&bits, 64);
	}
	/* 65536 fair bits: sigma is 128; eight of them either way. */
	KT_OK(ones > 32768 - 1024 && ones < 32768 + 1024);
}
