/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.c - the name of the function that an address lies in.
 *
 * Called by panic, maybe on a stack that is nearly full. The table is tools/build/symbols' work: distances and names, the
 * names shortened by pairs of bytes.
 */
#include <core/symbols.h>

#include <lib/format.h>

#define PENDING_MAX 32 /* how deep pairs may nest */

extern char __text_start[], __text_end[]; /* linker script */

bool symbol_is_text(u64 address)
{
	return address >= (u64)__text_start && address < (u64)__text_end;
}

static const u8 *read_distance(const u8 *at, u64 *address)
{
	unsigned shift = 0;

	do {
		*address += (u64)(*at & 127) << shift;
		shift += 7;
	} while (*at++ & 128);
	return at;
}

/* Writes the characters that one byte of a shortened name stands for; how many. */
static size_t expand(u8 byte, char *text, size_t room)
{
	u8 pending[PENDING_MAX];
	size_t n = 0, depth = 0;

	pending[depth++] = byte;
	while (depth && n < room) {
		const u8 *pair = symbol_pairs[pending[--depth]];

		if (!pair[0]) {
			text[n++] = (char)pair[1];
		} else if (depth + 2 <= PENDING_MAX) {
			pending[depth++] = pair[1];
			pending[depth++] = pair[0];
		}
	}
	return n;
}

static size_t expand_name(const u8 *name, char *text, size_t room)
{
	size_t n = 0;

	for (; *name; name++)
		n += expand(*name, text + n, room - n);
	return n;
}

/* Names the function that `inside` lies in, and how far `address` is behind its beginning. */
static const char *write_text(u64 inside, u64 address, char *text, size_t size)
{
	u64 next = (u64)__text_start, start = 0;
	const u8 *at = symbol_table, *name = NULL;
	size_t n;

	for (u32 i = 0; symbol_is_text(inside) && i < symbol_count; i++) {
		at = read_distance(at, &next);
		if (next > inside)
			break;
		start = next;
		name = at;
		while (*at++)
			;
	}
	if (!name) {
		snprintf(text, size, "%016lx", address);
		return text;
	}
	n = expand_name(name, text, size - 1);
	snprintf(text + n, size - n, "+0x%lx", address - start);
	return text;
}

const char *symbol_text(u64 address, char *text, size_t size)
{
	return write_text(address, address, text, size);
}

const char *symbol_caller_text(u64 address, char *text, size_t size)
{
	return write_text(address - 1, address, text, size);
}
