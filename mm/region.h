/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of a vmspace's regions: address arithmetic only. Nothing here allocates, locks or touches page tables, so the same
 * file is tested on the host. The caller holds the vmspace lock; positions are page-aligned.
 */
#ifndef MM_REGION_H
#define MM_REGION_H

#include <mm/vmspace.h>

/* The first region that ends after va: it contains va, or is the next one above. NULL: none. */
struct region *region_lookup(const struct vmspace *vs, uaddr_t va);
/* The region that contains va, or NULL. Remembers it. */
struct region *region_containing(struct vmspace *vs, uaddr_t va);
struct region *region_next(const struct region *r);
struct region *region_prev(const struct region *r);
struct region *region_first(const struct vmspace *vs);
struct region *region_last(const struct vmspace *vs);

/* r's start and end are set, and free. Keeps vs->mapped true, as all below do. */
void region_insert(struct vmspace *vs, struct region *r);
void region_remove(struct vmspace *vs, struct region *r);
/* Moves r's bounds within the free space around it. Its offset follows its start. */
void region_set_bounds(struct vmspace *vs, struct region *r, uaddr_t start, uaddr_t end);
/* r becomes [start, at), `upper`, a copy of r in no tree, becomes [at, end). */
void region_split(struct vmspace *vs, struct region *r, uaddr_t at, struct region *upper);
/* Would a region like `high`, directly above `low`, be one with it? */
bool region_alike(const struct region *low, const struct region *high);

/* Is [start, end) free and inside the vmspace? */
bool region_is_free(const struct vmspace *vs, uaddr_t start, uaddr_t end);
/* Are all of [start, end) in regions? */
bool region_covers(const struct vmspace *vs, uaddr_t start, uaddr_t end);
/* The highest address where `size` bytes are free within [low, high), or 0. O(log n). */
uaddr_t region_find_gap(const struct vmspace *vs, u64 size, uaddr_t low, uaddr_t high);

#endif
