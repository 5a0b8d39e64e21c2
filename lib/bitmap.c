/* SPDX-License-Identifier: BSD-2-Clause */
/* bitmap.c - sets of small integers, a word at a time. Pure; the caller locks. */
#include <lib/bitmap.h>

/* The bits of the last word that belong to a map of n bits; n is not a multiple of 64. */
static u64 tail_mask(size_t n)
{
	return BIT(n % 64) - 1;
}

void bitmap_zero(u64 *map, size_t n)
{
	for (size_t i = 0; i < BITMAP_WORDS(n); i++)
		map[i] = 0;
}

void bitmap_fill(u64 *map, size_t n)
{
	for (size_t i = 0; i < n / 64; i++)
		map[i] = ~0UL;
	if (n % 64)
		map[n / 64] |= tail_mask(n);
}

/* Looks for a set bit in map ^ invert. */
static size_t find_next(const u64 *map, size_t n, size_t from, u64 invert)
{
	while (from < n) {
		u64 rest = (map[from / 64] ^ invert) >> (from % 64);

		if (rest)
			return MIN(from + (size_t)__builtin_ctzl(rest), n);
		from = ALIGN_DOWN(from, 64) + 64;
	}
	return n;
}

size_t bitmap_find_next(const u64 *map, size_t n, size_t from)
{
	return find_next(map, n, from, 0);
}

size_t bitmap_find_next_zero(const u64 *map, size_t n, size_t from)
{
	return find_next(map, n, from, ~0UL);
}

/* Bits in one word, by halves; popcnt is not a given, and gcc would call its own library. */
static size_t weight(u64 x)
{
	x -= (x >> 1) & 0x5555555555555555UL;
	x = (x & 0x3333333333333333UL) + ((x >> 2) & 0x3333333333333333UL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (x * 0x0101010101010101UL) >> 56;
}

size_t bitmap_weight(const u64 *map, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n / 64; i++)
		sum += weight(map[i]);
	if (n % 64)
		sum += weight(map[n / 64] & tail_mask(n));
	return sum;
}
