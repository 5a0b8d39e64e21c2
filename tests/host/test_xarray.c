/* SPDX-License-Identifier: BSD-2-Clause */
/* test_xarray.c - the radix tree beside a plain list of pairs, with allocations that fail. */
#include "test.h"

#include <lib/xarray.h>

#define PAIRS 64
#define STEPS 60000

static long nodes;	      /* allocated and not freed */
static long allocations_left; /* then alloc fails */

static void *alloc_node(void)
{
	void *node;

	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	node = malloc(sizeof(struct xa_node));
	memset(node, 0xee, sizeof(struct xa_node));
	nodes++;
	return node;
}

static void free_node(void *node)
{
	nodes--;
	free(node);
}

static const struct xa_ops ops = {.alloc = alloc_node, .free = free_node};

static struct {
	u64 index;
	void *entry;
} pairs[PAIRS];

/* The stored pair with the least index at or after `from`, or -1. */
static int model_next(u64 from)
{
	int best = -1;

	for (int i = 0; i < PAIRS; i++) {
		if (pairs[i].entry && pairs[i].index >= from &&
		    (best < 0 || pairs[i].index < pairs[best].index))
			best = i;
	}
	return best;
}

static void check_next(struct xarray *xa, u64 from)
{
	u64 index = from;
	void *entry = xa_next(xa, &index);
	int expected = model_next(from);

	if (expected < 0) {
		assert_null(entry);
		assert_int_equal(index, from);
	} else {
		assert_ptr_equal(entry, pairs[expected].entry);
		assert_int_equal(index, pairs[expected].index);
	}
}

static void check_walk(struct xarray *xa)
{
	u64 index, from = 0;
	void *entry;

	xa_for_each(xa, index, entry)
	{
		int expected = model_next(from);

		assert_true(expected >= 0);
		assert_int_equal(index, pairs[expected].index);
		assert_ptr_equal(entry, pairs[expected].entry);
		from = index + 1;
	}
	assert_int_equal(model_next(from), -1);
}

/* Distinct indexes of every magnitude, dense ones among them. */
static void make_pairs(void)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		pairs[i].entry = NULL;
		if (i < 16)
			pairs[i].index = i * 5;
		else
			pairs[i].index = ((random_next() | 1UL << 63) >> random_below(55)) & ~63UL;
		pairs[i].index = i < 16 ? pairs[i].index : pairs[i].index | i;
	}
	pairs[PAIRS - 1].index = XA_INDEX_MAX;
}

static void random_steps(unsigned failing)
{
	struct xarray xa;

	xa_init(&xa, &ops);
	make_pairs();
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)random_below(step / 5000 % 2 ? PAIRS : 12);
		void *new = (void *)(random_next() | 1);
		void *old = pairs[i].entry;

		assert_ptr_equal(xa_load(&xa, pairs[i].index), old);
		if (random_below(2)) {
			int error;

			allocations_left = failing && random_below(2) ? (long)random_below(8) : 99;
			error = xa_store(&xa, pairs[i].index, new);
			if (error)
				assert_int_equal(error, -ENOMEM);
			else
				pairs[i].entry = new;
			assert_true(!error || failing);
		} else {
			assert_ptr_equal(xa_erase(&xa, pairs[i].index), old);
			pairs[i].entry = NULL;
		}
		assert_ptr_equal(xa_load(&xa, pairs[i].index), pairs[i].entry);
		check_next(&xa, pairs[random_below(PAIRS)].index + random_below(3) - 1);
		if (step % 64 == 0)
			check_walk(&xa);
	}
	for (unsigned i = 0; i < PAIRS; i++)
		assert_ptr_equal(xa_erase(&xa, pairs[i].index), pairs[i].entry);
	assert_null(xa.root);
	assert_int_equal(nodes, 0);
}

static void test_random(void **state __maybe_unused)
{
	random_steps(0);
}

static void test_failing_alloc(void **state __maybe_unused)
{
	random_steps(1);
}

static void test_edges(void **state __maybe_unused)
{
	struct xarray xa;
	int a, b;
	u64 index = ~0UL;

	allocations_left = 99;
	xa_init(&xa, &ops);
	assert_null(xa_load(&xa, 0));
	assert_null(xa_erase(&xa, 12345));
	assert_int_equal(xa_store(&xa, ~0UL, &a), -EINVAL);
	assert_int_equal(xa_store(&xa, 0, &a), 0);
	assert_int_equal(nodes, 0);
	assert_null(xa_load(&xa, 1));
	assert_int_equal(xa_store(&xa, XA_INDEX_MAX, &b), 0);
	assert_ptr_equal(xa_load(&xa, 0), &a);
	assert_ptr_equal(xa_load(&xa, XA_INDEX_MAX), &b);
	assert_null(xa_load(&xa, ~0UL));
	assert_null(xa_next(&xa, &index));
	assert_int_equal(xa_store(&xa, XA_INDEX_MAX, NULL), 0);
	assert_int_equal(nodes, 0);
	assert_ptr_equal(xa_erase(&xa, 0), &a);
	assert_null(xa.root);
}

static u64 destroyed;

static void count_entry(void *entry)
{
	destroyed += (uintptr_t)entry;
}

static void test_destroy(void **state __maybe_unused)
{
	struct xarray xa;
	u64 sum = 0;

	allocations_left = 100000;
	xa_init(&xa, &ops);
	for (u64 i = 1; i <= 5000; i++) {
		assert_int_equal(xa_store(&xa, i * i * i, (void *)i), 0);
		sum += i;
	}
	assert_true(nodes > 0);
	xa_destroy(&xa, count_entry);
	assert_int_equal(destroyed, sum);
	assert_int_equal(nodes, 0);
	assert_null(xa.root);
	xa_destroy(&xa, NULL);
}

/* A walk may erase what it stands on. */
static void test_erase_in_walk(void **state __maybe_unused)
{
	struct xarray xa;
	u64 index, seen = 0;
	void *entry;

	allocations_left = 1000;
	xa_init(&xa, &ops);
	for (u64 i = 0; i < 1000; i++)
		assert_int_equal(xa_store(&xa, i, (void *)(i + 1)), 0);
	xa_for_each(&xa, index, entry)
	{
		assert_ptr_equal(xa_erase(&xa, index), entry);
		seen++;
	}
	assert_int_equal(seen, 1000);
	assert_int_equal(nodes, 0);
}

TEST_MAIN("xarray", TEST(test_random), TEST(test_failing_alloc), TEST(test_edges),
	  TEST(test_destroy), TEST(test_erase_in_walk))
