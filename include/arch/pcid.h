/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process-context identifiers (SDM vol. 3, 4.10.1): with CR4.PCIDE, what the TLB holds carries the identifier that stood in bits
 * 11-0 of CR3, and is used only under the same one. So a CPU that comes back to an address space finds its translations there,
 * if nothing was taken from the space meanwhile: docs/pcid.md. Without CONFIG_PCID there is nothing of it.
 */
#ifndef ARCH_PCID_H
#define ARCH_PCID_H

#include <lib/option.h>
#include <lib/types.h>

#define PCID IS_ON(CONFIG_PCID)

/* On each CPU: 0 for kernel_pmap, and one each for as many address spaces as Linux keeps. */
#define PCIDS 7
/* With page-table isolation, the application's root has an identifier of its own: this bit beside that of the kernel's root. */
#define PCID_APP BIT(11)
/* In a value for CR3: what the TLB holds of the identifier stays. CR3 never reads so. */
#define CR3_KEEP BIT(63)

/* Of an address space. */
struct pcid_space {
	u64 id;       /* I: no other space ever has it; 0: kernel_pmap */
	u64 flushes;  /* a: how many were begun */
};

/* One of them: the space, and which it is, from 1. Of the kernel's half: no space. */
struct pcid_flush {
	u64 space, number;
};

/* The following exist with PCID only. The CPUs have it: from now on it is used. On the boot CPU, before CR4.PCIDE is set. */
void pcid_start(void);
bool pcid_is_on(void);
/* For a new address space. */
void pcid_space_init(struct pcid_space *space);
/*
 * What to write to CR3 for this space, whose kernel's root this is; the caller writes it. Interrupts off, and the CPU is among
 * those that are asked to flush: it reads how many flushes there were after that.
 */
u64 pcid_load(const struct pcid_space *space, paddr_t root);

/* Entries were changed, and CPUs will be asked to flush: to be called before it is looked up which. A full barrier. */
struct pcid_flush pcid_flush_begin(struct pcid_space *space);
/* This CPU has done what was asked of it. */
void pcid_flush_end(const struct pcid_flush *flush);
/* tlb_flush_page_local() and tlb_flush_all_local(). */
void pcid_flush_page(u64 va);
void pcid_flush_all(void);

#endif
