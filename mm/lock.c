/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mlock(2) and its kin. There is no swap: what is filled stays. So to lock is to fill, to count against RLIMIT_MEMLOCK, and to
 * keep madvise(2) from taking pages away. Called by abi/linux.
 */
#include "internal.h"
#include "region.h"

#include <lib/errno.h>
#include <mm/key.h>

/* Lock held. */
static u64 locked_in(const struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	u64 bytes = 0;

	for (struct region *r = region_lookup(vs, start); r && r->start < end; r = region_next(r))
		if (r->flags & REGION_LOCKED)
			bytes += MIN(r->end, end) - MAX(r->start, start);
	return bytes;
}

u64 vmspace_locked(struct vmspace *vs, uaddr_t addr, u64 size)
{
	mutex_lock(&vs->lock);

	u64 bytes = locked_in(vs, addr, addr + size);

	mutex_unlock(&vs->lock);
	return bytes;
}

/* The first page of a mapping at or behind *va, and the access that its pages are made by; false: there is none before `end`. */
static bool next_to_fill(struct vmspace *vs, uaddr_t *va, uaddr_t end, uaddr_t *stop, unsigned *access)
{
	mutex_lock(&vs->lock);

	struct region *r = region_lookup(vs, *va);
	bool found = *va < end && r && r->start < end;

	if (found) {
		*va = MAX(*va, r->start);
		*stop = MIN(r->end, end);
		*access = (r->prot & PROT_WRITE) && !(r->flags & REGION_SHARED) ? PROT_WRITE : prot_rights(r->prot) & -r->prot;
	}
	mutex_unlock(&vs->lock);
	return found;
}

int vmspace_fill(struct vmspace *vs, uaddr_t addr, u64 size)
{
	uaddr_t end = addr + size, stop = addr;
	unsigned access;

	int error = 0;

	for (; next_to_fill(vs, &addr, end, &stop, &access); addr = stop) {
		enum fault_result result = FAULT_OK;

		for (; addr < stop && result == FAULT_OK; addr += PAGE_SIZE)
			result = thread_killed() ? FAULT_OOM : vm_fault(vs, addr, access);
		if (result == FAULT_OOM)
			return -EAGAIN;
		if (result != FAULT_OK)
			error = -ENOMEM;
	}
	return error;
}

/* All of it, or nothing. Lock held. */
static int set_locks(struct vmspace *vs, uaddr_t start, uaddr_t end, unsigned flags, u64 limit)
{
	if (!region_covers(vs, start, end))
		return -ENOMEM;
	if (flags && locked_in(vs, vs->start, vs->end) - locked_in(vs, start, end) + (end - start) > limit)
		return -ENOMEM;
	return region_change_flags(vs, start, end, flags, REGION_LOCKS);
}

int vmspace_lock(struct vmspace *vs, uaddr_t addr, u64 size, unsigned flags, u64 limit)
{
	int error = vmspace_check_range(vs, "mlock", addr, size);

	if (error)
		return error;
	mutex_lock(&vs->lock);
	error = set_locks(vs, addr, addr + size, flags, limit);
	mutex_unlock(&vs->lock);
	return error || flags != REGION_LOCKED ? error : vmspace_fill(vs, addr, size);
}

int vmspace_lock_all(struct vmspace *vs, bool now, unsigned flags, unsigned future, u64 limit)
{
	int error = 0;

	mutex_lock(&vs->lock);
	if (flags && vs->mapped > limit)
		error = -ENOMEM;
	for (struct region *r = region_first(vs); r && now && !error; r = region_next(r)) {
		r->flags = (r->flags & ~REGION_LOCKS) | flags;
		r = vmspace_merge(vs, r);
	}
	if (!error)
		vs->lock_new = future;
	mutex_unlock(&vs->lock);
	if (!error && flags == REGION_LOCKED)
		vmspace_fill(vs, vs->start, vs->end - vs->start); /* as much as can be had: mlockall(2) tells of no failure */
	return error;
}
