/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page faults: zero pages on demand, pages of objects, copy on write, stack growth. An entry is writable only when its page
 * may be written where it is: it is shared by mapping, or private with one reference (object.c and copy.c hold others).
 * Called by the trap path and by copyin/copyout, in a thread, without locks.
 */
#include "internal.h"
#include "region.h"

#include <isolation/aspace.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/key.h>

/* On x86 every right includes reading. */
static bool allows(const struct region *r, unsigned access)
{
	return access == PROT_READ ? prot_rights(r->prot) != 0 : r->prot & access;
}

/* The stack region above va, grown down to it; NULL: there is none, or it may not reach so far. */
static struct region *grow_stack(struct vmspace *vs, uaddr_t va)
{
	struct region *r = region_lookup(vs, va);

	if (!r || !(r->flags & REGION_STACK))
		return NULL;

	uaddr_t start = ALIGN_DOWN(va, PAGE_SIZE);

	if (r->end - start > vs->stack_limit || r->start - start + STACK_GUARD > r->gap)
		return NULL;
	region_set_bounds(vs, r, start, r->end);
	return r;
}

/* An entry for a page that the mapping did not have. The page's reference becomes the entry's. */
static void enter(struct vmspace *vs, pte_t *pte, struct page *page, unsigned prot)
{
	pte_set(pte, pte_make(page_paddr(page), prot));
	rss_add(vs, 1);
}

static struct page *copy_of(const struct page *page)
{
	struct page *copy = page_alloc(0, ALLOC_USER);

	if (copy)
		page_copy(page_virt(copy), page_virt(page));
	return copy;
}

/* A write to a private page that is not writable yet: taken over if nobody else has it, copied if somebody does. */
static enum fault_result own_page(struct vmspace *vs, const struct region *r, uaddr_t va, pte_t *pte)
{
	struct page *old = pte_page(*pte);

	if (__atomic_load_n(&old->refs, __ATOMIC_ACQUIRE) == 1) {
		pte_set(pte, pte_make(page_paddr(old), r->prot));
		return FAULT_OK;
	}

	struct page *copy = copy_of(old);

	if (!copy)
		return FAULT_OOM;
	pte_set(pte, pte_make(page_paddr(copy), r->prot));
	/* Other CPUs may still read the old page through their TLBs. */
	tlb_flush(vs, va, va + PAGE_SIZE);
	page_put(old);
	return FAULT_OK;
}

/* The entry has a page: it lacks a right that the region gives, or another CPU was faster. */
static enum fault_result upgrade(struct vmspace *vs, const struct region *r, uaddr_t va, unsigned access, pte_t *pte)
{
	pte_t old = *pte;

	if (pte_hidden(old))
		pte_set(pte, pte_make(pte_paddr(old), (r->prot & ~PROT_WRITE) | PROT_READ));
	if (access == PROT_WRITE && !pte_writable(old)) {
		if (!(r->flags & REGION_SHARED))
			return own_page(vs, r, va, pte);
		pte_set(pte, pte_make(pte_paddr(old), r->prot));
	}
	tlb_flush_page_local(va);
	return FAULT_OK;
}

static enum fault_result fault_anonymous(struct vmspace *vs, const struct region *r, pte_t *pte)
{
	struct page *page = page_alloc(0, ALLOC_ZERO | ALLOC_USER);

	if (!page)
		return FAULT_OOM;
	enter(vs, pte, page, r->prot);
	return FAULT_OK;
}

static bool past_end(struct vm_object *obj, u64 index)
{
	return index >= DIV_ROUND_UP(READ_ONCE(obj->size), PAGE_SIZE);
}

static enum fault_result fault_object(struct vmspace *vs, const struct region *r, uaddr_t va, unsigned access,
				      pte_t *pte)
{
	u64 index = (r->offset + (va - r->start)) >> PAGE_SHIFT;
	int error;

	if (past_end(r->object, index))
		return FAULT_BUS;

	struct page *page = object_page(r->object, index, true, &error);

	if (!page)
		return error == -ENOMEM ? FAULT_OOM : FAULT_BUS;
	if (r->flags & REGION_SHARED) {
		enter(vs, pte, page, r->prot);
		return FAULT_OK;
	}
	if (access != PROT_WRITE) {
		enter(vs, pte, page, (r->prot & ~PROT_WRITE) | PROT_READ);
		return FAULT_OK;
	}

	struct page *copy = copy_of(page);

	page_put(page);
	if (!copy)
		return FAULT_OOM;
	enter(vs, pte, copy, r->prot);
	return FAULT_OK;
}

/* The entry of va, with its table made if an application may still have memory for one. */
static pte_t *entry_of(struct vmspace *vs, uaddr_t va)
{
	return pmap_pte(vs->pmap, va, !page_low());
}

/* Lock held; va is page-aligned. */
static enum fault_result fault(struct vmspace *vs, uaddr_t va, unsigned access)
{
	struct region *r = region_containing(vs, va);

	if (unlikely(!r)) {
		r = grow_stack(vs, va);
		if (!r)
			return FAULT_SEGV;
	}
	if (!allows(r, access))
		return FAULT_ACCESS;

	pte_t *pte = entry_of(vs, va);

	if (!pte)
		return FAULT_OOM;
	if (*pte)
		return upgrade(vs, r, va, access, pte);
	return r->object ? fault_object(vs, r, va, access, pte) : fault_anonymous(vs, r, pte);
}

enum fault_result vm_fault(struct vmspace *current, uaddr_t va, unsigned access)
{
	struct vmspace *vs = aspace_owner(current, va);

	if (!vs)
		return FAULT_SEGV;
	mutex_lock(&vs->lock);

	enum fault_result result = fault(vs, ALIGN_DOWN(va, PAGE_SIZE), access);

	mutex_unlock(&vs->lock);
	vmspace_put(vs);
	return result;
}
