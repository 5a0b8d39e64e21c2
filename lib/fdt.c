/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt.c - the structure block is a row of 32-bit big-endian tokens, walked one by one; each is checked to end inside
 * the block before anything of it is used.
 */
#include <lib/fdt.h>

#include <lib/errno.h>
#include <lib/string.h>

#define FDT_MAGIC 0xd00dfeed
#define FDT_MAX (16u << 20) /* bytes: so that offsets never wrap round */

enum header_field { MAGIC, TOTAL_SIZE, OFF_STRUCTS, OFF_STRINGS, OFF_RESERVED, VERSION, LAST_COMPATIBLE, BOOT_CPU,
		    SIZE_STRINGS, SIZE_STRUCTS, HEADER_FIELDS };

enum token_kind { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

struct token {
	u32 kind;
	u32 next;          /* offset of the one behind */
	const char *name;  /* of a node or a property */
	const u8 *data;    /* of a property */
	u32 size;
};

static u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static bool inside(u32 offset, u32 size, size_t whole)
{
	return offset <= whole && size <= whole - offset;
}

int fdt_init(struct fdt *fdt, const void *blob, size_t size)
{
	const u8 *p = blob;
	u32 field[HEADER_FIELDS];

	if (size < sizeof(field))
		return -EINVAL;
	for (unsigned i = 0; i < HEADER_FIELDS; i++)
		field[i] = be32(p + 4 * i);
	if (field[MAGIC] != FDT_MAGIC || field[TOTAL_SIZE] > MIN(size, (size_t)FDT_MAX) || field[LAST_COMPATIBLE] > 17 || field[VERSION] < 17)
		return -EINVAL;
	if (!inside(field[OFF_STRUCTS], field[SIZE_STRUCTS], field[TOTAL_SIZE]) ||
	    !inside(field[OFF_STRINGS], field[SIZE_STRINGS], field[TOTAL_SIZE]))
		return -EINVAL;
	*fdt = (struct fdt){
		.structs = p + field[OFF_STRUCTS], .structs_size = field[SIZE_STRUCTS],
		.strings = p + field[OFF_STRINGS], .strings_size = field[SIZE_STRINGS],
	};
	return 0;
}

/* The string at `offset` if it ends inside. */
static const char *string_at(const u8 *block, u32 block_size, u32 offset, u32 *length)
{
	u32 end = offset;

	while (end < block_size && block[end])
		end++;
	if (end >= block_size)
		return NULL;
	*length = end - offset;
	return (const char *)block + offset;
}

/* False: no whole token is there. */
static bool token_at(const struct fdt *fdt, u32 at, struct token *t)
{
	u32 length;

	if (!inside(at, 4, fdt->structs_size))
		return false;
	t->kind = be32(fdt->structs + at);
	at += 4;
	if (t->kind == BEGIN_NODE) {
		t->name = string_at(fdt->structs, fdt->structs_size, at, &length);
		if (!t->name)
			return false;
		at += length + 1;
	} else if (t->kind == PROPERTY) {
		if (!inside(at, 8, fdt->structs_size))
			return false;
		t->size = be32(fdt->structs + at);
		t->name = string_at(fdt->strings, fdt->strings_size, be32(fdt->structs + at + 4), &length);
		at += 8;
		if (!t->name || !inside(at, t->size, fdt->structs_size))
			return false;
		t->data = fdt->structs + at;
		at += t->size;
	}
	t->next = ALIGN_UP(at, 4);
	return t->kind == BEGIN_NODE || t->kind == END_NODE || t->kind == PROPERTY || t->kind == NOP;
}

bool fdt_next(const struct fdt *fdt, struct fdt_node *node)
{
	struct token t;

	for (u32 at = node->properties; token_at(fdt, at, &t); at = t.next)
		if (t.kind == BEGIN_NODE) {
			node->name = t.name;
			node->properties = t.next;
			return true;
		}
	return false;
}

const u8 *fdt_property(const struct fdt *fdt, const struct fdt_node *node, const char *name, u32 *size)
{
	struct token t;

	for (u32 at = node->properties; token_at(fdt, at, &t); at = t.next) {
		if (t.kind != PROPERTY && t.kind != NOP)
			return NULL;
		if (t.kind == PROPERTY && !strcmp(t.name, name)) {
			*size = t.size;
			return t.data;
		}
	}
	return NULL;
}

bool fdt_has_string(const struct fdt *fdt, const struct fdt_node *node, const char *name, const char *text)
{
	u32 size, length;
	const u8 *data = fdt_property(fdt, node, name, &size);

	for (u32 at = 0; data && at < size; at += length + 1) {
		const char *one = string_at(data, size, at, &length);

		if (!one)
			return false;
		if (!strcmp(one, text))
			return true;
	}
	return false;
}

bool fdt_cell(const struct fdt *fdt, const struct fdt_node *node, const char *name, unsigned index, u32 *value)
{
	u32 size;
	const u8 *data = fdt_property(fdt, node, name, &size);

	if (!data || index >= size / 4)
		return false;
	*value = be32(data + 4 * index);
	return true;
}
