/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as a ticket lock: who comes draws a number, and all look at the number that is served. Fair; each release
 * is read by every CPU that waits. Reed and Kanodia, "Synchronization with Eventcounts and Sequencers" (CACM 22(2), 1979);
 * Mellor-Crummey and Scott (ACM TOCS 9(1), 1991), section 2.2. Only core/spinlock.h includes it.
 */
#ifndef CORE_LOCK_TICKET_H
#define CORE_LOCK_TICKET_H

#include <lib/types.h>

struct spin_word {
	u16 next;  /* a: ticket to hand out */
	u16 owner; /* a: ticket being served */
};

/* Until `ticket` is served. */
void spin_wait(struct spin_word *w, u16 ticket) __cold;

static inline void spin_word_take(struct spin_word *w)
{
	u16 ticket = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED);

	if (unlikely(__atomic_load_n(&w->owner, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(w, ticket);
}

static inline bool spin_word_try(struct spin_word *w)
{
	u16 owner = __atomic_load_n(&w->owner, __ATOMIC_ACQUIRE); /* what the last one released it by */

	return __atomic_compare_exchange_n(&w->next, &owner, (u16)(owner + 1), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static inline void spin_word_leave(struct spin_word *w)
{
	__atomic_store_n(&w->owner, (u16)(w->owner + 1), __ATOMIC_RELEASE);
}

static inline bool spin_word_taken(const struct spin_word *w)
{
	return READ_ONCE(w->next) != READ_ONCE(w->owner);
}

#endif
