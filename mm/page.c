/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy allocator (Knuth, TAOCP 1, 2.5): blocks of 2^order pages, split to serve and merged when their other half is
 * free too. Only the first page of a free block says so (PAGE_FREE, order). In front of it each CPU keeps a stock of single
 * pages, so that a page fault takes no lock. Called from everywhere above arch; any context but NMI.
 */
#include <mm/page.h>

#include "bootmem.h"
#include "internal.h"

#include <core/panic.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <lib/string.h>
#include <mm/inject.h>
#include <mm/kasan.h>
#include <mm/object.h>
#include <mm/poison.h>

#define STOCK_MIN 32
#define STOCK_MAX 128
#define STOCK_ORDER 4
#define STOCK_BATCH (1 << STOCK_ORDER) /* moved between stock and buddy at once */
#define STOCKS_SHARE 50                /* all stocks together: this part of memory, or the least that each may have */

/* Below this nothing useful runs; the panic says so at boot instead of an odd failure later. */
#define FREE_MIN 256

struct stock {
	unsigned count;
	i64 user; /* pages handed to applications here less those they gave back here: the sum over CPUs counts */
	struct page *top;
};

static DEFINE_PERCPU(struct stock, stock); /* own CPU, interrupts off */
static unsigned stock_max = STOCK_MIN;     /* I after page_share() */

static struct {
	struct spinlock lock; /* (i) */
	struct list free[PAGE_ORDER_MAX + 1];
	u64 nfree;            /* lock: pages in the lists; read without */
	u64 peak_used;        /* lock: stocks count as used */
	u64 total;            /* I: pages of RAM */
	u64 reserve;          /* I: what applications may not have */
} buddy = {.lock = SPINLOCK_INIT("buddy")};

struct page *page_array;
u64 page_array_size;

static void list_block(struct page *page, unsigned order)
{
	page->flags = PAGE_FREE;
	page->order = order;
	list_add_head(&page->link, &buddy.free[order]);
}

static void unlist_block(struct page *page)
{
	page->flags = 0;
	list_remove(&page->link);
}

/* Buddy lock held, as in all of buddy_*. */
static struct page *buddy_alloc(unsigned order)
{
	unsigned found = order;

	while (found <= PAGE_ORDER_MAX && list_empty(&buddy.free[found]))
		found++;
	if (found > PAGE_ORDER_MAX)
		return NULL;

	struct page *page = list_first_entry(&buddy.free[found], struct page, link);

	unlist_block(page);
	while (found > order) {
		found--;
		list_block(page + (1ul << found), found);
	}
	page->order = order;
	buddy.nfree -= 1ul << order;
	buddy.peak_used = MAX(buddy.peak_used, buddy.total - buddy.nfree);
	return page;
}

static void buddy_free(struct page *page, unsigned order)
{
	u64 frame = page - page_array;

	buddy.nfree += 1ul << order;
	for (; order < PAGE_ORDER_MAX; order++) {
		u64 other = frame ^ 1ul << order;

		if (other >= page_array_size || !(page_array[other].flags & PAGE_FREE) ||
		    page_array[other].order != order)
			break;
		unlist_block(&page_array[other]);
		frame = MIN(frame, other);
	}
	list_block(&page_array[frame], order);
}

/* [frame, end) in the largest aligned blocks. */
static void buddy_free_frames(u64 frame, u64 end)
{
	if (KASAN)
		kasan_poison(page_virt(&page_array[frame]), (end - frame) << PAGE_SHIFT, KASAN_FREE_PAGE);
	while (frame < end) {
		unsigned order = 0;

		while (order < PAGE_ORDER_MAX && IS_ALIGNED(frame, 2ul << order) && frame + (2ul << order) <= end)
			order++;
		buddy_free(&page_array[frame], order);
		frame += 1ul << order;
	}
}

/* A reserved page has a reference of its own, so that mapping and unmapping it never frees it. */
static void reserve_frames(u64 frame, u64 end)
{
	for (; frame < end; frame++) {
		page_array[frame].flags = PAGE_RESERVED;
		page_array[frame].refs = 1;
	}
}

void page_init(void)
{
	u64 frames = bootmem_top() >> PAGE_SHIFT;
	struct page *array = phys_to_virt(page_boot_alloc(frames * sizeof(struct page)));

	page_array = array;
	page_array_size = frames;
	buddy.total = bootmem_pages();
	buddy.reserve = MAX(32ul, buddy.total / 128);
	for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
		list_init(&buddy.free[order]);

	paddr_t start, end, done = 0;

	while (bootmem_next(done, &start, &end)) {
		reserve_frames(done >> PAGE_SHIFT, start >> PAGE_SHIFT);
		buddy_free_frames(start >> PAGE_SHIFT, end >> PAGE_SHIFT);
		done = end;
	}
	reserve_frames(done >> PAGE_SHIFT, frames);
	buddy.peak_used = buddy.total - buddy.nfree;
	if (buddy.nfree < FREE_MIN)
		memory_give_up("anything but the kernel itself");
}

/* What a CPU gives back and takes again, a few dozen pages of a process, stays with it where memory suffices. */
void page_share(unsigned cpus)
{
	u64 each = buddy.total / STOCKS_SHARE / cpus;

	stock_max = (unsigned)MIN(MAX(each, (u64)STOCK_MIN), (u64)STOCK_MAX);
}

void page_free_range(paddr_t base, u64 size)
{
	u64 frame = ALIGN_UP(base, PAGE_SIZE) >> PAGE_SHIFT;
	u64 end = (base + size) >> PAGE_SHIFT;
	u64 flags = spin_lock_irqsave(&buddy.lock);

	for (u64 i = frame; i < end; i++) {
		BUG_ON(!(page_array[i].flags & PAGE_RESERVED));
		page_array[i].flags = 0;
		page_array[i].refs = 0;
	}
	buddy_free_frames(frame, end);
	spin_unlock_irqrestore(&buddy.lock, flags);
}

static void stock_push(struct stock *s, struct page *page)
{
	page->below = s->top;
	s->top = page;
	s->count++;
}

static struct page *stock_pop(struct stock *s)
{
	struct page *page = s->top;

	s->top = page->below;
	s->count--;
	return page;
}

/*
 * Takes a whole block, handed out from its lower end, or single pages where memory is in pieces. The stock is empty.
 * Interrupts off, as for all that touches the stock.
 */
static void stock_refill(struct stock *s)
{
	spin_lock(&buddy.lock);

	struct page *page = buddy_alloc(STOCK_ORDER);

	if (page) {
		for (unsigned i = STOCK_BATCH; i-- > 0;)
			stock_push(s, page + i);
	} else {
		while (s->count < STOCK_BATCH && (page = buddy_alloc(0)))
			stock_push(s, page);
	}
	spin_unlock(&buddy.lock);
}

static void stock_drain(struct stock *s)
{
	spin_lock(&buddy.lock);
	for (unsigned i = 0; i < STOCK_BATCH; i++)
		buddy_free(stock_pop(s), 0);
	spin_unlock(&buddy.lock);
}

static struct page *alloc_single(struct stock *s)
{
	if (unlikely(!s->count))
		stock_refill(s);
	return likely(s->count) ? stock_pop(s) : NULL;
}

static struct page *alloc_block(unsigned order)
{
	spin_lock(&buddy.lock);

	struct page *page = buddy_alloc(order);

	spin_unlock(&buddy.lock);
	return page;
}

bool page_low(void)
{
	return READ_ONCE(buddy.nfree) < buddy.reserve;
}

bool page_scarce(void)
{
	return READ_ONCE(buddy.nfree) < buddy.reserve + buddy.total / 32;
}

/* ---- Poison ---- */

/* Only what was freed once is poisoned: filling all memory at boot would take long. */
static void check_freed(struct page *page, unsigned order)
{
	u64 *start = page_virt(page);

	poison_fill(start, start + (PAGE_SIZE << order) / sizeof(u64), POISON_PAGE);
	for (unsigned i = 0; i < 1u << order; i++)
		page[i].poisoned = true;
}

static void check_unused(struct page *page, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		const u64 *start = page_virt(&page[i]);

		if (page[i].poisoned && !poison_intact(start, start + PAGE_SIZE / sizeof(u64), POISON_PAGE))
			panic("page: frame %lx was written after it was freed", page_paddr(&page[i]));
		page[i].poisoned = false;
	}
}

struct page *page_alloc(unsigned order, unsigned flags)
{
	if (order > PAGE_ORDER_MAX || ((flags & ALLOC_USER) && unlikely(page_low())))
		return NULL;
	if (INJECT && inject_fails())
		return NULL;

	u64 irq = irq_save();
	struct stock *s = this_cpu_ptr(stock);
	struct page *page = likely(order == 0) ? alloc_single(s) : alloc_block(order);

	if (likely(page)) {
		page->refs = 1;
		page->order = order;
		page->flags = 0;
		if (flags & ALLOC_USER) {
			page->flags = PAGE_USER;
			s->user += 1l << order;
		}
	}
	irq_restore(irq);
	if (POISON_CHECKED && page)
		check_unused(page, order);
	if (KASAN && page)
		kasan_unpoison(page_virt(page), PAGE_SIZE << order);
	if (page && (flags & ALLOC_ZERO)) {
		u8 *bytes = page_virt(page);

		for (unsigned i = 0; i < 1u << order; i++)
			page_zero(bytes + i * PAGE_SIZE);
	}
	return page;
}

void page_free(struct page *page, unsigned order)
{
	assert(page->refs == 1 && !(page->flags & (PAGE_FREE | PAGE_RESERVED)));
	if (POISON_CHECKED)
		check_freed(page, order);
	if (KASAN)
		kasan_poison(page_virt(page), PAGE_SIZE << order, KASAN_FREE_PAGE);

	u64 irq = irq_save();
	struct stock *s = this_cpu_ptr(stock);

	if (page->flags & PAGE_USER)
		s->user -= 1l << order;
	page->flags = 0;
	page->refs = 0;
	if (likely(order == 0)) {
		if (unlikely(s->count >= stock_max))
			stock_drain(s);
		stock_push(s, page);
	} else {
		spin_lock(&buddy.lock);
		buddy_free(page, order);
		spin_unlock(&buddy.lock);
	}
	irq_restore(irq);
}

void page_put(struct page *page)
{
	/* The only reference is ours, and only a holder can make another: no atomic subtraction needed. */
	if (__atomic_load_n(&page->refs, __ATOMIC_ACQUIRE) != 1) {
		if (__atomic_sub_fetch(&page->refs, 1, __ATOMIC_ACQ_REL))
			return;
		page->refs = 1;
	}
	page_free(page, 0);
}

void page_stats(struct memory_stats *out)
{
	u64 stocked = 0;
	i64 user = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (!cpu_is_online(cpu))
			continue;

		const struct stock *s = cpu_ptr(stock, cpu);

		stocked += READ_ONCE(s->count);
		user += READ_ONCE(s->user);
	}
	out->total_pages = buddy.total;
	out->free_pages = READ_ONCE(buddy.nfree) + stocked;
	out->cached_pages = object_cached_pages();
	out->kernel_pages = buddy.total - out->free_pages - (u64)MAX(user, 0l);
	out->peak_used_pages = READ_ONCE(buddy.peak_used);
}
