/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mprotect(2) and madvise(2). A page under PROT_NONE stays, hidden. No entry becomes writable here: the next write faults,
 * and fault.c decides whether it has to copy. Called by abi/linux.
 */
#include "internal.h"
#include "region.h"

#include <core/block.h>
#include <core/printk.h>
#include <isolation/rungs.h>
#include <lib/errno.h>
#include <mm/key.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/mman.h>

static pte_t with_rights(pte_t pte, unsigned prot)
{
	if (!prot_rights(prot))
		return pte_hide(pte);
	if (!pte_writable(pte) || pte_hidden(pte))
		prot = (prot & ~PROT_WRITE) | PROT_READ;
	return pte_make(pte_paddr(pte), prot);
}

static void protect_entries(struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned prot, bool weaker)
{
	struct leaf_walk w = LEAF_WALK(vs->pmap, start, end);
	struct tlb_batch batch;

	tlb_batch_begin(&batch, vs);
	while (leaf_next(&w)) {
		pte_t old = *w.pte;

		pte_set(w.pte, with_rights(old, prot));
		if (weaker && pte_present(old))
			tlb_batch_add(&batch, w.va, NULL);
	}
	tlb_batch_end(&batch);
}

/* Is all of [start, end) mapped, and may it have these rights, and this key? */
static int check_rights(const struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned prot)
{
	if (PKU && (prot & PROT_KEYED) && !vmspace_has_key(vs, prot_key(prot)))
		return -EINVAL;
	if (!region_covers(vs, start, end))
		return -ENOMEM;
	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r)) {
		if ((prot & PROT_WRITE) && !(r->flags & REGION_MAYWRITE))
			return -EACCES;
		if (RUNG_WX && (prot & PROT_EXEC) && ((prot | r->prot) & PROT_WRITE || r->flags & REGION_WRITTEN)) {
			refuse("mprotect", EACCES, "W^X: what could be written once is never executed");
			return -EACCES;
		}
	}
	return 0;
}

/* The rights of a region that had `old`. */
static unsigned new_rights(unsigned prot, unsigned old)
{
	if (!PKU)
		return prot;
	return prot & PROT_KEYED ? prot & ~(unsigned)PROT_KEYED : prot | (old & PROT_KEYS);
}

/* May somebody do less than before? With another key that is for PKRU to say. */
static bool is_weaker(unsigned prot, unsigned old)
{
	return (old & ~prot) || (PKU && (old ^ prot) & PROT_KEYS);
}

static int protect(struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned prot)
{
	int error = check_rights(vs, start, end, prot);

	if (!error)
		error = vmspace_split_at(vs, start);
	if (!error)
		error = vmspace_split_at(vs, end);
	if (error)
		return error;
	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r)) {
		unsigned old = r->prot;

		r->prot = new_rights(prot, old);
		if (RUNG_WX && prot & PROT_WRITE)
			r->flags &= ~(unsigned)REGION_WRITTEN; /* its rights say so, and it may merge with its neighbours again */
		else if (RUNG_WX && old & PROT_WRITE)
			r->flags |= REGION_WRITTEN;
		if (old != r->prot)
			protect_entries(vs, r->start, r->end, r->prot, is_weaker(r->prot, old));
		r = vmspace_merge(vs, r);
	}
	return 0;
}

/* Both calls' range: rounds *size up to whole pages, and checks where they lie. A size of 0 is fine anywhere. */
static int whole_pages(const struct vmspace *vs, const char *call, uaddr_t addr, u64 *size)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (*size > USER_MAX)
		return -ENOMEM;
	*size = ALIGN_UP(*size, PAGE_SIZE);
	return *size ? vmspace_check_range(vs, call, addr, *size) : 0;
}

int vmspace_protect(struct vmspace *vs, uaddr_t addr, u64 size, unsigned prot)
{
	bool known = !(prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | (PKU ? PROT_KEYED | PROT_KEYS : 0)));
	int error = known ? whole_pages(vs, "mprotect", addr, &size) : -EINVAL;

	if (error || !size)
		return error;
	mutex_lock(&vs->lock);
	error = protect(vs, addr, addr + size, prot);
	mutex_unlock(&vs->lock);
	return error;
}

/* Drops private pages: the next access finds zeroes, or the object's page. */
static int drop(struct vmspace *vs, uaddr_t start, uaddr_t end, bool only_anonymous)
{
	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r)) {
		if ((only_anonymous && r->object) || (r->flags & REGION_LOCKED))
			return -EINVAL;
	}
	vmspace_zap(vs, start, end);
	return 0;
}

static bool is_hint(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return true;
	}
	return false;
}

/* Which flags of a region this advice sets, and which it clears. */
static bool fork_flags(int advice, unsigned *set, unsigned *clear)
{
	*set = advice == MADV_DONTFORK ? REGION_DONTFORK : advice == MADV_WIPEONFORK ? REGION_WIPEONFORK : 0;
	*clear = advice == MADV_DOFORK ? REGION_DONTFORK : advice == MADV_KEEPONFORK ? REGION_WIPEONFORK : 0;
	return *set | *clear;
}

int region_change_flags(struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned set, unsigned clear)
{
	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r))
		if ((set & REGION_WIPEONFORK) && (r->object || (r->flags & REGION_SHARED)))
			return -EINVAL;
	if (vmspace_split_at(vs, start) || vmspace_split_at(vs, end))
		return -ENOMEM;
	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r)) {
		r->flags = (r->flags & ~clear) | set;
		r = vmspace_merge(vs, r);
	}
	return 0;
}

/* MADV_REMOVE: the object behind the range, with a reference, and where in it. Of one shared mapping that may be written. */
static struct vm_object *object_to_punch(struct vmspace *vs, uaddr_t addr, u64 size, u64 *offset, int *error)
{
	struct vm_object *obj = NULL;

	mutex_lock(&vs->lock);

	struct region *r = region_containing(vs, addr);

	*error = !r || r->end - addr < size ? -ENOMEM : 0;
	if (r && (!r->object || !(r->flags & REGION_SHARED) || (r->flags & REGION_LOCKED)))
		*error = -EINVAL;
	else if (r && !(r->flags & REGION_MAYWRITE))
		*error = -EACCES;
	else if (r && (r->object->seals & F_SEAL_FUTURE_WRITE))
		*error = -EPERM;
	if (!*error) {
		obj = r->object;
		object_get(obj);
		*offset = r->offset + (addr - r->start);
	}
	mutex_unlock(&vs->lock);
	return obj;
}

static int punch(struct vmspace *vs, uaddr_t addr, u64 size)
{
	u64 offset;
	int error;
	struct vm_object *obj = object_to_punch(vs, addr, size, &offset, &error);

	if (!obj)
		return error;
	object_punch(obj, offset >> PAGE_SHIFT, (offset + size) >> PAGE_SHIFT);
	object_put(obj);
	return 0;
}

static int populate(struct vmspace *vs, uaddr_t addr, u64 size, unsigned access)
{
	static const int errors[] = {
		[FAULT_OK] = 0, [FAULT_SEGV] = -ENOMEM, [FAULT_ACCESS] = -EINVAL, [FAULT_BUS] = -EFAULT, [FAULT_OOM] = -ENOMEM,
	};
	int error = 0;

	for (u64 done = 0; !error && done < size; done += PAGE_SIZE)
		error = thread_interrupted() ? -EINTR : errors[vm_fault(vs, addr + done, access)];
	return error;
}

/* What needs the lock all the time. Unknown advice is -EINVAL. */
static int advise_locked(struct vmspace *vs, uaddr_t addr, u64 size, int advice)
{
	unsigned set, clear;

	if (advice == MADV_DONTNEED || advice == MADV_FREE)
		return drop(vs, addr, addr + size, advice == MADV_FREE);
	if (fork_flags(advice, &set, &clear))
		return region_change_flags(vs, addr, addr + size, set, clear);
	return is_hint(advice) ? 0 : -EINVAL;
}

int vmspace_advise(struct vmspace *vs, uaddr_t addr, u64 size, int advice)
{
	bool whole = advice == MADV_REMOVE || advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
	unsigned set, clear;
	bool known = whole || advice == MADV_DONTNEED || advice == MADV_FREE || is_hint(advice) ||
		     fork_flags(advice, &set, &clear);
	int error = known ? whole_pages(vs, "madvise", addr, &size) : -EINVAL;

	if (error || !size)
		return error;
	if (advice == MADV_REMOVE)
		return punch(vs, addr, size);
	if (whole)
		return populate(vs, addr, size, advice == MADV_POPULATE_WRITE ? PROT_WRITE : PROT_READ);
	mutex_lock(&vs->lock);

	/* As Linux: what is mapped is served, also around holes. */
	bool holes = !region_covers(vs, addr, addr + size);

	error = advise_locked(vs, addr, size, advice);
	mutex_unlock(&vs->lock);
	return error ? error : holes ? -ENOMEM : 0;
}
