/* SPDX-License-Identifier: BSD-2-Clause */
/* Where regions come from: a slab cache; each region holds a reference to its object. For the other files of mm/. */
#include "internal.h"

#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

static struct kmem_cache *region_cache;

void region_init_cache(void)
{
	region_cache = kmem_cache_create("region", sizeof(struct region), 0);
}

struct region *region_new(struct vmspace *vs, const struct region *like)
{
	struct region *r = kmem_cache_alloc(region_cache);

	if (!r)
		return NULL;
	*r = *like;
	r->vs = vs;
	if (r->object) {
		object_get(r->object);
		spin_lock(&r->object->lock);
		if (region_stores(r) && (r->object->seals & F_SEAL_WRITE)) { /* sealed since mmap(2) looked */
			spin_unlock(&r->object->lock);
			object_put(r->object);
			kmem_cache_free(region_cache, r);
			return NULL;
		}
		r->swept = 0;
		list_add_head(&r->mapping, &r->object->regions);
		spin_unlock(&r->object->lock);
	}
	return r;
}

void region_delete(struct region *r)
{
	if (r->object) {
		spin_lock(&r->object->lock);
		list_remove(&r->mapping);
		spin_unlock(&r->object->lock);
		object_put(r->object);
	}
	kmem_cache_free(region_cache, r);
}
