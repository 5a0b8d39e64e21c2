/* SPDX-License-Identifier: BSD-2-Clause */
/* What slab.c shows to kmalloc.c. */
#ifndef MM_SLAB_INTERNAL_H
#define MM_SLAB_INTERNAL_H

#include <lib/types.h>

struct kmem_cache;

/* Before any other cache is made. */
void slab_init_caches(void);
/* The cache that an object came from. */
struct kmem_cache *slab_cache_of(const void *object);
/* Its name, for a panic's text. */
const char *slab_cache_name(const void *object);
/* For KASAN: the cache's number; and the object that p, in a slab, lies in or behind, NULL before the first. */
unsigned slab_cache_id(const struct kmem_cache *cache);
void *slab_object_at(const void *p);

#endif
