/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown: after entries of a vmspace were removed or lost rights, before their frames are reused. Gathers pages so
 * that one flush covers many. CPUs that sleep in idle are not woken: they flush when they leave it. Both are knobs of the
 * kernel command line, and everything is counted: docs/tlb.md.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <core/param.h>
#include <lib/types.h>
#include <mm/page.h>

struct vmspace;

#define TLB_BATCH PARAM_TLB_BATCH_MAX

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
/* Since boot, in words of Linux's /proc/vmstat. */
struct tlb_stats {
	u64 remote;          /* flushes that another CPU was interrupted for */
	u64 remote_received; /* times a CPU was asked to, and did */
	u64 local_all;       /* whole TLBs dropped */
	u64 local_one;       /* single translations */
	u64 ipis;            /* interrupts that were sent: several requests may share one */
	u64 owed;            /* times a sleeping CPU was left asleep, and flushed when it woke */
};
/* Of all CPUs together. They go on counting. */
void tlb_sum_stats(struct tlb_stats *sum);
/* IPI_TLB's handler. */
void tlb_interrupt(void);
/* Around the idle loop's sleep; leave returns after a flush if one was owed. */
void tlb_idle_enter(void);
void tlb_idle_leave(void);

#endif
