/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: struct page for every frame of RAM, a binary buddy allocator over them (Knuth, TAOCP 1, 2.5), and a
 * small per-CPU stock of single pages. Any context, but not from NMI.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <arch/pmap.h>
#include <lib/list.h>
#include <lib/types.h>

#define PAGE_ORDER_MAX 10 /* 4 MiB */

struct slab;

struct page {
	u32 refs;          /* a: 0 when free */
	u8 order;          /* of the block it heads: free (buddy lock) or allocated (owner) */
	u8 flags;          /* PAGE_* below: buddy lock while free, owner otherwise */
	bool poisoned;     /* debug builds: filled with POISON_PAGE; buddy's while free */
	union {
		struct list link;              /* free list, buddy lock */
		struct page *below;            /* in a CPU's stock: the next one to be taken; that CPU's */
		struct {
			struct slab *slab;     /* PAGE_SLAB: slab lock */
			u64 private;
		};
		u64 used;                      /* a: page table: bit i: of entries 8i to 8i+7 some may be in use */
	};
};

#define PAGE_FREE BIT(0)
#define PAGE_SLAB BIT(1)
#define PAGE_RESERVED BIT(2) /* never allocated: kernel image, firmware */
#define PAGE_USER BIT(3)     /* allocated for an application */

/* Allocation flags. */
#define ALLOC_ZERO BIT(0)
#define ALLOC_USER BIT(1) /* for an application: refused while only the kernel's reserve is left */

/* Takes the boot memory map, keeps out image, initramfs and page 0..; builds the page array and the free lists. */
void page_init(void);
/* Once it is known how many CPUs there will be: how much each may keep back. */
void page_share(unsigned cpus);
/* Before page_init(): zeroed, page-aligned physical memory that is never given back. Gives up when there is none. */
paddr_t page_boot_alloc(size_t size);
/* give_up() of a boot for which memory does not suffice: for what, how much there is, and what took it. */
void memory_give_up(const char *format, ...) __printf(1, 2) __noreturn __cold;
/* Gives boot memory (the unpacked initramfs) to the allocator. */
void page_free_range(paddr_t base, u64 size);

struct page *page_alloc(unsigned order, unsigned flags); /* refs = 1; NULL: none */
void page_free(struct page *page, unsigned order);        /* refs must be 1 */
/* Is only the kernel's reserve left? What applications ask for beside pages (regions, page tables) is refused then. */
bool page_low(void);
/* Is so little left that it is for what processes run in, and not for what no process's end would give back: files, bytes in
 * pipes, more processes? */
bool page_scarce(void);
static inline void page_get(struct page *page)
{
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}
void page_put(struct page *page); /* frees an order-0 page with its last reference */
/* page_put() on each page of the list (by link), which ends empty. */
static inline void page_put_list(struct list *pages)
{
	while (!list_empty(pages)) {
		struct page *page = list_first_entry(pages, struct page, link);

		list_remove(&page->link);
		page_put(page);
	}
}

extern struct page *page_array; /* indexed by frame number */
extern u64 page_array_size;

static inline struct page *page_of(paddr_t pa)
{
	return &page_array[pa >> PAGE_SHIFT];
}
static inline paddr_t page_paddr(const struct page *page)
{
	return (paddr_t)(page - page_array) << PAGE_SHIFT;
}
static inline void *page_virt(const struct page *page)
{
	return phys_to_virt(page_paddr(page));
}

struct memory_stats {
	u64 total_pages, free_pages, cached_pages /* files */, kernel_pages, peak_used_pages;
};
void page_stats(struct memory_stats *out);

#endif
