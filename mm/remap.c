/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mremap(2): shrinks, grows in place, or moves. A move carries entries over, not bytes; what a program sees afterwards is the
 * same frames elsewhere. Called by abi/linux.
 */
#include "internal.h"
#include "region.h"

#include <lib/errno.h>
#include <uapi/linux/mman.h>

struct remap {
	uaddr_t from, to;       /* to: 0 for anywhere */
	u64 old_size, new_size; /* bytes, whole pages */
	bool may_move;
	bool keep;              /* MREMAP_DONTUNMAP: the old mapping stays, empty */
};

/*
 * Moves the entries of [from, from + size) to `to`; how many bytes it got through before memory for tables ran out. The caller
 * flushes the old addresses.
 */
static u64 move_entries(struct pmap *pmap, uaddr_t from, uaddr_t to, u64 size)
{
	struct leaf_walk w = LEAF_WALK(pmap, from, from + size);

	while (leaf_next(&w)) {
		pte_t *pte = pmap_pte(pmap, w.va - from + to, true);

		if (!pte)
			return w.va - from;
		pte_set(pte, pte_take(w.pte));
	}
	return size;
}

/* The region that holds all of the old range, made a region by itself, or NULL: no memory. */
static struct region *isolate(struct vmspace *vs, const struct remap *m)
{
	if (vmspace_split_at(vs, m->from) || vmspace_split_at(vs, m->from + m->old_size))
		return NULL;
	return region_containing(vs, m->from);
}

static long move(struct vmspace *vs, const struct remap *m, uaddr_t to)
{
	struct region *old = isolate(vs, m);
	struct region *new = old ? region_new(vs, old) : NULL;

	if (!new)
		return -ENOMEM;

	u64 moved = move_entries(vs->pmap, m->from, to, m->old_size);

	if (moved < m->old_size) {
		/* Back: the old tables still exist. Nobody has used the new addresses, but the old ones may be cached. */
		move_entries(vs->pmap, to, m->from, moved);
		region_delete(new);
		vmspace_merge(vs, old);
		return -ENOMEM;
	}
	tlb_flush(vs, m->from, m->from + m->old_size);
	if (!m->keep) {
		region_remove(vs, old);
		region_delete(old);
	}
	new->start = to;
	new->end = to + m->new_size;
	new->flags &= ~(REGION_STACK | REGION_HEAP);
	region_insert(vs, new);
	vmspace_merge(vs, new);
	return (long)to;
}

/* Room above r's end, up to new_size from m->from? */
static bool grow_in_place(struct vmspace *vs, struct region *r, const struct remap *m)
{
	uaddr_t end = m->from + m->new_size;

	if (r->end != m->from + m->old_size || end < r->end || !vmspace_has_room(vs, r->end, end))
		return false;
	region_set_bounds(vs, r, r->start, end);
	vmspace_merge(vs, r);
	return true;
}

static long remap_to(struct vmspace *vs, struct remap *m)
{
	int error = vmspace_check_range(vs, "mremap", m->to, m->new_size);

	if (error)
		return error;
	if (m->to < m->from + m->old_size && m->from < m->to + m->new_size)
		return -EINVAL;
	error = vmspace_remove(vs, m->to, m->to + m->new_size);
	if (!error && m->new_size < m->old_size) {
		error = vmspace_remove(vs, m->from + m->new_size, m->from + m->old_size);
		m->old_size = m->new_size;
	}
	return error ? error : move(vs, m, m->to);
}

/* An old size of 0: the pages of a shared mapping, from there on, a second time. */
static long duplicate(struct vmspace *vs, const struct remap *m, const struct region *r)
{
	struct region want = *r;
	uaddr_t to = m->to;
	int error = 0;

	want.offset += m->from - r->start;
	if (!(r->flags & REGION_SHARED))
		return -EINVAL;
	if (!m->may_move)
		return -ENOMEM;
	if (to) {
		error = vmspace_check_range(vs, "mremap", to, m->new_size);
		if (!error && m->from >= to && m->from < to + m->new_size)
			error = -EINVAL; /* it would replace what it shows */
		if (!error)
			error = vmspace_remove(vs, to, to + m->new_size);
	} else {
		to = vmspace_place(vs, m->new_size);
		error = to ? 0 : -ENOMEM;
	}
	want.start = to;
	want.end = to + m->new_size;
	return error ? error : vmspace_enter(vs, &want) ? (long)to : -ENOMEM;
}

/* Lock held. */
static long remap(struct vmspace *vs, struct remap *m)
{
	struct region *r = region_containing(vs, m->from);

	if (!r || m->old_size > r->end - m->from)
		return -EFAULT;
	if (!m->old_size)
		return duplicate(vs, m, r);
	if (m->new_size > m->old_size && (r->prot & PROT_WRITE) && !(r->flags & REGION_SHARED) &&
	    !vmspace_may_commit(m->new_size))
		return -ENOMEM;
	if (m->to)
		return remap_to(vs, m);
	if (m->keep) {
		uaddr_t place = vmspace_place(vs, m->new_size);

		return place ? move(vs, m, place) : -ENOMEM;
	}
	if (m->new_size <= m->old_size) {
		int error = vmspace_remove(vs, m->from + m->new_size, m->from + m->old_size);

		return error ? error : (long)m->from;
	}
	if (grow_in_place(vs, r, m))
		return (long)m->from;

	uaddr_t to = m->may_move ? vmspace_place(vs, m->new_size) : 0;

	return to ? move(vs, m, to) : -ENOMEM;
}

long vmspace_remap(struct vmspace *vs, uaddr_t addr, u64 old_size, u64 new_size, unsigned flags, uaddr_t new_addr)
{
	bool fixed = flags & MREMAP_FIXED;
	struct remap m = {.from = addr, .to = fixed ? new_addr : 0, .may_move = flags & MREMAP_MAYMOVE,
			  .keep = flags & MREMAP_DONTUNMAP};

	if (!IS_ALIGNED(addr, PAGE_SIZE) || !new_size ||
	    (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    (m.keep && (!m.may_move || old_size != new_size)) ||
	    (fixed && (!m.may_move || !IS_ALIGNED(new_addr, PAGE_SIZE) || !new_addr)))
		return -EINVAL;
	if (old_size > USER_MAX || new_size > USER_MAX)
		return -ENOMEM;
	m.old_size = ALIGN_UP(old_size, PAGE_SIZE);
	m.new_size = ALIGN_UP(new_size, PAGE_SIZE);

	int error = vmspace_check_range(vs, "mremap", addr, m.old_size);

	if (error)
		return error;
	mutex_lock(&vs->lock);

	long result = remap(vs, &m);

	mutex_unlock(&vs->lock);
	return result;
}
