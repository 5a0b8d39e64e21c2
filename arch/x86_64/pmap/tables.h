/* SPDX-License-Identifier: BSD-2-Clause */
/* The shape of a page table tree: levels 0 (4 KiB leaves) to 3 (the root, PML4). */
#ifndef ARCH_X86_64_PMAP_TABLES_H
#define ARCH_X86_64_PMAP_TABLES_H

#include <arch/pmap.h>

static inline u64 table_span(unsigned level)
{
	return 1ul << (12 + 9 * level);
}

static inline unsigned table_index(u64 va, unsigned level)
{
	return (va >> (12 + 9 * level)) & 511;
}

/* The entry for va at `level` below root; missing tables come from alloc() and are linked with these bits. NULL: none. */
pte_t *pmap_table(paddr_t root, u64 va, unsigned level, pte_t link, paddr_t (*alloc)(void));

#endif
