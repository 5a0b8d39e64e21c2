/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bitmap.h - sets of small integers in words of 64 bits: CPU masks, descriptor tables.
 *
 * `n` is the number of bits; bits past n in the last word are never looked at. Nothing here is
 * atomic: the caller locks.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <lib/types.h>

#define BITMAP_WORDS(n) DIV_ROUND_UP(n, 64)

static inline void bitmap_set(u64 *map, size_t bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(u64 *map, size_t bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

static inline bool bitmap_test(const u64 *map, size_t bit)
{
	return map[bit / 64] & BIT(bit % 64);
}

/* All n bits off, or on. bitmap_fill leaves the bits past n alone. */
void bitmap_zero(u64 *map, size_t n);
void bitmap_fill(u64 *map, size_t n);

/* The first such bit at or after `from`, or n when there is none. */
size_t bitmap_find_next(const u64 *map, size_t n, size_t from);
size_t bitmap_find_next_zero(const u64 *map, size_t n, size_t from);

static inline size_t bitmap_find_first(const u64 *map, size_t n)
{
	return bitmap_find_next(map, n, 0);
}

static inline size_t bitmap_find_first_zero(const u64 *map, size_t n)
{
	return bitmap_find_next_zero(map, n, 0);
}

/* How many bits are set. */
size_t bitmap_weight(const u64 *map, size_t n);

#define bitmap_for_each(bit, map, n)                                                               \
	for ((bit) = bitmap_find_next(map, n, 0); (bit) < (n);                                     \
	     (bit) = bitmap_find_next(map, n, (bit) + 1))

#endif
