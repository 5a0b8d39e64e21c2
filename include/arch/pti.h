/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table isolation: while the application runs, the CPU is on a second root that maps the application's half and, of the
 * kernel's, only what an entry needs before it has changed roots. The two roots of a pmap are neighbours, so that one bit
 * of CR3 tells them apart: bit 12. Without CONFIG_PTI there is one root, and all of this is nothing.
 * Source: Gruss et al., "KASLR is Dead: Long Live KASLR" (ESSoS 2017); Lipp et al., "Meltdown" (USENIX Security 2018).
 */
#ifndef ARCH_PTI_H
#define ARCH_PTI_H

#include <arch/pmap.h>
#include <lib/option.h>

#define PTI IS_ON(CONFIG_PTI)
#define PMAP_ROOT_ORDER (PTI ? 1u : 0u)
#define PMAP_ROOT_SIZE (PAGE_SIZE << PMAP_ROOT_ORDER)
/* A global translation would outlive the change of roots. */
#define KERNEL_GLOBAL (PTI ? 0 : PTE_GLOBAL)

/* The following exist with PTI only. Of the application's root beside `root`: nothing but the entry's pages. */
void pti_root_init(pte_t *root);
/* Once, when every CPU has its variables and before the first pmap_create(). */
void pti_init(void);
/* Each CPU: interrupts from the application enter on a small stack that both roots map. */
void pti_init_cpu(void);

/* An entry of a root's lower half was set: the other root gets it too. */
static inline void pti_mirror(pte_t *slot, pte_t value)
{
	if (PTI)
		__atomic_store_n(&slot[PAGE_SIZE / sizeof(pte_t)], value, __ATOMIC_RELAXED);
}

#endif
