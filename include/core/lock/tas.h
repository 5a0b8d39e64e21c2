/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as test-and-set: each try is an exchange, which takes the cache line away from everybody, the holder too.
 * Not fair: who is nearest to the line has it again. Here to be measured against (Anderson, "The Performance of Spin Lock
 * Alternatives for Shared-Memory Multiprocessors", IEEE TPDS 1(1), 1990). Only core/spinlock.h includes it, and ttas.h.
 */
#ifndef CORE_LOCK_TAS_H
#define CORE_LOCK_TAS_H

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
