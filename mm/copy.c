/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fork does to memory: the child gets the same regions and, where they are private, the same pages, which neither may
 * write any more without copying (fault.c). Pages of shared mappings are found again through their object. Called by
 * isolation/aspace_private.c, with a child that nobody else knows yet.
 */
#include "internal.h"
#include "region.h"

#include <isolation/rungs.h>
#include <lib/errno.h>
#include <mm/key.h>

/* Entries of one parent region into the child. */
static int copy_entries(struct vmspace *child, struct vmspace *parent, const struct region *r, struct tlb_batch *batch)
{
	struct leaf_walk w = LEAF_WALK(parent->pmap, r->start, r->end);
	uaddr_t run = ~0ul;
	pte_t *to = NULL;

	while (leaf_next(&w)) {
		if (run != ALIGN_DOWN(w.va, PMAP_RUN * PAGE_SIZE)) {
			run = ALIGN_DOWN(w.va, PMAP_RUN * PAGE_SIZE);
			to = pmap_pte(child->pmap, run, !page_low());
			if (!to)
				return -ENOMEM;
		}
		if (pte_writable(*w.pte)) {
			__atomic_fetch_and(w.pte, pte_write_protect(~0ul), __ATOMIC_ACQ_REL);
			tlb_batch_add(batch, w.va, NULL);
		}
		page_get(pte_page(*w.pte));
		pte_set(&to[(w.va - run) >> PAGE_SHIFT], *w.pte);
		rss_add(child, 1);
	}
	return 0;
}

static int copy_regions(struct vmspace *child, struct vmspace *parent, struct tlb_batch *batch)
{
	for (struct region *r = region_first(parent); r; r = region_next(r)) {
		if (r->flags & REGION_DONTFORK)
			continue;

		struct region *copy = page_low() ? NULL : region_new(child, r);

		if (!copy)
			return -ENOMEM;
		copy->flags &= ~REGION_LOCKS;
		region_insert(child, copy);
		if (r->flags & (REGION_SHARED | REGION_WIPEONFORK))
			continue;

		int error = copy_entries(child, parent, r, batch);

		if (error)
			return error;
	}
	return 0;
}

static void copy_layout(struct vmspace *child, const struct vmspace *parent)
{
	if (PKU)
		child->keys = parent->keys;
	child->start = parent->start;
	child->end = parent->end;
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	child->stack_limit = parent->stack_limit;
	child->mmap_top = parent->mmap_top;
	child->code_start = parent->code_start;
	child->code_end = parent->code_end;
	child->stack_start = parent->stack_start;
	child->arg_start = parent->arg_start;
	child->arg_end = parent->arg_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
	if (RUNG_REWRITE) {
		child->sites = parent->sites;
		sites_get(child->sites);
	}
}

int vmspace_copy(struct vmspace *child, struct vmspace *parent)
{
	struct tlb_batch batch;

	mutex_lock(&parent->lock);
	lockdep_nest();
	mutex_lock(&child->lock); /* nobody knows the child, but objects know its regions */
	copy_layout(child, parent);
	tlb_batch_begin(&batch, parent);

	int error = copy_regions(child, parent, &batch);

	/* On failure too: what is write-protected must be so on all CPUs before a page counts as shared. */
	tlb_batch_end(&batch);
	mutex_unlock(&child->lock);
	mutex_unlock(&parent->lock);
	return error;
}
