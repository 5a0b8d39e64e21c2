/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What exec does to a program's code for the rewritten gate: bytes written into private copies of pages that the program itself
 * may only execute. And the record of it, which address spaces share after fork. Called by abi/linux/rewrite.c.
 */
#include "internal.h"
#include "region.h"

#include <isolation/rewrite.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

/* Lock held. The private page of the mapping at va, made from the object's if there is none yet. */
static struct page *private_page(struct vmspace *vs, const struct region *r, uaddr_t va, int *error)
{
	pte_t *pte = pmap_pte(vs->pmap, va, !page_low());
	struct page *page, *copy;

	*error = -ENOMEM;
	if (!pte)
		return NULL;
	if (pte_present(*pte)) { /* copied before; the object's own pages have a reference more */
		page = pte_page(*pte);
		*error = __atomic_load_n(&page->refs, __ATOMIC_ACQUIRE) == 1 ? 0 : -EFAULT;
		return *error ? NULL : page;
	}
	page = object_page(r->object, (r->offset + (va - r->start)) >> PAGE_SHIFT, true, error);
	if (!page)
		return NULL;
	copy = page_alloc(0, ALLOC_USER);
	if (copy) {
		page_copy(page_virt(copy), page_virt(page));
		pte_set(pte, pte_make(page_paddr(copy), r->prot));
		rss_add(vs, 1);
	}
	page_put(page);
	*error = copy ? 0 : -ENOMEM;
	return copy;
}

int vmspace_patch(struct vmspace *vs, const uaddr_t *ends, u32 count, const void *bytes, u64 size)
{
	u8 *frame = NULL;
	uaddr_t at = 0;
	int error = 0;

	mutex_lock(&vs->lock);
	for (u32 i = 0; i < count && !error; i++) {
		uaddr_t va = ends[i] - size;

		if (!frame || ALIGN_DOWN(va, PAGE_SIZE) != at) {
			struct region *r = region_containing(vs, va);
			struct page *page;

			at = ALIGN_DOWN(va, PAGE_SIZE);
			error = -EFAULT;
			page = r && r->object && !(r->flags & REGION_SHARED) ? private_page(vs, r, at, &error) : NULL;
			frame = page ? page_virt(page) : NULL;
		}
		if (!error && va - at + size <= PAGE_SIZE)
			memcpy(frame + (va - at), bytes, size);
	}
	mutex_unlock(&vs->lock);
	return error;
}

void sites_get(struct rewrite_sites *sites)
{
	if (sites)
		__atomic_fetch_add(&sites->refs, 1, __ATOMIC_RELAXED);
}

void sites_put(struct rewrite_sites *sites)
{
	if (sites && !__atomic_sub_fetch(&sites->refs, 1, __ATOMIC_ACQ_REL))
		kfree(sites);
}
