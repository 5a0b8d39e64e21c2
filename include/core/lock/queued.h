/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as a queued lock: free and held like test-and-set, one CPU waits at the word itself, the others in an MCS
 * list whose tail stands in the same 32 bits. So a lock that few want costs one atomic operation and no list node, and its holder
 * needs none. Fair but for the one that waits at the word. The idea is Linux's qspinlock, as described by Corbet, "MCS locks and
 * qspinlocks" (LWN, 2014); the list, Mellor-Crummey and Scott (ACM TOCS 9(1), 1991). Only core/spinlock.h includes it.
 */
#ifndef CORE_LOCK_QUEUED_H
#define CORE_LOCK_QUEUED_H

#include <lib/types.h>

/*
 * Bit 0: held. Bit 8: one waits at the word, and has it next. Bits 16 to 31: 0, or the list node of who came last, as
 * CPU * SPIN_NODES + depth + 1.
 */
struct spin_word {
	union {
		u32 word;  /* a */
		u8 locked; /* a: its low byte (x86 is little-endian), which the holder alone clears */
	};
};

#define SPIN_LOCKED 0x1u
#define SPIN_PENDING 0x100u
#define SPIN_TAIL 0xffff0000u
#define SPIN_TAIL_SHIFT 16
#define SPIN_NODES 4 /* waits of one CPU within one another: a thread's, an interrupt's; handlers do not nest */

/* `seen` is what stood in the word. */
void spin_wait(struct spin_word *w, u32 seen) __cold;

static inline void spin_word_take(struct spin_word *w)
{
	u32 seen = 0;

	if (unlikely(!__atomic_compare_exchange_n(&w->word, &seen, SPIN_LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		spin_wait(w, seen);
}

static inline bool spin_word_try(struct spin_word *w)
{
	u32 nobody = 0;

	return __atomic_compare_exchange_n(&w->word, &nobody, SPIN_LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_word_leave(struct spin_word *w)
{
	__atomic_store_n(&w->locked, 0, __ATOMIC_RELEASE);
}

/* Also when it is free for a moment, and others wait. */
static inline bool spin_word_taken(const struct spin_word *w)
{
	return READ_ONCE(w->word);
}

#endif
