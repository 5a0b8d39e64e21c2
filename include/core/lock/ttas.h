/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as test-and-test-and-set with back-off: who waits reads its own copy of the line until the lock looks
 * free, tries once, and after a try in vain stays away for a time that doubles up to a bound. Not fair. Anderson, "The
 * Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors" (IEEE TPDS 1(1), 1990): a bound near the number of
 * CPUs serves best. Only core/spinlock.h includes it.
 */
#ifndef CORE_LOCK_TTAS_H
#define CORE_LOCK_TTAS_H

#include <lib/types.h>

struct spin_word {
	u8 taken; /* a */
};

void spin_wait(struct spin_word *w) __cold;

static inline bool spin_word_try(struct spin_word *w)
{
	return !__atomic_exchange_n(&w->taken, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_word_take(struct spin_word *w)
{
	if (unlikely(!spin_word_try(w)))
		spin_wait(w);
}

static inline void spin_word_leave(struct spin_word *w)
{
	__atomic_store_n(&w->taken, 0, __ATOMIC_RELEASE);
}

static inline bool spin_word_taken(const struct spin_word *w)
{
	return READ_ONCE(w->taken);
}

#endif
