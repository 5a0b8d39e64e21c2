/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory before the buddy allocator: what of the firmware's map is usable, and what was already taken. For page.c. */
#ifndef MM_BOOTMEM_H
#define MM_BOOTMEM_H

#include <lib/types.h>

/* The lowest usable pages at or after `from`: [*start, *end). False: there are none. */
bool bootmem_next(paddr_t from, paddr_t *start, paddr_t *end);
/* All RAM in the map, in pages, taken or not; and one past its highest byte. */
u64 bootmem_pages(void);
paddr_t bootmem_top(void);

#endif
