/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of the buddy allocator on the real memory map. The random ones run on the host: tests/host/mm. */
#include <core/ktest.h>
#include <mm/page.h>

static u64 free_pages(void)
{
	struct memory_stats stats;

	page_stats(&stats);
	return stats.free_pages;
}

KTEST(page_alloc_gives_back)
{
	struct page *page[64];
	u64 before = free_pages();

	for (unsigned i = 0; i < 64; i++)
		page[i] = page_alloc(i % 4, 0);
	for (unsigned i = 0; i < 64; i++) {
		if (KT_OK(page[i]))
			page_free(page[i], i % 4);
	}
	KT_EQ(free_pages(), before);
}

KTEST(page_zero_and_alignment)
{
	for (unsigned order = 0; order <= 5; order++) {
		struct page *page = page_alloc(order, 0);
		u64 *words = page_virt(page);
		unsigned n = (PAGE_SIZE << order) / sizeof(u64);
		u64 sum = 0;

		KT_OK(IS_ALIGNED(page_paddr(page), PAGE_SIZE << order));
		words[0] = words[n - 1] = ~0ul;
		page_free(page, order);
		page = page_alloc(order, ALLOC_ZERO);
		words = page_virt(page);
		for (unsigned i = 0; i < n; i++)
			sum |= words[i];
		KT_EQ(sum, 0);
		page_free(page, order);
	}
}

KTEST(page_references)
{
	u64 before = free_pages();
	struct page *page = page_alloc(0, ALLOC_USER);

	KT_EQ(page->refs, 1);
	page_get(page);
	page_put(page);
	KT_EQ(page->refs, 1);
	page_put(page);
	KT_EQ(free_pages(), before);
}

KTEST(page_kernel_is_reserved)
{
	static const char in_image;

	KT_OK(page_of(virt_to_phys(&in_image))->flags & PAGE_RESERVED);
	KT_OK(page_of(0)->flags & PAGE_RESERVED);
	KT_OK(page_of(virt_to_phys(page_array))->flags & PAGE_RESERVED);
}
