/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks: fair, one word. The kernel is not preempted, so a plain spin_lock() is enough between threads; a lock
 * that an interrupt handler also takes must be taken with spin_lock_irqsave(). Every lock has a name and, under
 * CONFIG_LOCKDEP, a class: the order in which classes nest is recorded, and the first contradiction panics with both
 * chains (core/lockdep.c). The intended order stands in core/lockorder.h.
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include <arch/cpu.h>
#include <core/lockdep.h>
#include <core/preempt.h>
#include <lib/types.h>

struct spinlock {
	u16 next;  /* a: ticket to hand out */
	u16 owner; /* a: ticket being served */
	struct lock_class dep;
};

#define SPINLOCK_INIT(lockname) { .dep = LOCK_CLASS_INIT(lockname) }

/* `name` is a string literal: it is the class. */
#define spin_init(l, lockname) (*(l) = (struct spinlock)SPINLOCK_INIT(lockname))

/* Until `ticket` is served. */
void spin_wait(struct spinlock *l, u16 ticket) __cold;

static inline void spin_lock(struct spinlock *l)
{
	lockdep_acquire(&l->dep, false);

	u16 ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(l, ticket);
}

static inline bool spin_trylock(struct spinlock *l)
{
	u16 owner = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);

	if (!__atomic_compare_exchange_n(&l->next, &owner, (u16)(owner + 1), false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	lockdep_acquire(&l->dep, true);
	return true;
}

static inline void spin_unlock(struct spinlock *l)
{
	lockdep_release(&l->dep);
	__atomic_store_n(&l->owner, (u16)(l->owner + 1), __ATOMIC_RELEASE);
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
	return READ_ONCE(l->next) != READ_ONCE(l->owner);
}

#endif
