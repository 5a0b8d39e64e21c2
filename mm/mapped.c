/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an object to its mappings: what a file does to memory when it shrinks or gets a hole. The object lists its regions;
 * a sweep visits each vmspace that has some, and takes entries away under that vmspace's lock. A region that appears
 * meanwhile (fork, mremap, a split) enters the list at its head, unswept, and so is visited too. Called by object.c.
 */
#include "internal.h"
#include "region.h"

/* The vmspace of the first region that this sweep has not seen, with a reference; NULL: all were seen. */
static struct vmspace *next_space(struct vm_object *obj, u64 sweep)
{
	struct vmspace *vs = NULL;

	spin_lock(&obj->lock);
	while (!vs && !list_empty(&obj->regions)) {
		struct region *r = list_first_entry(&obj->regions, struct region, mapping);

		if (r->swept == sweep)
			break;
		if (vmspace_get_live(r->vs)) {
			vs = r->vs;
		} else { /* its last user is gone, and it is being cleared */
			r->swept = sweep;
			list_remove(&r->mapping);
			list_add_tail(&r->mapping, &obj->regions);
		}
	}
	spin_unlock(&obj->lock);
	return vs;
}

static bool shows(struct vm_object *obj, u64 index, const struct page *page)
{
	spin_lock(&obj->lock);

	bool same = xa_load(&obj->pages, index) == page;

	spin_unlock(&obj->lock);
	return same;
}

/* Entries of [start, end) in r that show the object's own pages. */
static void zap_borrowed(struct vmspace *vs, const struct region *r, uaddr_t start, uaddr_t end)
{
	struct leaf_walk w = LEAF_WALK(vs->pmap, start, end);
	struct tlb_batch batch;
	u64 pages = 0;

	tlb_batch_begin(&batch, vs);
	while (leaf_next(&w)) {
		struct page *page = pte_page(*w.pte);

		if (!shows(r->object, (r->offset + (w.va - r->start)) >> PAGE_SHIFT, page))
			continue;
		pte_take(w.pte);
		tlb_batch_add(&batch, w.va, page);
		pages++;
	}
	tlb_batch_end(&batch);
	rss_sub(vs, pages);
}

/* Lock of vs held. */
static void sweep_region(struct vmspace *vs, const struct region *r, u64 first, u64 end, enum sweep which)
{
	u64 low = r->offset >> PAGE_SHIFT, high = low + ((r->end - r->start) >> PAGE_SHIFT);
	bool shared = r->flags & REGION_SHARED;

	first = MAX(first, low);
	end = MIN(end, high);
	if (first >= end || (which == SWEEP_SHARED && !shared) || (which == SWEEP_BORROWED && shared))
		return;

	uaddr_t from = r->start + ((first - low) << PAGE_SHIFT), to = r->start + ((end - low) << PAGE_SHIFT);

	if (which == SWEEP_BORROWED)
		zap_borrowed(vs, r, from, to);
	else
		vmspace_zap(vs, from, to);
}

/* The regions of one vmspace. */
static void sweep_space(struct vmspace *vs, struct vm_object *obj, u64 first, u64 end, enum sweep which, u64 sweep)
{
	mutex_lock(&vs->lock);
	for (struct region *r = region_first(vs); r; r = region_next(r)) {
		if (r->object != obj)
			continue;
		sweep_region(vs, r, first, end, which);
		spin_lock(&obj->lock);
		r->swept = sweep;
		list_remove(&r->mapping);
		list_add_tail(&r->mapping, &obj->regions);
		spin_unlock(&obj->lock);
	}
	mutex_unlock(&vs->lock);
}

static struct mutex sweep_lock = MUTEX_INIT("sweep", sweep_lock); /* two sweeps of one object would chase each other */

static bool is_mapped(struct vm_object *obj)
{
	spin_lock(&obj->lock);

	bool mapped = !list_empty(&obj->regions);

	spin_unlock(&obj->lock);
	return mapped;
}

void object_sweep(struct vm_object *obj, u64 first, u64 end, enum sweep which)
{
	struct vmspace *vs;

	if (!is_mapped(obj))
		return;
	mutex_lock(&sweep_lock);
	spin_lock(&obj->lock);

	u64 sweep = ++obj->sweeps;

	spin_unlock(&obj->lock);
	while ((vs = next_space(obj, sweep))) {
		sweep_space(vs, obj, first, end, which, sweep);
		vmspace_put(vs);
	}
	mutex_unlock(&sweep_lock);
}
