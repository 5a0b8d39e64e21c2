/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as an MCS lock: who waits stands in a list and looks at a word in a cache line of its own, which the one
 * before it writes once. Fair; a hand-over moves a fixed number of lines however many wait. Mellor-Crummey and Scott,
 * "Algorithms for Scalable Synchronization on Shared-Memory Multiprocessors" (ACM TOCS 9(1), 1991), section 2.4.
 *
 * There a caller brings the list node. Here no caller has one, so each CPU has SPIN_NODES of them, one for each spinlock that it
 * holds or waits for at once; with one more the kernel panics. A lock is released on the CPU that took it, since nobody sleeps
 * with one, so the node's number on its CPU is all that the word must remember of its holder. Only core/spinlock.h includes it.
 */
#ifndef CORE_LOCK_MCS_H
#define CORE_LOCK_MCS_H

#include <lib/types.h>

#define SPIN_NODES 16

struct spin_word {
	u16 tail;   /* a: the node of who came last, as CPU * SPIN_NODES + number + 1; 0: free */
	u16 holder; /* by the holder: its node's number */
};

/* Too long to stand in every place that takes a lock. */
void spin_word_take(struct spin_word *w);
bool spin_word_try(struct spin_word *w);
void spin_word_leave(struct spin_word *w);

static inline bool spin_word_taken(const struct spin_word *w)
{
	return READ_ONCE(w->tail);
}

#endif
