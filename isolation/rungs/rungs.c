/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which rungs this kernel has, and turning on what takes a bit of CR4. A bit that CPUID does not offer is never set: it would be
 * a #GP on hardware, and QEMU 7.2 spins on it for ever. All CPUs are taken to be like the first.
 */
#include <isolation/rungs.h>

#include <arch/cpu.h>
#include <arch/kaslr.h>
#include <arch/pcid.h>
#include <arch/pmap.h>
#include <core/panic.h>
#include <core/printk.h>
#include <isolation/rewrite.h>
#include <lib/string.h>

#include "mitigations.h"
#include "patch.h"

#define CPUID_INVPCID BIT(10) /* leaf 7, EBX */
#define CR4_PCIDE BIT(17)
#define CR4_SMAP BIT(21)
#define CR4_PKS BIT(24)

static const struct rung rungs[] = {
	{"smep", .built = RUNG_SMEP, .word = L7_EBX, .bit = 7, .cr4_bit = 20},
	{"smap", .built = RUNG_SMAP, .word = L7_EBX, .bit = 20, .cr4_bit = 21},
	{"umip", .built = RUNG_UMIP, .word = L7_ECX, .bit = 2, .cr4_bit = 11},
	{"pti", .built = RUNG_PTI},
	{"pcid", .built = RUNG_PCID, .word = L1_ECX, .bit = 17, .cr4_bit = 17},
	{"pku", .built = RUNG_PKU, .word = L7_ECX, .bit = 3, .cr4_bit = 22},
	{"domains", .built = RUNG_DOMAINS, .word = L7_ECX, .bit = 3},
	{"pks", .built = RUNG_PKS, .word = L7_ECX, .bit = 31, .cr4_bit = 24},
	{"wx", .built = RUNG_WX},
	{"aslr", .built = RUNG_ASLR},
	{"kaslr", .built = RUNG_KASLR, .took = RUNG_KASLR ? &image_moved : NULL},
	{"canary", .built = RUNG_CANARY},
	{"leaf", .built = RUNG_LEAF},
	{"linked", .built = RUNG_LINKED},
	{"retpoline", .built = RUNG_RETPOLINE},
	{"mitigations", .built = RUNG_MITIGATIONS},
	{"rewrite", .built = RUNG_REWRITE},
};

static u64 cr4_bits; /* I after rungs_init() */

const struct rung *rung_at(unsigned i)
{
	return i < ARRAY_SIZE(rungs) ? &rungs[i] : NULL;
}

bool rung_supported(const struct rung *r)
{
	u32 max, none, word[CPUID_WORDS];

	cpuid(0, 0, &max, &none, &none, &none);
	if (r->word == NO_WORD || max < 7)
		return r->word == NO_WORD;
	cpuid(1, 0, &none, &none, &word[L1_ECX], &none);
	cpuid(7, 0, &none, &word[L7_EBX], &word[L7_ECX], &word[L7_EDX]);
	if (r->cr4_bit == 17 && !(word[L7_EBX] & CPUID_INVPCID)) /* which drops translations of other identifiers */
		return false;
	return word[r->word] & BIT(r->bit);
}

const struct rung *rung_named(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rungs); i++)
		if (!strcmp(rungs[i].name, name))
			return &rungs[i];
	return NULL;
}

bool rung_is_on(const char *name)
{
	const struct rung *r = rung_named(name);

	return r && r->built && rung_supported(r) && (!r->took || *r->took);
}

static void decide(const struct rung *r)
{
	if (rung_supported(r))
		cr4_bits |= r->cr4_bit ? BIT(r->cr4_bit) : 0;
	else if (RUNGS_REQUIRED)
		give_up("%s: not supported by this CPU, and this kernel requires it", r->name);
	else
		pr_warn("%s: not supported by this CPU", r->name);
}

void rungs_init(void)
{
	if (!RUNGS_AT_BOOT)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(rungs); i++)
		if (rungs[i].built)
			decide(&rungs[i]);
	if (RUNG_SMAP && (cr4_bits & CR4_SMAP)) {
		patch_apply(PATCH_STAC);
		patch_apply(PATCH_CLAC);
	}
	if (RUNG_PKS && (cr4_bits & CR4_PKS)) {
		patch_apply(PATCH_WRMSR);
		patch_apply(PATCH_RDMSR);
	}
	if (RUNG_PCID && (cr4_bits & CR4_PCIDE)) {
		pcid_start();
		if (RUNG_PTI) {
			patch_apply(PATCH_KEEP_RAX);
			patch_apply(PATCH_KEEP_RSP);
		}
	}
	if (RUNG_MITIGATIONS)
		mitigations_init(cr4_bits & CR4_SMAP);
	if (RUNG_REWRITE)
		rewrite_check();
	if (RUNG_KASLR && !image_moved)
		pr_warn("kaslr: the image is where it was linked: nokaslr, or too large to move");
	rungs_init_cpu();
}

/* CR3 has no identifier yet, of this CPU or another: with one, CR4.PCIDE cannot be set (SDM vol. 3, 4.10.1). */
void rungs_init_cpu(void)
{
	if (RUNG_CR4)
		cr4_write(cr4_read() | cr4_bits);
	if (RUNG_MITIGATIONS)
		mitigations_init_cpu();
	if (RUNG_REWRITE)
		rewrite_init_cpu();
}
