/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queued.c - what a CPU does that finds a queued lock taken: waits at the word when it is the first, else in the list.
 *
 * While anything but 0 stands in the word, nobody overtakes: a newcomer takes the lock at once only if all of it is 0. Who waits
 * at the word owns the pending bit, and waits for the holder alone. The head of the list waits for both.
 */
#include <core/lock/queued.h>

#include <core/panic.h>
#include <core/percpu.h>

#include "wait.h"

struct spin_node {
	struct spin_node *next; /* a: who came after */
	bool waits;             /* a: cleared by the one before */
} __aligned(64);

struct spin_nodes {
	struct spin_node node[SPIN_NODES];
	unsigned depth; /* own CPU: nodes in use; an interrupt leaves it as it was */
};

static DEFINE_PERCPU(struct spin_nodes, spin_nodes);

static_assert(CPUS_MAX * SPIN_NODES < 0x10000, "a node's name has 16 bits");

static struct spin_node *node_named(u32 name)
{
	return &cpu_ptr(spin_nodes, (name - 1) / SPIN_NODES)->node[(name - 1) % SPIN_NODES];
}

/* As the first to wait: true when the lock is had, false when others wait already. */
static bool wait_at_word(struct spin_word *w)
{
	u32 seen = __atomic_fetch_or(&w->word, SPIN_PENDING, __ATOMIC_ACQUIRE);

	if (seen & (SPIN_PENDING | SPIN_TAIL)) {
		if (!(seen & SPIN_PENDING)) /* it is ours, and was not due to us */
			__atomic_fetch_and(&w->word, ~SPIN_PENDING, __ATOMIC_RELAXED);
		return false;
	}
	while (__atomic_load_n(&w->word, __ATOMIC_ACQUIRE) & SPIN_LOCKED)
		spin_pause();
	__atomic_fetch_add(&w->word, SPIN_LOCKED - SPIN_PENDING, __ATOMIC_ACQUIRE);
	return true;
}

/* Puts this name where the last one's was, which is the answer; 0: the list was empty. */
static u32 become_last(struct spin_word *w, u32 name)
{
	u32 seen = __atomic_load_n(&w->word, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(&w->word, &seen, (seen & ~SPIN_TAIL) | name << SPIN_TAIL_SHIFT, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED))
		;
	return seen >> SPIN_TAIL_SHIFT;
}

/* The head of the list takes the lock when nobody holds it and nobody waits at the word: true if the list is empty then. */
static bool take_as_head(struct spin_word *w, u32 name)
{
	u32 seen = __atomic_load_n(&w->word, __ATOMIC_ACQUIRE), want;

	for (;;) {
		if (seen & (SPIN_LOCKED | SPIN_PENDING)) {
			spin_pause();
			seen = __atomic_load_n(&w->word, __ATOMIC_ACQUIRE);
			continue;
		}
		want = seen >> SPIN_TAIL_SHIFT == name ? SPIN_LOCKED : seen | SPIN_LOCKED;
		if (__atomic_compare_exchange_n(&w->word, &seen, want, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return want == SPIN_LOCKED;
	}
}

static void wait_in_list(struct spin_word *w)
{
	struct spin_nodes *mine = this_cpu_ptr(spin_nodes);
	unsigned depth = READ_ONCE(mine->depth);
	struct spin_node *me = &mine->node[depth], *next;
	u32 name = this_cpu_id() * SPIN_NODES + depth + 1, last;

	if (depth == SPIN_NODES)
		panic("spinlock: this CPU waits for %u of them already, and has no list node for another", SPIN_NODES);
	WRITE_ONCE(mine->depth, depth + 1);
	WRITE_ONCE(me->next, NULL);
	WRITE_ONCE(me->waits, true);
	last = become_last(w, name);
	if (last) {
		__atomic_store_n(&node_named(last)->next, me, __ATOMIC_RELEASE);
		while (__atomic_load_n(&me->waits, __ATOMIC_ACQUIRE))
			spin_pause();
	}
	if (!take_as_head(w, name)) {
		while (!(next = __atomic_load_n(&me->next, __ATOMIC_ACQUIRE)))
			spin_pause();
		__atomic_store_n(&next->waits, false, __ATOMIC_RELEASE);
	}
	WRITE_ONCE(mine->depth, depth);
}

void spin_wait(struct spin_word *w, u32 seen)
{
	spin_wait_begins(w, __builtin_return_address(0));
	if ((seen & ~SPIN_LOCKED) || !wait_at_word(w))
		wait_in_list(w);
}
