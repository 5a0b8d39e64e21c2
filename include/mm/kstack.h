/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel stacks: CONFIG_KSTACK_PAGES pages above an unmapped guard page. Freed stacks stay mapped in a pool. May not be freed by their user. */
#ifndef MM_KSTACK_H
#define MM_KSTACK_H

#include <lib/types.h>

#define KSTACK_SIZE (CONFIG_KSTACK_PAGES * PAGE_SIZE)

/* The lowest address, or NULL. */
void *kstack_alloc(void);
void kstack_free(void *bottom);
/* Stacks in use, and pages that all stacks hold, free ones too: for leak accounting, exact while nobody takes one. */
u64 kstack_live(void);
u64 kstack_pages(void);
/* Is va in some stack's guard page (an overflow)? For panic. */
bool kstack_overflowed(u64 va);
/* One past the stack that va lies in; 0: none. */
u64 kstack_end(u64 va);

#endif
