/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page table for all. Buys: nothing to switch between processes, and an address means the same to everyone. Costs: the
 * application's half is cut into slots, a program that insists on its addresses (ET_EXEC) may find them taken, fork() cannot
 * exist, and nothing but manners (and vmspace bounds, for system calls) keeps one process out of another's slot.
 */
#include <isolation/aspace.h>

#include <arch/pkey.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/spinlock.h>
#include <isolation/rewrite.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/aslr.h>
#include <mm/tlb.h>
#include <mm/vmspace.h>

#include "domains.h"

#define SLOTS ((1ul << 47) / SLOT_SIZE)
#define PIE_OFFSET 0x400000ul /* of a PIE in its slot: as far up as an ET_EXEC is by custom */

static struct spinlock slot_lock = SPINLOCK_INIT("slot");
static struct vmspace *slot_owner[SLOTS]; /* slot_lock; no reference: aspace_release() clears it */

void aspace_init(void)
{
	pr_debug("aspace: %lu slots of %lu MiB", SLOTS, SLOT_SIZE >> 20);
}

int aspace_create(struct vmspace **out)
{
	struct vmspace *vs = vmspace_alloc();

	if (!vs)
		return -ENOMEM;
	vs->pmap = &kernel_pmap;
	*out = vs;
	return 0;
}

/* Slot 0 holds the customary address of ET_EXEC programs: others take it only when nothing else is left. */
static long slot_take(struct vmspace *vs, u64 first, u64 count)
{
	long slot = -EAGAIN;

	spin_lock(&slot_lock);
	for (u64 i = 0; i < count; i++) {
		u64 at = (first + i) % SLOTS;

		if (slot_owner[at])
			continue;
		slot_owner[at] = vs;
		slot = (long)at;
		break;
	}
	spin_unlock(&slot_lock);
	return slot;
}

/* For the owner of that slot; false: there is no domain left, and it has no slot any more. */
static bool take_domain(struct vmspace *vs, u64 slot)
{
	spin_lock(&slot_lock);

	bool taken = domain_take(vs);

	if (!taken)
		slot_owner[slot] = NULL;
	spin_unlock(&slot_lock);
	return taken;
}

int aspace_place(struct vmspace *vs, uaddr_t lo, uaddr_t hi, bool fixed, uaddr_t *bias)
{
	long slot;

	if (hi - lo > SLOT_SIZE - PIE_OFFSET - aslr_room(vs, ASLR_SPAN))
		return -ENOEXEC;
	if (fixed) {
		u64 want = lo / SLOT_SIZE;

		if (lo < USER_MIN || hi > USER_MAX || (hi - 1) / SLOT_SIZE != want)
			return -ENOEXEC;
		slot = slot_take(vs, want, 1);
		if (slot < 0) {
			refuse("execve", ENOEXEC, "this program insists on addresses (ET_EXEC) that lie in a live process's slot; "
						  "one space holds many programs only as PIE");
			return -ENOEXEC;
		}
		*bias = 0;
	} else {
		slot = slot_take(vs, 1, SLOTS);
		if (slot < 0)
			return -EAGAIN;
		*bias = (u64)slot * SLOT_SIZE + PIE_OFFSET + aslr_offset(vs, ASLR_SPAN) - ALIGN_DOWN(lo, PAGE_SIZE);
	}
	if (DOMAINS && !take_domain(vs, (u64)slot)) {
		refuse("execve", EAGAIN, "all 15 protection domains are taken");
		return -EAGAIN;
	}
	vs->start = MAX((u64)slot * SLOT_SIZE, USER_MIN);
	vs->end = MIN(((u64)slot + 1) * SLOT_SIZE, USER_MAX);
	return 0;
}

int aspace_fork(struct vmspace *parent, struct vmspace **child)
{
	(void)parent;
	(void)child;
	refuse("fork", ENOSYS, "one address space: the child's memory cannot be at the parent's addresses; use vfork or posix_spawn");
	return -ENOSYS;
}

/* The slot is free for others only after no CPU can reach what was in it. */
void aspace_release(struct vmspace *vs)
{
	struct list tables = LIST_INIT(tables);

	if (vs->end == 0)
		return; /* never placed */
	pmap_unlink_tables(vs->pmap, MAX(ALIGN_DOWN(vs->start, SLOT_SIZE), REWRITE_LOW), ALIGN_UP(vs->end, SLOT_SIZE),
			   &tables);
	tlb_flush(vs, vs->start, vs->end);
	page_put_list(&tables);

	spin_lock(&slot_lock);
	slot_owner[vs->start / SLOT_SIZE] = NULL;
	if (DOMAINS)
		domain_give_back(vs);
	spin_unlock(&slot_lock);
}

struct vmspace *aspace_owner(struct vmspace *current, uaddr_t va)
{
	struct vmspace *owner;

	if (va >= USER_MAX)
		return NULL;
	if (current && va >= current->start && va < current->end) {
		vmspace_get(current);
		return current;
	}
	spin_lock(&slot_lock);
	owner = slot_owner[va / SLOT_SIZE];
	if (owner && !vmspace_get_live(owner))
		owner = NULL;
	spin_unlock(&slot_lock);
	return owner;
}

void aspace_activate(struct vmspace *vs)
{
	if (RUNG_REWRITE && vs)
		rewrite_activate(vs->sites);
}

void aspace_cpus(const struct vmspace *vs, u64 cpus[CPUSET_WORDS])
{
	(void)vs;
	memcpy(cpus, cpu_online_mask, sizeof(cpu_online_mask));
}
