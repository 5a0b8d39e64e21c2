/* SPDX-License-Identifier: BSD-2-Clause */
/* What slab.c shows to kmalloc.c. */
#ifndef MM_SLAB_INTERNAL_H
#define MM_SLAB_INTERNAL_H

struct kmem_cache;

/* Before any other cache is made. */
void slab_init_caches(void);
/* The cache that an object came from. */
struct kmem_cache *slab_cache_of(const void *object);
/* Its name, for a panic's text. */
const char *slab_cache_name(const void *object);

#endif
