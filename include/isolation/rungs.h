/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rungs: mechanisms that one option each puts between two kernels that are the same otherwise (docs/rungs.md). Constants,
 * so that what is off costs not one instruction. A rung that needs the CPU's help and does not get it is off, loudly.
 */
#ifndef ISOLATION_RUNGS_H
#define ISOLATION_RUNGS_H

#include <lib/option.h>
#include <lib/types.h>

#define RUNG_SMEP IS_ON(CONFIG_SMEP)
#define RUNG_SMAP IS_ON(CONFIG_SMAP)
#define RUNG_UMIP IS_ON(CONFIG_UMIP)
#define RUNG_PTI IS_ON(CONFIG_PTI)
#define RUNG_PCID IS_ON(CONFIG_PCID)
#define RUNG_PKU IS_ON(CONFIG_PKU)
#define RUNG_DOMAINS IS_ON(CONFIG_SASOS_DOMAINS)
#define RUNG_PKS IS_ON(CONFIG_PKS)
#define RUNG_WX IS_ON(CONFIG_WX_APPS)
#define RUNG_ASLR IS_ON(CONFIG_ASLR)
#define RUNG_KASLR IS_ON(CONFIG_KASLR)
#define RUNG_CANARY IS_ON(CONFIG_STACK_PROTECTOR)
#define RUNG_RETPOLINE IS_ON(CONFIG_RETPOLINE)
#define RUNG_LEAF IS_ON(CONFIG_LEAF_CALLS)
#define RUNG_LINKED IS_ON(CONFIG_APP_LINKED)
#define RUNG_MITIGATIONS IS_ON(CONFIG_MITIGATIONS)
#define RUNG_REWRITE IS_ON(CONFIG_REWRITE)
/* Those that are bits of CR4, and those that something is done for at boot. */
#define RUNG_CR4 (RUNG_SMEP || RUNG_SMAP || RUNG_UMIP || RUNG_PCID || RUNG_PKU || RUNG_PKS)
#define RUNGS_AT_BOOT (RUNG_CR4 || RUNG_MITIGATIONS || RUNG_REWRITE || RUNG_KASLR)
#define RUNGS_REQUIRED IS_ON(CONFIG_RUNGS_REQUIRED)

/* A place where the CPU says what it has: a register of CPUID's leaf 1 or 7; NO_WORD: nothing is asked of it. */
enum cpuid_word { NO_WORD, L1_ECX, L7_EBX, L7_ECX, L7_EDX, CPUID_WORDS };

struct rung {
	const char *name;    /* as configs/NAME.config */
	u8 word, bit;        /* enum cpuid_word: what the CPU must have */
	bool built;          /* its option */
	u8 cr4_bit;          /* what turns it on; 0: no bit of CR4 */
	const u64 *took;     /* NULL, or 0 there: it was not to be had in this boot */
};

/* By number, and by name, which is that of configs/NAME.config; NULL: there is none. */
const struct rung *rung_at(unsigned i);
const struct rung *rung_named(const char *name);
/* Has this CPU what it needs, whether it is built or not? */
bool rung_supported(const struct rung *r);
/* Of the rung called this: is it on, now? */
bool rung_is_on(const char *name);

/* The boot CPU's call, while the kernel's text can be written still: decides, says what is missing, and patches. */
void rungs_init(void);
/* This CPU's registers, after that. */
void rungs_init_cpu(void);
/* In words, with RUNG_MITIGATIONS only: what this CPU is known to be affected by, and what is done. */
void mitigations_describe(char *text, size_t size);

#endif
