/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ring.c - bytes come out as they went in, over every wrap, also of the 32-bit counters. */
#include "test.h"

#include <lib/ring.h>

#define STEPS 20000

/* Bytes are numbered as they go in, so order and loss show. */
static void run(u32 size, u32 start)
{
	u8 *buffer = malloc(size);
	u8 block[200], next_in = 0, next_out = 0, byte;
	struct ring ring;
	u32 used = 0;

	ring_init(&ring, buffer, size);
	ring.head = ring.tail = start;
	for (unsigned step = 0; step < STEPS; step++) {
		size_t n = random_below(sizeof(block)), done;

		switch (random_below(4)) {
		case 0:
			for (size_t i = 0; i < n; i++)
				block[i] = (u8)(next_in + i);
			done = ring_write(&ring, block, n);
			assert_int_equal(done, MIN(n, size - used));
			next_in += (u8)done;
			used += done;
			break;
		case 1:
			done = ring_read(&ring, block, n);
			assert_int_equal(done, MIN(n, used));
			for (size_t i = 0; i < done; i++)
				assert_int_equal(block[i], next_out++);
			used -= done;
			break;
		case 2:
			assert_int_equal(ring_put(&ring, next_in), used < size);
			if (used < size) {
				next_in++;
				used++;
			}
			break;
		default:
			assert_int_equal(ring_get(&ring, &byte), used > 0);
			if (used) {
				assert_int_equal(byte, next_out++);
				used--;
			}
		}
		assert_int_equal(ring_used(&ring), used);
		assert_int_equal(ring_free(&ring), size - used);
	}
	free(buffer);
}

static void test_sizes(void **state __maybe_unused)
{
	for (u32 size = 1; size <= 512; size *= 2)
		run(size, 0);
}

static void test_counter_wrap(void **state __maybe_unused)
{
	run(64, ~0U - 100);
}

TEST_MAIN("ring", TEST(test_sizes), TEST(test_counter_wrap))
