/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A memory object: pages by index, that files, shared mappings and the page cache have in common. A tmpfs file's data IS its
 * object's pages; read(2), write(2) and mappings see the same frames. fs/ and drivers implement pager_ops where pages come
 * from elsewhere.
 */
#ifndef MM_OBJECT_H
#define MM_OBJECT_H

#include <core/spinlock.h>
#include <lib/list.h>
#include <lib/xarray.h>
#include <mm/page.h>

struct vm_object;

struct pager_ops {
	/* Fills the zeroed page for `index`; may sleep; 0 or -errno. NULL: zero fill (anonymous, tmpfs). */
	int (*fill)(struct vm_object *obj, u64 index, struct page *page);
	/* The last reference went away; frees what contains the object. NULL: kfree'd by object.c. */
	void (*release)(struct vm_object *obj);
};

struct vm_object {
	u32 refs;                    /* a */
	struct spinlock lock;        /* (s) "vm_object" */
	struct xarray pages;         /* lock: index to struct page, one reference each */
	u64 size;                    /* lock: bytes; a fault at or past the page that holds size-1 is SIGBUS */
	u64 npages;                  /* lock */
	u32 seals;                   /* lock, read without: F_SEAL_* of the file that it is */
	struct list regions;         /* lock: what maps it; those that no sweep has seen yet come first */
	u64 sweeps;                  /* lock: how often its mappings were swept: mapped.c */
	const struct pager_ops *ops; /* I */
};

void object_init(struct vm_object *obj, const struct pager_ops *ops, u64 size); /* refs = 1 */
struct vm_object *object_create_anonymous(u64 size);                          /* NULL: no memory */
void object_get(struct vm_object *obj);
void object_put(struct vm_object *obj);
/* The page at index with a reference. `create`: make and fill it if absent. NULL with *error 0: a hole. May sleep. */
struct page *object_page(struct vm_object *obj, u64 index, bool create, int *error);
/* At boot: the reserved frame `page` is the page at index from now on, without a copy. 0 or -ENOMEM. */
int object_adopt(struct vm_object *obj, u64 index, struct page *page);
/*
 * Sets obj->size. When it shrinks: drops pages wholly past it and zeroes the tail of the last one, and takes all of these out of
 * every mapping, private copies too, so that the next access is SIGBUS. May sleep; takes the locks of vmspaces.
 */
void object_truncate(struct vm_object *obj, u64 size);
/* Drops pages [first, end): they are zeroes from now on, also where they are mapped; private copies stay. As above. */
void object_punch(struct vm_object *obj, u64 first, u64 end);
/* Drops every page (the last reference is going). */
void object_drop_pages(struct vm_object *obj);
/* More seals: -EBUSY when F_SEAL_WRITE comes too late for a mapping that stores reach it through, -EPERM after F_SEAL_SEAL. */
int object_seal(struct vm_object *obj, unsigned seals);
/* Pages in all objects now. */
u64 object_cached_pages(void);
/* The slab of the page index's nodes; after slab_init(). */
void object_init_cache(void);

#endif
