/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmalloc: memory by size. Up to 8 KiB from one slab cache per class, larger in whole blocks of pages; struct page tells
 * kfree() which. Powers of two are aligned to themselves up to a page. Any context but NMI.
 */
#include <mm/slab.h>

#include "slab.h"

#include <core/panic.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/page.h>

#define CLASSES 12
#define SMALL_MAX 256 /* up to here the class is looked up, above computed: powers of two only */

static const struct {
	const char *name;
	size_t size;
} class[CLASSES] = {
	{"kmalloc-16", 16},   {"kmalloc-32", 32},     {"kmalloc-64", 64},     {"kmalloc-96", 96},
	{"kmalloc-128", 128}, {"kmalloc-192", 192},   {"kmalloc-256", 256},   {"kmalloc-512", 512},
	{"kmalloc-1k", 1024}, {"kmalloc-2k", 2048},   {"kmalloc-4k", 4096},   {"kmalloc-8k", 8192},
};

static struct kmem_cache *cache[CLASSES];
static u8 small_class[SMALL_MAX / 16 + 1]; /* by size in units of 16, rounded up */

void slab_init(void)
{
	slab_init_caches();
	for (unsigned i = 0; i < CLASSES; i++) {
		size_t size = class[i].size, align = MIN(size & -size, PAGE_SIZE);

		cache[i] = kmem_cache_create(class[i].name, size, align);
	}
	for (unsigned units = 0, i = 0; units <= SMALL_MAX / 16; units++) {
		if (units * 16 > class[i].size)
			i++;
		small_class[units] = i;
	}
}

static struct kmem_cache *cache_for(size_t size)
{
	if (size <= SMALL_MAX)
		return cache[small_class[(size + 15) / 16]];
	/* 257..512 is class 7, and so on. */
	return cache[7 + (63 - __builtin_clzl(size - 1)) - 8];
}

static unsigned order_for(size_t size)
{
	return 64 - __builtin_clzl((size - 1) >> PAGE_SHIFT);
}

void *kmalloc(size_t size)
{
	if (likely(size <= class[CLASSES - 1].size)) {
		void *object = kmem_cache_alloc(cache_for(size));

		if (KASAN && object)
			kasan_narrow(object, size, kasan_object_size(slab_cache_id(slab_cache_of(object))));
		return object;
	}
	if (size > PAGE_SIZE << PAGE_ORDER_MAX)
		return NULL;

	struct page *page = page_alloc(order_for(size), 0);

	if (KASAN && page)
		kasan_narrow(page_virt(page), size, PAGE_SIZE << page->order);
	return page ? page_virt(page) : NULL;
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	if (p)
		memzero(p, size);
	return p;
}

void kfree(void *p)
{
	if (!p)
		return;

	struct page *page = page_of(virt_to_phys(p));

	if (likely(page->flags & PAGE_SLAB))
		return kmem_cache_free(slab_cache_of(p), p);
	BUG_ON(page_virt(page) != p || page->refs != 1);
	page_free(page, page->order);
}
