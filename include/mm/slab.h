/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects: slabs with per-CPU magazines (Bonwick & Adams, USENIX ATC 2001), and kmalloc over size classes.
 * Any context but NMI. Debug builds poison freed objects (mm/poison.h).
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <lib/types.h>

struct kmem_cache;

void slab_init(void);
/* Panics on failure: caches are made at boot. align: power of two, 0 for 8. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align);
void *kmem_cache_alloc(struct kmem_cache *cache);  /* not zeroed; NULL: no memory */
void *kmem_cache_zalloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* Up to 8 KiB from size classes, larger straight from the buddy allocator. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *p); /* NULL is fine */

/* Calls fn for each cache: /proc/slabinfo, leak accounting. */
void slab_foreach(void (*fn)(const char *name, size_t size, u64 objects_in_use, u64 pages, void *arg), void *arg);

#endif
