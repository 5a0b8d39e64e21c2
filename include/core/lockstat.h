/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to locks, counted for each class on each CPU, in kernels with CONFIG_LOCK_STATS; /proc/lock_stat shows it
 * (abi/linux/procfs_locks.c). Times are those of the TSC. In others nothing calls these functions, and they are not there.
 */
#ifndef CORE_LOCKSTAT_H
#define CORE_LOCKSTAT_H

#include <core/lockclass.h>
#include <core/percpu.h>

struct lock_counts {
	u64 taken;     /* acquisitions */
	u64 contended; /* of them those that had to wait */
	u64 spins;     /* rounds of the loops that waited, each with a pause; 0 of mutexes, whose waiters sleep */
	u64 wait;      /* TSC from wanting to having, sum of those that had to wait */
	u64 held;      /* TSC from having to releasing, sum */
	u64 held_max;
};

static inline void lock_counts_add(struct lock_counts *sum, const struct lock_counts *one)
{
	sum->taken += one->taken;
	sum->contended += one->contended;
	sum->spins += one->spins;
	sum->wait += one->wait;
	sum->held += one->held;
	sum->held_max = MAX(sum->held_max, one->held_max);
}

/* core/lock/: rounds so far, of the lock that this CPU waits for. */
DECLARE_PERCPU(u64, lock_spins);

/* This CPU has a lock of that class, since now: noted in *taken_at. `began`: TSC when it began to wait, or 0. */
void lockstat_taken(const char *name, bool sleeps, u64 *taken_at, u64 began, u64 spins);
/* It is about to be released. */
void lockstat_left(const char *name, const u64 *taken_at);

/* Of the class with this number (lock_class_id()), on a CPU that is online; read racily. Is it one of mutexes? */
void lockstat_read(unsigned id, unsigned cpu, struct lock_counts *counts);
bool lockstat_sleeps(unsigned id);

#endif
