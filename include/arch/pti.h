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

#ifdef CONFIG_PTI
#define PMAP_ROOT_ORDER 1u
#define KERNEL_GLOBAL 0ul /* a global translation would outlive the change of roots */

/* Of the application's root beside `root`: nothing but the entry's pages. */
void pti_root_init(pte_t *root);
/* An entry of a root's lower half was set: the other root gets it too. */
static inline void pti_mirror(pte_t *slot, pte_t value)
{
	WRITE_ONCE(slot[PAGE_SIZE / sizeof(pte_t)], value);
}
/* Once, when every CPU has its variables and before the first pmap_create(). */
void pti_init(void);
/* Each CPU: interrupts from the application enter on a small stack that both roots map. */
void pti_init_cpu(void);
#else
#define PMAP_ROOT_ORDER 0u
#define KERNEL_GLOBAL PTE_GLOBAL
static inline void pti_root_init(pte_t *root)
{
	(void)root;
}
static inline void pti_mirror(pte_t *slot, pte_t value)
{
	(void)slot, (void)value;
}
static inline void pti_init(void)
{
}
static inline void pti_init_cpu(void)
{
}
#endif

#define PMAP_ROOT_SIZE (PAGE_SIZE << PMAP_ROOT_ORDER)

#endif
