/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of mm/ share with each other only: PTEs without rights, walks over leaf entries, steps under the vmspace lock. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <core/percpu.h>
#include <mm/tlb.h>
#include <mm/vmspace.h>

static inline bool cpu_is_online(unsigned cpu)
{
	return READ_ONCE(cpu_online_mask[cpu / 64]) & BIT(cpu % 64);
}

/*
 * A page under PROT_NONE keeps its content: its entry is not present, but still names the frame and holds a reference to
 * it. Bit 9 is ignored by the processor (SDM vol. 3 table 4-20), and tells such an entry from an empty one.
 */
#define PTE_HIDDEN BIT(9)

static inline pte_t pte_hide(pte_t pte)
{
	return pte_paddr(pte) | PTE_HIDDEN;
}
static inline bool pte_hidden(pte_t pte)
{
	return !pte_present(pte) && (pte & PTE_HIDDEN);
}
static inline struct page *pte_page(pte_t pte)
{
	return page_of(pte_paddr(pte));
}

/* The processor sets bits in a live entry at any time, so it is taken out in one step. */
static inline pte_t pte_take(pte_t *pte)
{
	return __atomic_exchange_n(pte, 0, __ATOMIC_ACQ_REL);
}
static inline void pte_set(pte_t *pte, pte_t value)
{
	__atomic_store_n(pte, value, __ATOMIC_RELEASE);
}

/*
 * Walks all entries of [start, end) that are not empty, skipping what has none:
 *
 *	struct leaf_walk w = LEAF_WALK(pmap, start, end);
 *	while (leaf_next(&w))
 *		... *w.pte is the entry of w.va ...
 */
struct leaf_walk {
	struct pmap *pmap;
	uaddr_t va, next, run_end, end;
	pte_t *pte;
};

#define LEAF_WALK(p, start, stop) { .pmap = (p), .next = (start), .run_end = (start), .end = (stop) }

static inline bool leaf_next(struct leaf_walk *w)
{
	for (;;) {
		if (w->next < w->run_end) {
			w->pte++;
		} else {
			w->pte = pmap_next(w->pmap, w->pte, &w->next, w->end);
			if (!w->pte)
				return false;
			w->run_end = MIN(ALIGN_DOWN(w->next, PMAP_RUN * PAGE_SIZE) + PMAP_RUN * PAGE_SIZE, w->end);
		}
		w->va = w->next;
		w->next += PAGE_SIZE;
		if (*w->pte)
			return true;
	}
}

/* rss changes only under the vmspace lock; others read it at any time. */
static inline void rss_add(struct vmspace *vs, u64 pages)
{
	u64 rss = vs->rss + pages;

	WRITE_ONCE(vs->rss, rss);
	if (rss > vs->peak_rss)
		vs->peak_rss = rss;
}
static inline void rss_sub(struct vmspace *vs, u64 pages)
{
	WRITE_ONCE(vs->rss, vs->rss - pages);
}

/* region_pool.c: regions as slab objects. */
void region_init_cache(void);
/*
 * A fresh region of vs, `like` another but without place and links; takes a reference to its object, which knows it from now on.
 * vs->lock held. NULL: no memory for it.
 */
struct region *region_new(struct vmspace *vs, const struct region *like);
/* Gives back one that is in no tree. */
void region_delete(struct region *r);

/* mapped.c: which mappings of an object's pages a sweep takes away. */
enum sweep {
	SWEEP_ALL,      /* private copies too */
	SWEEP_SHARED,   /* those of shared mappings */
	SWEEP_BORROWED, /* those of private mappings that show the object's own page */
};
/* Pages [first, end) of the object disappear from these mappings, flushed. Takes vmspaces' locks, one by one. */
void object_sweep(struct vm_object *obj, u64 first, u64 end, enum sweep which);

/* Free space that a stack keeps below itself when it grows, and placement keeps below a stack (Linux: stack_guard_gap). */
#define STACK_GUARD (256 * PAGE_SIZE)

/* Steps of vmspace.c for the other files. The vmspace lock is held. */
/* Is [addr, addr + size) the vmspace's own? 0, or -ENOMEM, aloud on behalf of `call` in a shared space. */
int vmspace_check_range(const struct vmspace *vs, const char *call, uaddr_t addr, u64 size);
/* protect.c: `clear`, then `set`, of all mappings in [start, end), which are cut there. -ENOMEM; -EINVAL: set says so. */
int region_change_flags(struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned set, unsigned clear);
/* May one private writable mapping be this large? More than all RAM never works. */
bool vmspace_may_commit(u64 size);
/* Is [start, end) inside, free, and not in a stack's way? */
bool vmspace_has_room(const struct vmspace *vs, uaddr_t start, uaddr_t end);
/* Where a mapping without a place goes: as high below mmap_top as there is room, or 0. */
uaddr_t vmspace_place(const struct vmspace *vs, u64 size);
/* Puts a region like *want into free space, by growing a neighbour where one is alike. The region, or NULL: no memory, or too
 * many regions. */
struct region *vmspace_enter(struct vmspace *vs, const struct region *want);
/* A region boundary at `at`, if it lies inside a region. 0 or -ENOMEM (no memory, too many regions). */
int vmspace_split_at(struct vmspace *vs, uaddr_t at);
/* Joins r with its neighbours where they are alike. The region that now holds r's range. */
struct region *vmspace_merge(struct vmspace *vs, struct region *r);
/* Removes the entries of [start, end), flushes, gives back the pages. */
void vmspace_zap(struct vmspace *vs, uaddr_t start, uaddr_t end);
/* Removes regions and entries. -ENOMEM (nothing changed): a hole inside one region needs a second one. */
int vmspace_remove(struct vmspace *vs, uaddr_t start, uaddr_t end);

#endif
