/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects: pages by index, filled on demand by the pager or with zeroes. The object holds one reference to each of
 * its pages; so a page with one reference in a private mapping is nobody's but the mapping's (fault.c relies on it).
 * Called by fault.c, and by fs/ and drivers/ which embed objects.
 */
#include <mm/object.h>

#include "internal.h"

#include <core/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

static struct kmem_cache *node_cache;
static u64 cached_pages; /* a */

static void *node_alloc(void)
{
	return kmem_cache_alloc(node_cache);
}

static void node_free(void *node)
{
	kmem_cache_free(node_cache, node);
}

static const struct xa_ops node_ops = {.alloc = node_alloc, .free = node_free};

void object_init_cache(void)
{
	node_cache = kmem_cache_create("xarray-node", sizeof(struct xa_node), 0);
}

u64 object_cached_pages(void)
{
	return __atomic_load_n(&cached_pages, __ATOMIC_RELAXED);
}

/* Lock held. */
static void count_pages(struct vm_object *obj, i64 change)
{
	obj->npages += change;
	__atomic_fetch_add(&cached_pages, change, __ATOMIC_RELAXED);
}

void object_init(struct vm_object *obj, const struct pager_ops *ops, u64 size)
{
	obj->refs = 1;
	spin_init(&obj->lock, "vm_object");
	xa_init(&obj->pages, &node_ops);
	obj->size = size;
	obj->npages = 0;
	obj->seals = 0;
	list_init(&obj->regions);
	obj->sweeps = 0;
	obj->ops = ops;
}

struct vm_object *object_create_anonymous(u64 size)
{
	struct vm_object *obj = kmalloc(sizeof(*obj));

	if (obj)
		object_init(obj, NULL, size);
	return obj;
}

void object_get(struct vm_object *obj)
{
	__atomic_fetch_add(&obj->refs, 1, __ATOMIC_RELAXED);
}

void object_put(struct vm_object *obj)
{
	if (__atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (obj->ops && obj->ops->release) {
		obj->ops->release(obj);
		return;
	}
	object_drop_pages(obj);
	kfree(obj);
}

static struct page *lookup(struct vm_object *obj, u64 index)
{
	spin_lock(&obj->lock);

	struct page *page = xa_load(&obj->pages, index);

	if (page)
		page_get(page);
	spin_unlock(&obj->lock);
	return page;
}

/* A filled page for index that is not in the object yet. */
static struct page *make_page(struct vm_object *obj, u64 index, int *error)
{
	struct page *page = page_alloc(0, ALLOC_ZERO | ALLOC_USER);

	*error = page ? 0 : -ENOMEM;
	if (page && obj->ops && obj->ops->fill)
		*error = obj->ops->fill(obj, index, page);
	if (page && *error) {
		page_put(page);
		page = NULL;
	}
	return page;
}

struct page *object_page(struct vm_object *obj, u64 index, bool create, int *error)
{
	struct page *page = lookup(obj, index);

	*error = 0;
	if (page || !create)
		return page;

	struct page *fresh = make_page(obj, index, error);

	if (!fresh)
		return NULL;
	/* Filling may have slept: whoever stored a page first has won, and its content may be newer. */
	spin_lock(&obj->lock);
	page = xa_load(&obj->pages, index);
	if (!page) {
		*error = xa_store(&obj->pages, index, fresh);
		if (!*error) {
			count_pages(obj, 1);
			page = fresh;
			fresh = NULL;
		}
	}
	if (page)
		page_get(page);
	spin_unlock(&obj->lock);
	if (fresh)
		page_put(fresh);
	return page;
}

int object_adopt(struct vm_object *obj, u64 index, struct page *page)
{
	spin_lock(&obj->lock);

	int error = xa_store(&obj->pages, index, page);

	if (!error) {
		page_get(page);
		count_pages(obj, 1);
	}
	spin_unlock(&obj->lock);
	return error;
}

/* Lock held. */
static void drop_range(struct vm_object *obj, u64 index, u64 end)
{
	struct page *page;

	for (; (page = xa_next(&obj->pages, &index)) && index < end; index++) {
		xa_erase(&obj->pages, index);
		count_pages(obj, -1);
		page_put(page);
	}
}

/*
 * The size first: a fault that still went by the old one holds its vmspace's lock, and the sweep waits for that. Pages last:
 * such a fault may have made one.
 */
void object_truncate(struct vm_object *obj, u64 size)
{
	u64 tail = size & ~PAGE_MASK, end = DIV_ROUND_UP(size, PAGE_SIZE);

	spin_lock(&obj->lock);

	bool shrinks = size < obj->size;

	obj->size = size;
	spin_unlock(&obj->lock);
	if (!shrinks)
		return;
	object_sweep(obj, end, ~0ul, SWEEP_ALL);
	spin_lock(&obj->lock);
	drop_range(obj, end, ~0ul);

	struct page *last = tail ? xa_load(&obj->pages, size >> PAGE_SHIFT) : NULL;

	if (last)
		memzero((u8 *)page_virt(last) + tail, PAGE_SIZE - tail);
	spin_unlock(&obj->lock);
}

/* Shared mappings last: what faults in between finds the new page. A private one may keep an old page (mmap(2), MAP_PRIVATE). */
void object_punch(struct vm_object *obj, u64 first, u64 end)
{
	object_sweep(obj, first, end, SWEEP_BORROWED);
	spin_lock(&obj->lock);
	drop_range(obj, first, end);
	spin_unlock(&obj->lock);
	object_sweep(obj, first, end, SWEEP_SHARED);
}

/* Lock held. Once there is none and the seal is on, region_new() makes none. */
static bool is_stored_to(struct vm_object *obj)
{
	struct region *r;

	list_for_each_entry(r, &obj->regions, mapping)
		if (region_stores(r))
			return true;
	return false;
}

int object_seal(struct vm_object *obj, unsigned seals)
{
	int error = 0;

	spin_lock(&obj->lock);
	if (obj->seals & F_SEAL_SEAL)
		error = -EPERM;
	else if ((seals & F_SEAL_WRITE) && is_stored_to(obj))
		error = -EBUSY;
	else
		obj->seals |= seals;
	spin_unlock(&obj->lock);
	return error;
}

void object_drop_pages(struct vm_object *obj)
{
	spin_lock(&obj->lock);
	drop_range(obj, 0, ~0ul);
	spin_unlock(&obj->lock);
}
