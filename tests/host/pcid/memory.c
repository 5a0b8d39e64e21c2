/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of machine.c: taken again as soon as they are free, filled with nonsense then, and each known for what may be in it. */
#include "machine.h"

#include "test.h"

#include <sys/mman.h>

#include <mm/page.h>

#define FRAMES 2048u

/* What may be found in a frame: nothing (space 0: free, or a table), or a page. */
static struct {
	bool taken, write;
	u64 space, va;
	u64 root_of;  /* a root: the id of its space */
} frames[FRAMES];

struct page *page_array;

static struct page *take(unsigned order)
{
	for (unsigned at = 1u << order; at + (1u << order) <= FRAMES; at += 1u << order) {
		if (frames[at].taken || frames[at + (1u << order) - 1].taken)
			continue;
		for (unsigned i = 0; i < 1u << order; i++)
			frames[at + i].taken = true;
		page_array[at].refs = 1;
		return &page_array[at];
	}
	machine_broken("no memory");
}

struct page *page_alloc(unsigned order, unsigned flags)
{
	struct page *page = take(order);

	if (flags & ALLOC_ZERO)
		memset(page_virt(page), 0, PAGE_SIZE << order);
	return page;
}

void page_free(struct page *page, unsigned order)
{
	memset(page_virt(page), 0xd5, PAGE_SIZE << order);
	for (unsigned i = 0; i < 1u << order; i++)
		frames[page - page_array + i].taken = false;
}

void page_put(struct page *page)
{
	page_free(page, 0);
}

paddr_t machine_frame(u64 space, u64 va, bool write)
{
	paddr_t frame = page_paddr(page_alloc(0, 0));

	frames[frame >> PAGE_SHIFT].space = space;
	frames[frame >> PAGE_SHIFT].va = va;
	frames[frame >> PAGE_SHIFT].write = write;
	return frame;
}

void machine_root(paddr_t root, u64 space)
{
	frames[root >> PAGE_SHIFT].root_of = space;
}

void machine_write_protect(paddr_t frame)
{
	frames[frame >> PAGE_SHIFT].write = false;
}

void machine_release(paddr_t frame)
{
	frames[frame >> PAGE_SHIFT].space = 0;
	page_put(page_of(frame));
}

bool memory_is_table(paddr_t table)
{
	return table >> PAGE_SHIFT < FRAMES && frames[table >> PAGE_SHIFT].taken && !frames[table >> PAGE_SHIFT].space;
}

bool memory_is_page(paddr_t frame, u64 space, u64 va, bool write)
{
	u64 i = frame >> PAGE_SHIFT;

	return i < FRAMES && frames[i].space == space && frames[i].va == va && (!write || frames[i].write);
}

u64 memory_root_of(paddr_t root)
{
	return frames[root >> PAGE_SHIFT].root_of;
}

void memory_init(void)
{
	void *ram = mmap((void *)DIRECT_MAP, FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(ram, (void *)DIRECT_MAP);
	page_array = calloc(FRAMES, sizeof(*page_array));
}
