/* SPDX-License-Identifier: BSD-2-Clause */
/* pmap.h for host tests: the real one, but a process may not execute INVLPG. */
#ifndef SHIM_ARCH_PMAP_H
#define SHIM_ARCH_PMAP_H

#define tlb_flush_page_local hardware_tlb_flush_page_local
#include_next <arch/pmap.h>
#undef tlb_flush_page_local

static inline void tlb_flush_page_local(uaddr_t va)
{
	(void)va;
}

#endif
