/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel stacks in their own part of the address space: slots of one guard page, never mapped, and the stack above it. A
 * freed stack stays mapped and waits in a chain through its lowest word: no TLB flush, and the next thread starts fast. But
 * only so many (`kstacks=` on the command line): of the others the memory is given back, and the empty slots wait in a chain through the entry of their lowest
 * page. Called by sched/ (thread creation, reaping) and by panic.
 */
#include <mm/kstack.h>

#include <arch/pmap.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/spinlock.h>
#include <mm/page.h>
#include <mm/tlb.h>

#include "internal.h"

#define SLOT (PAGE_SIZE + KSTACK_SIZE)
#define SLOTS (KSTACK_AREA_SIZE / SLOT)

static struct {
	struct spinlock lock; /* (i) */
	void *free;           /* lock: chain of mapped stacks */
	unsigned nfree;       /* lock: its length */
	u8 *emptied;          /* lock: chain of slots whose memory was given back */
	u64 nemptied;         /* lock: its length */
	u64 used;             /* lock: slots that were ever taken */
	u8 *next;             /* lock: the slot that is being mapped, or NULL */
	unsigned mapped;      /* lock: pages of it that are: of an attempt that ran out of memory */
} pool = {.lock = SPINLOCK_INIT("kstack")};

static pte_t *entry(u8 *va)
{
	return pmap_pte(&kernel_pmap, (u64)va, false);
}

/* A slot without memory, or NULL. Lock held. */
static u8 *take_slot(void)
{
	u8 *bottom = pool.emptied;

	if (bottom) {
		pool.emptied = (u8 *)*entry(bottom);
		pool.nemptied--;
		return bottom;
	}
	return pool.used < SLOTS ? (u8 *)KSTACK_AREA + pool.used++ * SLOT + PAGE_SIZE : NULL;
}

/* Maps a slot's pages, going on where an earlier attempt stopped. Lock held. */
static void *make(void)
{
	if (!pool.next)
		pool.next = take_slot();

	u8 *bottom = pool.next;

	if (!bottom)
		return NULL;
	for (; pool.mapped < CONFIG_KSTACK_PAGES; pool.mapped++) {
		struct page *page = page_alloc(0, 0);

		if (!page)
			return NULL;
		if (pmap_kernel_enter(bottom + pool.mapped * PAGE_SIZE, page_paddr(page), PROT_READ | PROT_WRITE,
				      false)) {
			page_free(page, 0);
			return NULL;
		}
	}
	pool.mapped = 0;
	pool.next = NULL;
	return bottom;
}

void *kstack_alloc(void)
{
	u64 flags = spin_lock_irqsave(&pool.lock);
	void *bottom = pool.free;

	if (bottom) {
		pool.free = *(void **)bottom;
		pool.nfree--;
	} else {
		bottom = make();
	}
	spin_unlock_irqrestore(&pool.lock, flags);
	return bottom;
}

/* Gives the memory of a stack back. No lock held: every CPU has to forget it first. */
static void give_back(u8 *bottom)
{
	struct page *page[CONFIG_KSTACK_PAGES];

	for (unsigned i = 0; i < CONFIG_KSTACK_PAGES; i++)
		page[i] = pte_page(pte_take(entry(bottom + i * PAGE_SIZE)));
	tlb_flush_kernel(bottom, KSTACK_SIZE);
	for (unsigned i = 0; i < CONFIG_KSTACK_PAGES; i++)
		page_put(page[i]);

	u64 flags = spin_lock_irqsave(&pool.lock);

	pte_set(entry(bottom), (pte_t)pool.emptied); /* page-aligned: not present */
	pool.emptied = bottom;
	pool.nemptied++;
	spin_unlock_irqrestore(&pool.lock, flags);
}

void kstack_free(void *bottom)
{
	assert(((u64)bottom - PAGE_SIZE - KSTACK_AREA) % SLOT == 0);

	u64 flags = spin_lock_irqsave(&pool.lock);
	bool keep = pool.nfree < param.kstacks;

	if (keep) {
		*(void **)bottom = pool.free;
		pool.free = bottom;
		pool.nfree++;
	}
	spin_unlock_irqrestore(&pool.lock, flags);
	if (!keep)
		give_back(bottom);
}

/* Slots that are mapped; one that is being mapped counts as far as it is. */
static u64 mapped_slots(void)
{
	return pool.used - pool.nemptied - (pool.next != NULL);
}

u64 kstack_live(void)
{
	return mapped_slots() - pool.nfree;
}

u64 kstack_pages(void)
{
	return mapped_slots() * CONFIG_KSTACK_PAGES + pool.mapped;
}

bool kstack_overflowed(u64 va)
{
	return va >= KSTACK_AREA && va - KSTACK_AREA < KSTACK_AREA_SIZE && (va - KSTACK_AREA) % SLOT < PAGE_SIZE;
}

u64 kstack_end(u64 va)
{
	if (va < KSTACK_AREA || va - KSTACK_AREA >= KSTACK_AREA_SIZE)
		return 0;
	return va - (va - KSTACK_AREA) % SLOT + SLOT;
}
