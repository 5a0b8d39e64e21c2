/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sled.c - builds the page of <lib/sled.h>. `call *%rax` with a number N enters it at byte N, which may be the first byte of an
 * instruction or any other. So every byte must begin something harmless, and RAX must not change.
 *
 *   Below SLED_LENGTH stand two-byte jumps, whose second byte, the distance, is a REX prefix when it is taken for an
 *   instruction: REX means nothing to the jump behind it. 16 bytes are a group: all of its jumps lead to one place, the start
 *   of the fifth group from there.
 *
 *   So only five places behind SLED_LENGTH are ever landed on, SLED_GROUP apart. From each a jump leads to the exit, whose
 *   distance is a REX prefix or a segment prefix (both nothing to a NOP); or, where there is no such distance, one NOP of 15
 *   bytes: prefixes that may be entered anywhere.
 *
 *   The exit is `jmp *SLED_POINTER(%rip)`, whose distance is four NOPs. Its second byte begins an AND of EAX, so from there, as
 *   from the NOPs, it goes on to what follows: invalid opcodes, up to the page's end. A trap there is a number out of range.
 */
#include <lib/sled.h>

#include <lib/string.h>

#define JMP 0xeb
#define NOP 0x90
#define OPERAND_SIZE 0x66

static_assert(SLED_LENGTH % SLED_GROUP == 0 && SLED_HOP == 5 * SLED_GROUP, "groups");
/* From the first of a group's jumps to the last: REX prefixes all. */
static_assert(SLED_HOP - 2 <= 0x4f && SLED_HOP - SLED_GROUP >= 0x40, "distances that are REX prefixes");

static void put_jumps(u8 *page, unsigned group)
{
	for (unsigned i = 0; i < SLED_GROUP; i += 2) {
		page[group + i] = JMP;
		page[group + i + 1] = (u8)(SLED_HOP - 2 - i);
	}
}

/* Behind the sled: from a landing place on to the exit. */
static void put_landing(u8 *page, unsigned group)
{
	unsigned distance = SLED_EXIT - group - 2;

	memset(page + group, NOP, SLED_GROUP);
	if (distance == 0x3e || distance == 0x2e) { /* DS and CS */
		page[group] = JMP;
		page[group + 1] = (u8)distance;
	} else {
		memset(page + group, OPERAND_SIZE, SLED_GROUP - 2);
	}
}

void sled_build(u8 page[SLED_SIZE])
{
	static const u8 exit[] = {0xff, 0x25, NOP, NOP, NOP, NOP};

	static_assert(SLED_EXIT + sizeof(exit) + 0xffffffff90909090 == SLED_POINTER, "the exit's distance");
	memset(page, SLED_INVALID, SLED_SIZE);
	for (unsigned group = 0; group <= SLED_LENGTH; group += SLED_GROUP)
		put_jumps(page, group);
	for (unsigned group = SLED_LENGTH + SLED_GROUP; group < SLED_EXIT; group += SLED_GROUP)
		put_landing(page, group);
	memcpy(page + SLED_EXIT, exit, sizeof(exit));
}
