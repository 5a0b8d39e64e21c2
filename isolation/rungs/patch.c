/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that boot writes where the CPU has them (include/arch/patch.inc). Called once, by the boot CPU, before any other
 * runs and before the text is read-only; the CR3 write that follows serialises (SDM vol. 3, 8.1.3).
 */
#include "patch.h"

#include <lib/string.h>

#define PATCH_SIZE 3

struct patch_place {
	u8 *at;
	u64 kind;
};

extern const struct patch_place __patch_start[], __patch_end[]; /* linker script */

static const u8 nop[PATCH_SIZE] = {0x0f, 0x1f, 0x00};
static const u8 instruction[PATCH_KINDS][PATCH_SIZE] = {
	[PATCH_STAC] = {0x0f, 0x01, 0xcb},
	[PATCH_CLAC] = {0x0f, 0x01, 0xca},
	[PATCH_LFENCE] = {0x0f, 0xae, 0xe8},
	[PATCH_WRMSR] = {0x0f, 0x30, 0x90}, /* and a NOP */
	[PATCH_RDMSR] = {0x0f, 0x32, 0x90},
};

void patch_apply(enum patch_kind kind)
{
	for (const struct patch_place *p = __patch_start; p < __patch_end; p++)
		if (p->kind == kind)
			memcpy(p->at, instruction[kind], PATCH_SIZE);
}

unsigned patch_count(enum patch_kind kind, bool patched)
{
	unsigned n = 0;

	for (const struct patch_place *p = __patch_start; p < __patch_end; p++)
		n += p->kind == kind && !memcmp(p->at, patched ? instruction[kind] : nop, PATCH_SIZE);
	return n;
}
