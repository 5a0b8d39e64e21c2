/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bitmap.c - every size around the word boundaries, beside an array of bools. */
#include "test.h"

#include <lib/bitmap.h>

#define BITS_MAX 200

static bool model[BITS_MAX];

static size_t model_next(size_t n, size_t from, bool value)
{
	for (; from < n; from++) {
		if (model[from] == value)
			return from;
	}
	return n;
}

static void check(const u64 *map, size_t n)
{
	size_t weight = 0, bit, seen = 0;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(bitmap_test(map, i), model[i]);
		weight += model[i];
	}
	assert_int_equal(bitmap_weight(map, n), weight);
	assert_int_equal(bitmap_find_first(map, n), model_next(n, 0, true));
	assert_int_equal(bitmap_find_first_zero(map, n), model_next(n, 0, false));
	for (size_t from = 0; from <= n; from++) {
		assert_int_equal(bitmap_find_next(map, n, from), model_next(n, from, true));
		assert_int_equal(bitmap_find_next_zero(map, n, from), model_next(n, from, false));
	}
	bitmap_for_each(bit, map, n)
	{
		assert_true(model[bit]);
		seen++;
	}
	assert_int_equal(seen, weight);
}

/* Bits past n hold those of `beyond` all the time, and must not matter. */
static void run(size_t n, u64 beyond)
{
	u64 *map = malloc(BITMAP_WORDS(n) * sizeof(u64) + 1);
	u64 tail = n % 64 ? ~0UL << (n % 64) : 0;

	bitmap_zero(map, n);
	if (tail)
		map[n / 64] = tail & beyond;
	for (size_t i = 0; i < n; i++)
		model[i] = false;
	check(map, n);
	for (unsigned step = 0; step < 20 && n; step++) {
		size_t bit = random_below(n);

		model[bit] = random_below(2);
		if (model[bit])
			bitmap_set(map, bit);
		else
			bitmap_clear(map, bit);
		check(map, n);
	}
	bitmap_fill(map, n);
	for (size_t i = 0; i < n; i++)
		model[i] = true;
	check(map, n);
	if (tail)
		assert_int_equal(map[n / 64] & tail, tail & beyond);
	free(map);
}

static void test_all_sizes(void **state __maybe_unused)
{
	for (size_t n = 0; n < BITS_MAX; n++) {
		run(n, 0);
		run(n, ~0UL);
		run(n, 0x5555555555555555UL);
		run(n, 0xaaaaaaaaaaaaaaaaUL);
	}
}

TEST_MAIN("bitmap", TEST(test_all_sizes))
