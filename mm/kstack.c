/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel stacks in their own part of the address space: slots of one guard page, never mapped, and the stack above it. A
 * freed stack stays mapped and waits in a chain through its lowest word: no TLB flush, and the next thread starts fast.
 * Called by sched/ (thread creation, reaping) and by panic.
 */
#include <mm/kstack.h>

#include <arch/pmap.h>
#include <core/panic.h>
#include <core/spinlock.h>
#include <mm/page.h>

#define SLOT (PAGE_SIZE + KSTACK_SIZE)
#define SLOTS (KSTACK_AREA_SIZE / SLOT)

static struct {
	struct spinlock lock; /* (i) */
	void *free;           /* lock: chain */
	u64 made;             /* lock: slots with a complete stack */
	unsigned mapped;      /* lock: pages of slot `made` that are mapped: of an attempt that ran out of memory */
} pool = {.lock = SPINLOCK_INIT("kstack")};

/* Maps the next slot's pages, going on where an earlier attempt stopped. Lock held. */
static void *make(void)
{
	u8 *bottom = (u8 *)KSTACK_AREA + pool.made * SLOT + PAGE_SIZE;

	if (pool.made == SLOTS)
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
	pool.made++;
	return bottom;
}

void *kstack_alloc(void)
{
	u64 flags = spin_lock_irqsave(&pool.lock);
	void *bottom = pool.free;

	if (bottom)
		pool.free = *(void **)bottom;
	else
		bottom = make();
	spin_unlock_irqrestore(&pool.lock, flags);
	return bottom;
}

void kstack_free(void *bottom)
{
	assert(((u64)bottom - PAGE_SIZE - KSTACK_AREA) % SLOT == 0);

	u64 flags = spin_lock_irqsave(&pool.lock);

	*(void **)bottom = pool.free;
	pool.free = bottom;
	spin_unlock_irqrestore(&pool.lock, flags);
}

bool kstack_overflowed(u64 va)
{
	return va >= KSTACK_AREA && va - KSTACK_AREA < KSTACK_AREA_SIZE && (va - KSTACK_AREA) % SLOT < PAGE_SIZE;
}
