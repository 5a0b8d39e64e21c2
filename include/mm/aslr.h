/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random addresses of a new program's image, mappings, stack and break (docs/rungs.md). Private spaces have Linux's number of
 * bits (arch/x86: mmap_rnd_bits 28, STACK_RND_MASK 22, brk 32 MiB); in a slot a sixteenth of it each. Used by exec.
 */
#ifndef MM_ASLR_H
#define MM_ASLR_H

#include <core/random.h>
#include <isolation/aspace.h>
#include <isolation/rungs.h>
#include <mm/vmspace.h>

#define ASLR_SPAN (ASPACE_IS_PRIVATE ? 1ul << 40 : SLOT_SIZE / 16)
#define ASLR_STACK_SPAN (ASPACE_IS_PRIVATE ? 1ul << 34 : SLOT_SIZE / 16)
#define ASLR_BRK_SPAN (1ul << 25)
#define ASLR_STACK_FINE 0x1ff0ul /* of the stack pointer, within two pages */

/* What room a span takes away from the program, random or not. */
static inline u64 aslr_room(const struct vmspace *vs, u64 span)
{
	return RUNG_ASLR && vs->aslr ? span : 0;
}

/* Whole pages below `span`, a power of two. */
static inline u64 aslr_offset(const struct vmspace *vs, u64 span)
{
	return RUNG_ASLR && vs->aslr ? random_u64() & (span - PAGE_SIZE) : 0;
}

static inline u64 aslr_stack_fine(const struct vmspace *vs)
{
	return RUNG_ASLR && vs->aslr ? random_u64() & ASLR_STACK_FINE : 0;
}

#endif
