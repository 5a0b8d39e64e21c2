/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fdt.c - a small tree is read as it was written; a tree that lies in any byte is never read outside of. */
#include "test.h"

#include <lib/errno.h>
#include <lib/fdt.h>

#define BLOB_MAX 512

static const char strings[] = "compatible\0reg\0phandle";

enum { COMPATIBLE = 0, REG = 11, PHANDLE = 15 };

struct blob {
	u8 bytes[BLOB_MAX];
	u32 used;
};

static void put(struct blob *b, u32 value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		b->bytes[b->used++] = (u8)(value >> shift);
}

static void put_bytes(struct blob *b, const void *data, u32 size)
{
	memcpy(b->bytes + b->used, data, size);
	b->used = ALIGN_UP(b->used + size, 4);
}

static void begin(struct blob *b, const char *name)
{
	put(b, 1);
	put_bytes(b, name, (u32)strlen(name) + 1);
}

static void property(struct blob *b, u32 name, const void *data, u32 size)
{
	put(b, 3);
	put(b, size);
	put(b, name);
	put_bytes(b, data, size);
}

/* / { compatible = "a", "virtio,mmio"; one { reg = <1 2>; nop }; two { phandle = <7>; inner {}; }; }; */
static struct blob sample(void)
{
	static const u32 header = 40;
	struct blob b = {.used = header}, head = {.used = 0};
	u32 structs_end;

	begin(&b, "");
	property(&b, COMPATIBLE, "a\0virtio,mmio", 14);
	begin(&b, "one");
	property(&b, REG, "\0\0\0\1\0\0\0\2", 8);
	put(&b, 4);
	put(&b, 2);
	begin(&b, "two");
	property(&b, PHANDLE, "\0\0\0\7", 4);
	begin(&b, "inner");
	put(&b, 2);
	put(&b, 2);
	put(&b, 2);
	put(&b, 9);
	structs_end = b.used;
	put_bytes(&b, strings, sizeof(strings));
	put(&head, 0xd00dfeed);
	put(&head, b.used);
	put(&head, header);
	put(&head, structs_end);
	put(&head, 0);
	put(&head, 17);
	put(&head, 16);
	put(&head, 0);
	put(&head, (u32)sizeof(strings));
	put(&head, structs_end - header);
	memcpy(b.bytes, head.bytes, header);
	return b;
}

static void test_tree(void **state __maybe_unused)
{
	struct blob b = sample();
	struct fdt_node node = {0};
	struct fdt fdt;
	u32 value;

	assert_int_equal(fdt_init(&fdt, b.bytes, b.used), 0);
	assert_true(fdt_next(&fdt, &node));
	assert_string_equal(node.name, "");
	assert_true(fdt_has_string(&fdt, &node, "compatible", "virtio,mmio"));
	assert_true(fdt_has_string(&fdt, &node, "compatible", "a"));
	assert_false(fdt_has_string(&fdt, &node, "compatible", "virtio"));
	assert_false(fdt_has_string(&fdt, &node, "reg", "a"));
	assert_true(fdt_next(&fdt, &node));
	assert_string_equal(node.name, "one");
	assert_true(fdt_cell(&fdt, &node, "reg", 1, &value));
	assert_int_equal(value, 2);
	assert_false(fdt_cell(&fdt, &node, "reg", 2, &value));
	assert_false(fdt_cell(&fdt, &node, "phandle", 0, &value));
	assert_true(fdt_next(&fdt, &node));
	assert_string_equal(node.name, "two");
	assert_true(fdt_cell(&fdt, &node, "phandle", 0, &value));
	assert_int_equal(value, 7);
	assert_true(fdt_next(&fdt, &node));
	assert_string_equal(node.name, "inner");
	assert_false(fdt_next(&fdt, &node));
}

/* Reads all there is to read. */
static void read_all(const void *blob, size_t size)
{
	struct fdt_node node = {0};
	struct fdt fdt;
	u32 value;

	if (fdt_init(&fdt, blob, size))
		return;
	for (unsigned nodes = 0; fdt_next(&fdt, &node); nodes++) {
		assert_true(nodes < BLOB_MAX);
		fdt_has_string(&fdt, &node, "compatible", "virtio,mmio");
		for (unsigned i = 0; i < 4; i++)
			fdt_cell(&fdt, &node, "reg", i, &value);
		fdt_cell(&fdt, &node, "phandle", 0, &value);
	}
}

static void test_cut_off(void **state __maybe_unused)
{
	struct blob b = sample();
	struct fdt fdt;

	for (u32 size = 0; size < b.used; size++) {
		u8 *copy = exact_copy(b.bytes, size);

		assert_int_equal(fdt_init(&fdt, copy, size), -EINVAL);
		exact_free(copy, size);
	}
}

static void test_lies(void **state __maybe_unused)
{
	struct blob good = sample();

	for (unsigned round = 0; round < 20000; round++) {
		u8 *copy = exact_copy(good.bytes, good.used);
		unsigned changes = 1 + random_below(3);

		while (changes--) {
			static const u8 odd[] = {0, 1, 3, 4, 0x7f, 0x80, 0xff};

			copy[random_below(good.used)] = odd[random_below(sizeof(odd))];
		}
		read_all(copy, good.used);
		exact_free(copy, good.used);
	}
}

TEST_MAIN("fdt", TEST(test_tree), TEST(test_cut_off), TEST(test_lies))
