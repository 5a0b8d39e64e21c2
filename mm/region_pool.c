/* SPDX-License-Identifier: BSD-2-Clause */
/* Where regions come from: a slab cache; each region holds a reference to its object. For the other files of mm/. */
#include "internal.h"

#include <mm/slab.h>

static struct kmem_cache *region_cache;

void region_init_cache(void)
{
	region_cache = kmem_cache_create("region", sizeof(struct region), 0);
}

struct region *region_new(const struct region *like)
{
	struct region *r = kmem_cache_alloc(region_cache);

	if (!r)
		return NULL;
	*r = *like;
	if (r->object)
		object_get(r->object);
	return r;
}

void region_delete(struct region *r)
{
	if (r->object)
		object_put(r->object);
	kmem_cache_free(region_cache, r);
}
