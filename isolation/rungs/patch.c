/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that boot writes where the CPU has them (include/arch/patch.inc). Called once, by the boot CPU, before any other
 * runs and before the text is read-only; the CR3 write that follows serialises (SDM vol. 3, 8.1.3).
 */
#include "patch.h"

#include <lib/string.h>

#define LONGEST 5

struct patch_place {
	u8 *at;
	u64 kind;
};

extern const struct patch_place __patch_start[], __patch_end[]; /* linker script */

static const struct instruction {
	u8 size, byte[LONGEST];
} instruction[PATCH_KINDS] = {
	[PATCH_STAC] = {3, {0x0f, 0x01, 0xcb}},
	[PATCH_CLAC] = {3, {0x0f, 0x01, 0xca}},
	[PATCH_LFENCE] = {3, {0x0f, 0xae, 0xe8}},
	[PATCH_WRMSR] = {3, {0x0f, 0x30, 0x90}}, /* and a NOP */
	[PATCH_RDMSR] = {3, {0x0f, 0x32, 0x90}},
	[PATCH_KEEP_RAX] = {5, {0x48, 0x0f, 0xba, 0xe8, 0x3f}}, /* btsq $63, %rax */
	[PATCH_KEEP_RSP] = {5, {0x48, 0x0f, 0xba, 0xec, 0x3f}},
};
static const u8 nops[LONGEST + 1][LONGEST] = {[3] = {0x0f, 0x1f, 0x00}, [5] = {0x0f, 0x1f, 0x44, 0x00, 0x00}};

void patch_apply(enum patch_kind kind)
{
	for (const struct patch_place *p = __patch_start; p < __patch_end; p++)
		if (p->kind == kind)
			memcpy(p->at, instruction[kind].byte, instruction[kind].size);
}

unsigned patch_count(enum patch_kind kind, bool patched)
{
	const struct instruction *i = &instruction[kind];
	unsigned n = 0;

	for (const struct patch_place *p = __patch_start; p < __patch_end; p++)
		n += p->kind == kind && !memcmp(p->at, patched ? i->byte : nops[i->size], i->size);
	return n;
}
