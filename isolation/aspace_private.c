/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page table for each process. Buys: no process can name another's memory, the same addresses exist many times, and so
 * fork() can be what POSIX says. Costs: a root to switch (and TLBs to refill) between processes, page tables for each.
 */
#include <isolation/aspace.h>

#include <core/panic.h>
#include <core/printk.h>
#include <isolation/rewrite.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/aslr.h>
#include <mm/vmspace.h>

#define PIE_BASE 0x555555554000ul /* where Linux puts a PIE, two thirds up, without randomisation */

void aspace_init(void)
{
}

int aspace_create(struct vmspace **out)
{
	struct vmspace *vs = vmspace_alloc();

	if (!vs)
		return -ENOMEM;
	if (pmap_create(&vs->own_pmap)) {
		vmspace_free(vs);
		return -ENOMEM;
	}
	vs->pmap = &vs->own_pmap;
	vs->start = USER_MIN;
	vs->end = USER_MAX;
	*out = vs;
	return 0;
}

int aspace_place(struct vmspace *vs, uaddr_t lo, uaddr_t hi, bool fixed, uaddr_t *bias)
{
	if (fixed) {
		*bias = 0;
		return lo >= vs->start && hi <= vs->end ? 0 : -ENOEXEC;
	}
	*bias = PIE_BASE + aslr_offset(vs, ASLR_SPAN) - ALIGN_DOWN(lo, PAGE_SIZE);
	return hi - lo <= vs->end - PIE_BASE - aslr_room(vs, ASLR_SPAN) ? 0 : -ENOEXEC;
}

int aspace_fork(struct vmspace *parent, struct vmspace **child)
{
	int error = aspace_create(child);

	if (error)
		return error;
	error = vmspace_copy(*child, parent);
	if (error) {
		vmspace_put(*child);
		*child = NULL;
	}
	return error;
}

void aspace_release(struct vmspace *vs)
{
	pmap_destroy(&vs->own_pmap);
}

struct vmspace *aspace_owner(struct vmspace *current, uaddr_t va)
{
	if (!current || va < current->start || va >= current->end)
		return NULL;
	vmspace_get(current);
	return current;
}

void aspace_activate(struct vmspace *vs)
{
	if (vs)
		pmap_activate(vs->pmap);
	if (RUNG_REWRITE && vs)
		rewrite_activate(vs->sites);
}

void aspace_cpus(const struct vmspace *vs, u64 cpus[CPUSET_WORDS])
{
	memcpy(cpus, vs->pmap->cpus, sizeof(vs->pmap->cpus));
}
