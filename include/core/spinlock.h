/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks. The kernel is not preempted, so a plain spin_lock() is enough between threads; a lock that an interrupt handler
 * also takes must be taken with spin_lock_irqsave(). Every lock has a name and, under CONFIG_LOCKDEP, a class: the order in which
 * classes nest is recorded, and the first contradiction panics with both chains (core/lockdep.c). The intended order stands in
 * core/lockorder.h.
 *
 * What kind of lock it is, Kconfig chooses: core/lock/KIND.h has struct spin_word, which is free when it is all zero, and
 * spin_word_take(), _try(), _leave() and _taken(); core/lock/KIND.c has what a CPU does that must wait (docs/locks.md).
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include <arch/cpu.h>
#include <arch/mark.h>
#include <core/lockdep.h>
#include <core/preempt.h>
#include <lib/types.h>

#include CONFIG_SPINLOCK_HEADER

struct spinlock {
	struct spin_word word;
	struct lock_class dep;
};

#define SPINLOCK_INIT(lockname) { .dep = LOCK_CLASS_INIT(lockname) }

/* `name` is a string literal: it is the class. */
#define spin_init(l, lockname) (*(l) = (struct spinlock)SPINLOCK_INIT(lockname))

/* With LOCK_STATS: as below, and counted (core/lockstat.c); what was got by trying is only counted. */
void spin_take_counted(struct spinlock *l);
void spin_tried_counted(struct spinlock *l);
void spin_leave_counted(struct spinlock *l);

/* Without lockdep, for the one lock that sleepers take too: core/biglock.h. */
static inline void spin_take(struct spinlock *l)
{
	mark(MARK_WANT, l);
	if (LOCK_STATS)
		spin_take_counted(l);
	else
		spin_word_take(&l->word);
	mark(MARK_TAKEN, l);
}

static inline void spin_leave(struct spinlock *l)
{
	mark(MARK_LEAVE, l);
	if (LOCK_STATS)
		spin_leave_counted(l);
	else
		spin_word_leave(&l->word);
	mark(MARK_LEFT, l);
}

static inline void spin_lock(struct spinlock *l)
{
	lockdep_acquire(&l->dep, false);
	spin_take(l);
}

static inline bool spin_trylock(struct spinlock *l)
{
	mark(MARK_WANT, l);
	if (!spin_word_try(&l->word)) {
		mark(MARK_LEFT, l);
		return false;
	}
	mark(MARK_TAKEN, l);
	if (LOCK_STATS)
		spin_tried_counted(l);
	lockdep_acquire(&l->dep, true);
	return true;
}

static inline void spin_unlock(struct spinlock *l)
{
	lockdep_release(&l->dep);
	spin_leave(l);
	preempt_point(PREEMPT_DELAY);
}

static inline u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	spin_unlock(l);
	irq_restore(flags);
	preempt_point(PREEMPT_DELAY);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return spin_word_taken(&l->word);
}

#endif
