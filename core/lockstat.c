/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockstat.c - counts what happens to locks.
 *
 * Each CPU has counters of its own, without a lock: an interrupt handler takes no lock of a class that others take with interrupts
 * on, so it never comes between the two halves of an addition to the same counter.
 */
#include <core/lockstat.h>

#include <arch/cpu.h>
#include <core/spinlock.h>

struct class_counts {
	struct lock_counts of[LOCK_CLASSES];
};

static DEFINE_PERCPU(struct class_counts, class_counts);
DEFINE_PERCPU(u64, lock_spins);
static bool sleeping[LOCK_CLASSES]; /* a */

void lockstat_taken(const char *name, bool sleeps, u64 *taken_at, u64 began, u64 spins)
{
	unsigned id = lock_class_id(name);
	struct lock_counts *c = &this_cpu_ptr(class_counts)->of[id];
	u64 now = cpu_tsc();

	c->taken++;
	if (began) {
		c->contended++;
		c->spins += spins;
		c->wait += now > began ? now - began : 0;
	}
	if (sleeps)
		WRITE_ONCE(sleeping[id], true);
	*taken_at = now;
}

void lockstat_left(const char *name, const u64 *taken_at)
{
	struct lock_counts *c = &this_cpu_ptr(class_counts)->of[lock_class_id(name)];
	u64 now = cpu_tsc(), held = now > *taken_at ? now - *taken_at : 0;

	c->held += held;
	c->held_max = MAX(c->held_max, held);
}

/* An interrupt that waits too, between the two reads of lock_spins, leaves it as it was. */
void spin_take_counted(struct spinlock *l)
{
	u64 before, began = 0, spins = 0;

	if (!spin_word_try(&l->word)) {
		began = cpu_tsc();
		before = this_cpu(lock_spins);
		spin_word_take(&l->word);
		spins = this_cpu(lock_spins) - before;
		this_cpu(lock_spins) = before;
	}
	lockstat_taken(l->dep.name, false, l->dep.taken_at, began, spins);
}

void spin_tried_counted(struct spinlock *l)
{
	lockstat_taken(l->dep.name, false, l->dep.taken_at, 0, 0);
}

void spin_leave_counted(struct spinlock *l)
{
	lockstat_left(l->dep.name, l->dep.taken_at);
	spin_word_leave(&l->word);
}

void lockstat_read(unsigned id, unsigned cpu, struct lock_counts *counts)
{
	*counts = cpu_ptr(class_counts, cpu)->of[id];
}

bool lockstat_sleeps(unsigned id)
{
	return READ_ONCE(sleeping[id]);
}
