/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xarray.h - a sparse array of pointers by u64 index: a radix tree of 64-way nodes.
 *
 * Its height grows with the largest index, and shrinks again when that is erased. Used by the page
 * cache and the pid table. The caller locks, for lookups too; nothing sleeps unless alloc does.
 */
#ifndef LIB_XARRAY_H
#define LIB_XARRAY_H

#include <lib/types.h>

#define XA_SHIFT 6
#define XA_SLOTS (1U << XA_SHIFT)

/* The largest index; one less than U64_MAX, so that a walk can step past it. */
#define XA_INDEX_MAX (~0UL - 1)

struct xa_node {
	void *slots[XA_SLOTS];
	u32 used; /* slots that are not NULL; a linked node has at least one */
};

struct xa_ops {
	void *(*alloc)(void); /* sizeof(struct xa_node) bytes, any content, or NULL */
	void (*free)(void *node);
};

struct xarray {
	const struct xa_ops *ops;
	void *root;	 /* a node, or the entry of index 0 itself when height is 0 */
	unsigned height; /* levels of nodes */
};

void xa_init(struct xarray *xa, const struct xa_ops *ops);

/* The entry, or NULL. */
void *xa_load(const struct xarray *xa, u64 index);

/* Replaces what was there; a NULL entry erases. 0, -ENOMEM (nothing changed), or -EINVAL for an
 * index above XA_INDEX_MAX. */
int xa_store(struct xarray *xa, u64 index, void *entry);

/* Returns what was there, or NULL. Never allocates. */
void *xa_erase(struct xarray *xa, u64 index);

/* The first entry at or after *index, whose index is stored there; NULL, and *index untouched, when
 * there is none. The current entry may be erased during a walk. */
void *xa_next(const struct xarray *xa, u64 *index);

#define xa_for_each(xa, index, entry)                                                              \
	for ((index) = 0; ((entry) = xa_next(xa, &(index))) != NULL; (index)++)

/* Frees all nodes; calls `callback` (may be NULL) once for each entry, in order. Empty afterwards.
 * The callback must not touch the array. */
void xa_destroy(struct xarray *xa, void (*callback)(void *entry));

#endif
