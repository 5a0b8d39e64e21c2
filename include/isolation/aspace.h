/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contract 2, the address space: one page table for all, or one for each process. isolation/aspace_shared.c and
 * isolation/aspace_private.c implement this header; `diff -y` of the two is the lecture. Regions, demand faults and
 * copy-on-write are common code in mm/.
 *
 * Shared: the application's half is cut into slots of SLOT_SIZE bytes; each vmspace owns one and never reaches outside.
 * Private: each vmspace owns a root and the whole half.
 */
#ifndef ISOLATION_ASPACE_H
#define ISOLATION_ASPACE_H

#include <arch/pmap.h>
#include <lib/types.h>

struct vmspace;

#ifdef CONFIG_ASPACE_PRIVATE
#define ASPACE_IS_PRIVATE 1
#define ASPACE_NAME "private"
#define SLOT_SIZE 0ul /* no slots */
#else
#define ASPACE_IS_PRIVATE 0
#define ASPACE_NAME "shared"
#define SLOT_SIZE (1ul << CONFIG_SLOT_SHIFT)
#endif

void aspace_init(void);
/* A new, empty vmspace with one reference and no place yet. -ENOMEM. */
int aspace_create(struct vmspace **out);
/*
 * Gives it its range of addresses [vs->start, vs->end), once. `fixed`: the program insists on [lo, hi) (ET_EXEC); otherwise
 * lo..hi are relative to a base of our choice, and *bias is what to add to them (PIE). -ENOEXEC with a refusal line when a
 * fixed range is not to be had, -EAGAIN when all slots are taken.
 */
int aspace_place(struct vmspace *vs, uaddr_t lo, uaddr_t hi, bool fixed, uaddr_t *bias);
/* A copy-on-write copy. Shared: -ENOSYS, loudly: the same addresses cannot exist twice. */
int aspace_fork(struct vmspace *parent, struct vmspace **child);
/* Called by vmspace_put() on the last reference, regions already gone: gives back slot or root, after the TLB flush. */
void aspace_release(struct vmspace *vs);
/* Whose address is this? The vmspace with a reference (vmspace_put() it), or NULL. `current` is the caller's own. */
struct vmspace *aspace_owner(struct vmspace *current, uaddr_t va);
/* This CPU is about to run a thread of vs. Interrupts off. NULL: a kernel thread, which keeps what is loaded. */
void aspace_activate(struct vmspace *vs);
/* The CPUs that may hold translations of vs. */
void aspace_cpus(const struct vmspace *vs, u64 cpus[CPUSET_WORDS]);

#endif
