/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hash.c - hashes and generators beside their published test vectors. */
#include "test.h"

#include <lib/hash.h>

/* RFC 9923 and the FNV authors' table. */
static void test_fnv(void **state __maybe_unused)
{
	assert_int_equal(hash_bytes("", 0), 0xcbf29ce484222325UL);
	assert_int_equal(hash_bytes("a", 1), 0xaf63dc4c8601ec8cUL);
	assert_int_equal(hash_bytes("foobar", 6), 0x85944171f73967e8UL);
}

/* One input bit changes about half of the output's. */
static void test_mixing(void **state __maybe_unused)
{
	assert_int_equal(hash_u64(0), 0);
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned changed = 0;

		for (unsigned i = 0; i < 256; i++) {
			u64 x = random_next();

			changed +=
			    (unsigned)__builtin_popcountl(hash_u64(x) ^ hash_u64(x ^ BIT(bit)));
		}
		assert_in_range(changed / 256, 29, 35);
	}
}

/* RFC 8439, section 2.3.2. */
static void test_chacha20(void **state __maybe_unused)
{
	static const u8 expected[CHACHA20_BLOCK] = {
	    0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
	    0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
	    0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
	    0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
	    0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
	static const u32 nonce[2] = {0x4a000000, 0};
	u32 key[8];
	u8 out[CHACHA20_BLOCK];

	for (u32 i = 0; i < 8; i++)
		key[i] = 0x03020100 + 0x04040404 * i;
	chacha20_block(key, 0x0900000000000001UL, nonce, out);
	assert_memory_equal(out, expected, sizeof(out));
}

/* The first numbers of seed 1234567, as Java's SplittableRandom and others print them. */
static void test_splitmix64(void **state __maybe_unused)
{
	u64 seed = 1234567;

	assert_int_equal(splitmix64(&seed), 6457827717110365317UL);
	assert_int_equal(splitmix64(&seed), 3203168211198807973UL);
}

TEST_MAIN("hash", TEST(test_fnv), TEST(test_mixing), TEST(test_chacha20), TEST(test_splitmix64))
