/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown: after entries of a vmspace were removed or lost rights, before their frames are reused. Gathers pages so
 * that one flush covers many. CPUs that sleep in idle are not woken: they flush when they leave it.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <lib/types.h>
#include <mm/page.h>

struct vmspace;

#define TLB_BATCH 64

struct tlb_batch {
	struct vmspace *vs;
	uaddr_t start, end;          /* what to flush; start > end: nothing yet */
	unsigned npages;
	struct page *page[TLB_BATCH]; /* put after the flush */
};

void tlb_batch_begin(struct tlb_batch *b, struct vmspace *vs);
/* The entry of va is gone (or weaker); `page` (may be NULL) loses a reference after the flush. */
void tlb_batch_add(struct tlb_batch *b, uaddr_t va, struct page *page);
/* Flushes everywhere and puts the pages. May be called several times. Interrupts on. */
void tlb_batch_end(struct tlb_batch *b);
/* Flushes [start, end) of vs on every CPU that may hold it, and waits until done. Interrupts on. */
void tlb_flush(struct vmspace *vs, uaddr_t start, uaddr_t end);
/* Flushes the few pages of [start, start + size) of the kernel's half on every CPU, sleeping ones too. Interrupts on. */
void tlb_flush_kernel(const void *start, u64 size);
/* IPI_TLB's handler. */
void tlb_interrupt(void);
/* Around the idle loop's sleep; leave returns after a flush if one was owed. */
void tlb_idle_enter(void);
void tlb_idle_leave(void);

#endif
