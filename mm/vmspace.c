/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vmspace's life, and mmap(2) and munmap(2) on it. Placement: where there is no hint, as high as there is room below
 * mmap_top (exec puts it below the stack's limit); hints are taken when the place is free and leaves a stack its guard.
 * Adjacent regions that are alike become one. Called by abi/linux, exec and isolation/aspace_*.c.
 */
#include <mm/vmspace.h>

#include "internal.h"
#include "region.h"

#include <core/panic.h>
#include <core/printk.h>
#include <isolation/aspace.h>
#include <isolation/rungs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/key.h>
#include <mm/slab.h>

static struct kmem_cache *vmspace_cache;

void vmspace_init_caches(void)
{
	vmspace_cache = kmem_cache_create("vmspace", sizeof(struct vmspace), 0);
	region_init_cache();
	object_init_cache();
}

/* ---- Life ---- */

struct vmspace *vmspace_alloc(void)
{
	struct vmspace *vs = kmem_cache_zalloc(vmspace_cache);

	if (!vs)
		return NULL;
	vs->refs = 1;
	if (PKU)
		vs->keys = DOMAINS ? BIT(PKEYS) - 1 : BIT(0);
	mutex_init(&vs->lock, "vmspace");
	return vs;
}

void vmspace_free(struct vmspace *vs)
{
	if (RUNG_REWRITE)
		sites_put(vs->sites);
	kmem_cache_free(vmspace_cache, vs);
}

bool vmspace_get_live(struct vmspace *vs)
{
	u32 refs = READ_ONCE(vs->refs);

	while (refs)
		if (__atomic_compare_exchange_n(&vs->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

void vmspace_get(struct vmspace *vs)
{
	__atomic_fetch_add(&vs->refs, 1, __ATOMIC_RELAXED);
}

void vmspace_put(struct vmspace *vs)
{
	if (__atomic_sub_fetch(&vs->refs, 1, __ATOMIC_ACQ_REL))
		return;
	vmspace_clear(vs);
	aspace_release(vs);
	vmspace_free(vs);
}

void vmspace_clear(struct vmspace *vs)
{
	struct region *r;

	mutex_lock(&vs->lock);
	vmspace_zap(vs, vs->start, vs->end);
	while ((r = region_first(vs))) {
		region_remove(vs, r);
		region_delete(r);
	}
	assert(!vs->mapped && !vs->rss);
	mutex_unlock(&vs->lock);
}

/* ---- Steps ---- */

int vmspace_check_range(const struct vmspace *vs, const char *call, uaddr_t addr, u64 size)
{
	if (addr >= vs->start && addr <= vs->end && size <= vs->end - addr)
		return 0;
	if (!ASPACE_IS_PRIVATE)
		refuse(call, ENOMEM, "outside this process's slot");
	return -ENOMEM;
}

bool vmspace_may_commit(u64 size)
{
	struct memory_stats stats;

	/* The sums over CPUs are not worth their price for what must fit a small machine anyway. */
	if (size <= 1ul << 20)
		return true;
	page_stats(&stats);
	return size >> PAGE_SHIFT <= stats.total_pages;
}

bool vmspace_has_room(const struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	if (!region_is_free(vs, start, end))
		return false;

	struct region *next = region_lookup(vs, start);

	return !next || !(next->flags & REGION_STACK) || next->start - end >= STACK_GUARD;
}

uaddr_t vmspace_place(const struct vmspace *vs, u64 size)
{
	return region_find_gap(vs, size, vs->start, vs->mmap_top ? vs->mmap_top : vs->end);
}

struct region *vmspace_merge(struct vmspace *vs, struct region *r)
{
	struct region *prev = region_prev(r), *next = region_next(r);

	if (prev && region_alike(prev, r)) {
		region_remove(vs, r);
		region_set_bounds(vs, prev, prev->start, r->end);
		region_delete(r);
		r = prev;
	}
	if (next && region_alike(r, next)) {
		region_remove(vs, next);
		region_set_bounds(vs, r, r->start, next->end);
		region_delete(next);
	}
	return r;
}

struct region *vmspace_enter(struct vmspace *vs, const struct region *want)
{
	struct region *next = region_lookup(vs, want->start);

	if (next && region_alike(want, next)) {
		region_set_bounds(vs, next, want->start, next->end);
		return vmspace_merge(vs, next);
	}

	struct region *prev = next ? region_prev(next) : region_last(vs);

	if (prev && region_alike(prev, want)) {
		region_set_bounds(vs, prev, prev->start, want->end);
		return prev;
	}

	struct region *r = vs->nregions <= REGIONS_MAX ? region_new(vs, want) : NULL;

	if (r)
		region_insert(vs, r);
	return r;
}

int vmspace_split_at(struct vmspace *vs, uaddr_t at)
{
	struct region *r = region_containing(vs, at);

	if (!r || r->start == at)
		return 0;

	struct region *upper = vs->nregions < REGIONS_MAX ? region_new(vs, r) : NULL;

	if (!upper)
		return -ENOMEM;
	region_split(vs, r, at, upper);
	return 0;
}

void vmspace_zap(struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	struct leaf_walk w = LEAF_WALK(vs->pmap, start, end);
	struct tlb_batch batch;
	u64 pages = 0;

	if (start >= end)
		return;
	tlb_batch_begin(&batch, vs);
	while (leaf_next(&w)) {
		pte_t pte = pte_take(w.pte);

		tlb_batch_add(&batch, w.va, pte_page(pte));
		pages++;
	}
	tlb_batch_end(&batch);
	rss_sub(vs, pages);
}

/* Takes what r has of [start, end) away from it. */
static int cut_region(struct vmspace *vs, struct region *r, uaddr_t start, uaddr_t end)
{
	if (start <= r->start && end >= r->end) {
		region_remove(vs, r);
		region_delete(r);
		return 0;
	}
	if (start <= r->start) {
		region_set_bounds(vs, r, end, r->end);
		return 0;
	}
	if (end < r->end) {
		int error = vmspace_split_at(vs, end);

		if (error)
			return error;
	}
	region_set_bounds(vs, r, r->start, start);
	return 0;
}

int vmspace_remove(struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	struct region *r = region_lookup(vs, start);

	if (!r || r->start >= end)
		return 0;
	while (r && r->start < end) {
		struct region *next = region_next(r);
		int error = cut_region(vs, r, start, end);

		if (error)
			return error;
		r = next;
	}
	vmspace_zap(vs, start, end);
	return 0;
}

/* ---- The calls ---- */

/* Makes [addr, addr + size) free for a mapping that must be there. */
static int make_room(struct vmspace *vs, uaddr_t addr, u64 size, unsigned flags)
{
	int error = vmspace_check_range(vs, "mmap", addr, size);

	if (error)
		return error;
	if (!(flags & REGION_NOREPLACE))
		return vmspace_remove(vs, addr, addr + size);
	return region_is_free(vs, addr, addr + size) ? 0 : -EEXIST;
}

static uaddr_t choose_place(const struct vmspace *vs, uaddr_t hint, u64 size)
{
	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint && size <= ~hint && vmspace_has_room(vs, hint, hint + size))
		return hint;
	return vmspace_place(vs, size);
}

static long map(struct vmspace *vs, uaddr_t addr, u64 size, unsigned flags, struct region *want)
{
	if (flags & REGION_FIXED) {
		int error = make_room(vs, addr, size, flags);

		if (error)
			return error;
	} else {
		addr = choose_place(vs, addr, size);
		if (!addr)
			return -ENOMEM;
	}
	want->start = addr;
	want->end = addr + size;
	want->flags |= vs->lock_new;
	return vmspace_enter(vs, want) ? (long)addr : -ENOMEM;
}

long vmspace_map(struct vmspace *vs, uaddr_t addr, u64 size, unsigned prot, unsigned flags, struct vm_object *object,
		 u64 offset, const char *name)
{
	struct region want = {
		.prot = own_rights(vs, prot),
		.flags = flags & ~(REGION_FIXED | REGION_NOREPLACE),
		.object = object,
		.offset = object ? offset : 0,
	};

	if (!size || ((flags & REGION_FIXED) && !IS_ALIGNED(addr, PAGE_SIZE)) || !IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (RUNG_WX && (prot & PROT_WRITE) && (prot & PROT_EXEC)) {
		refuse("mmap", EACCES, "W^X: no memory is written and executed");
		return -EACCES;
	}
	if (size > USER_MAX || page_low())
		return -ENOMEM;
	size = ALIGN_UP(size, PAGE_SIZE);
	if ((prot & PROT_WRITE) && !(flags & REGION_SHARED) && !vmspace_may_commit(size))
		return -ENOMEM;
	if (name)
		strlcpy(want.name, name, sizeof(want.name));
	mutex_lock(&vs->lock);

	long result = map(vs, addr, size, flags, &want);

	mutex_unlock(&vs->lock);
	return result;
}

int vmspace_unmap(struct vmspace *vs, uaddr_t addr, u64 size)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE) || !size || size > USER_MAX)
		return -EINVAL;
	size = ALIGN_UP(size, PAGE_SIZE);

	int error = vmspace_check_range(vs, "munmap", addr, size);

	if (error)
		return error;
	mutex_lock(&vs->lock);
	error = vmspace_remove(vs, addr, addr + size);
	mutex_unlock(&vs->lock);
	return error;
}

bool vmspace_covers(struct vmspace *vs, uaddr_t addr, u64 size)
{
	if (addr + size < addr)
		return false;
	mutex_lock(&vs->lock);

	bool covers = region_covers(vs, addr, addr + size);

	mutex_unlock(&vs->lock);
	return covers;
}

static bool may_be_data(const struct region *r)
{
	return !(r->flags & (REGION_SHARED | REGION_STACK));
}

u64 vmspace_data(struct vmspace *vs)
{
	u64 bytes = 0;

	mutex_lock(&vs->lock);
	for (struct region *r = region_first(vs); r; r = region_next(r))
		if (may_be_data(r) && (r->prot & PROT_WRITE))
			bytes += r->end - r->start;
	mutex_unlock(&vs->lock);
	return bytes;
}

u64 vmspace_data_more(struct vmspace *vs, uaddr_t addr, u64 size)
{
	uaddr_t end = addr + size;
	u64 bytes = 0;

	mutex_lock(&vs->lock);
	for (struct region *r = region_lookup(vs, addr); r && r->start < end; r = region_next(r))
		if (may_be_data(r) && !(r->prot & PROT_WRITE))
			bytes += MIN(r->end, end) - MAX(r->start, addr);
	mutex_unlock(&vs->lock);
	return bytes;
}

void vmspace_foreach(struct vmspace *vs, void (*fn)(const struct region *r, void *arg), void *arg)
{
	mutex_lock(&vs->lock);
	for (struct region *r = region_first(vs); r; r = region_next(r))
		fn(r, arg);
	mutex_unlock(&vs->lock);
}

struct vm_object *vmspace_object_at(struct vmspace *vs, uaddr_t va, u64 *offset)
{
	struct vm_object *object = NULL;

	mutex_lock(&vs->lock);

	struct region *r = region_containing(vs, va);

	if (r && r->object && (r->flags & REGION_SHARED)) {
		object = r->object;
		object_get(object);
		*offset = r->offset + (va - r->start);
	}
	mutex_unlock(&vs->lock);
	return object;
}
