/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debug build (CONFIG_POISON) fills freed memory with, and looks for before it gives it out again: a pattern mixed with
 * the word's own address, so that no program's data look like it, and a register that holds poison tells where it was read.
 * As an address such a word is not canonical: using it as a pointer faults. With KASAN nothing is filled: it finds sooner who
 * comes too late.
 */
#ifndef MM_POISON_H
#define MM_POISON_H

#include <lib/config.h>
#include <lib/types.h>

#define POISON_CHECKED (IS_ENABLED(CONFIG_POISON) && !IS_ENABLED(CONFIG_KASAN))

#define POISON_SLAB 0xdbdbdbdbdbdbdbdbul
#define POISON_PAGE 0xb1b1b1b1b1b1b1b1ul

/* [start, end) becomes poison; is it all poison still? */
void poison_fill(u64 *start, const u64 *end, u64 pattern);
bool poison_intact(const u64 *start, const u64 *end, u64 pattern);

#endif
