/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sled.c - the page at address 0, entered at every byte: an interpreter of the few instructions that may be met says where
 * each entry leads, and that none does anything else.
 */
#include "test.h"

#include <lib/sled.h>

static u8 page[SLED_SIZE];

struct walk {
	bool exits;      /* through the exit; else at an invalid opcode */
	bool rax;        /* RAX is as it was */
	unsigned steps;
};

static bool is_prefix(u8 byte)
{
	return byte == 0x66 || byte == 0x2e || byte == 0x3e || (byte & 0xf0) == 0x40;
}

static struct walk walk_from(unsigned at)
{
	struct walk w = {.rax = true};

	for (;;) {
		unsigned start = at;

		assert_true(at < SLED_SIZE);
		while (is_prefix(page[at]))
			assert_true(++at < SLED_SIZE);
		w.steps++;
		assert_true(w.steps < 40);
		switch (page[at]) {
		case 0xeb:
			assert_true(page[at + 1] < 0x80);
			at += 2u + page[at + 1];
			break;
		case 0x90:
			at++;
			break;
		case 0x25: /* and imm32, %eax */
			w.rax = false;
			at += 5;
			break;
		case 0xff:
			assert_int_equal(page[at + 1], 0x25);
			assert_int_equal(at, SLED_EXIT);
			w.exits = true;
			return w;
		case SLED_INVALID:
			return w;
		default:
			fail_msg("opcode %02x at %u", page[at], at);
		}
		assert_true(at - start <= 15 || page[start] == 0xeb || is_prefix(page[start]));
	}
}

static void test_every_entry(void **state __maybe_unused)
{
	unsigned most = 0;

	sled_build(page);
	for (unsigned n = 0; n < SLED_SIZE; n++) {
		struct walk w = walk_from(n);

		assert_int_equal(w.exits, n < SLED_NUMBERS);
		assert_true(w.rax || n > SLED_EXIT);
		if (w.exits && n < SLED_LENGTH)
			most = MAX(most, w.steps);
	}
	assert_int_equal(most, 11);
}

/* The exit reads its target where the kernel puts it. */
static void test_exit(void **state __maybe_unused)
{
	i32 distance;

	sled_build(page);
	memcpy(&distance, page + SLED_EXIT + 2, sizeof(distance));
	assert_true(SLED_EXIT + 6 + (u64)(i64)distance == SLED_POINTER);
	assert_int_equal(walk_from(110).steps, 7); /* getppid */
	assert_int_equal(walk_from(0).steps, 8);   /* read */
}

TEST_MAIN("sled", TEST(test_every_entry), TEST(test_exit))
