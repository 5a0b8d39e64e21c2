/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mcs.c - MCS spinlocks: lists of waiting CPUs.
 *
 * A CPU's nodes are given out and taken back by a word of bits that only this CPU touches. An interrupt may come between any two
 * instructions of that: it gives back what it takes before it returns, so that the word is again what it was.
 */
#include <core/lock/mcs.h>

#include <core/panic.h>
#include <core/percpu.h>

#include "wait.h"

struct spin_node {
	struct spin_node *next; /* a: who waits for this one */
	bool waits;             /* a: cleared by the one before */
} __aligned(64);

struct spin_nodes {
	struct spin_node node[SPIN_NODES];
	u32 used; /* own CPU: a bit for each */
};

static DEFINE_PERCPU(struct spin_nodes, spin_nodes);

static_assert(CPUS_MAX * SPIN_NODES < 0x10000, "a node's name has 16 bits");
static_assert(SPIN_NODES <= 32, "a bit for each node");

static u16 name_of(unsigned number)
{
	return (u16)(this_cpu_id() * SPIN_NODES + number + 1);
}

static struct spin_node *node_named(u16 name)
{
	return &cpu_ptr(spin_nodes, (name - 1u) / SPIN_NODES)->node[(name - 1u) % SPIN_NODES];
}

static unsigned node_get(void)
{
	struct spin_nodes *mine = this_cpu_ptr(spin_nodes);
	unsigned number = (unsigned)__builtin_ctz(~READ_ONCE(mine->used) | BIT(31));

	if (unlikely(number >= SPIN_NODES))
		panic("spinlock: this CPU has %u of them already, and no list node for another", SPIN_NODES);
	WRITE_ONCE(mine->used, mine->used | 1u << number);
	WRITE_ONCE(mine->node[number].next, NULL);
	WRITE_ONCE(mine->node[number].waits, true);
	return number;
}

static void node_put(unsigned number)
{
	struct spin_nodes *mine = this_cpu_ptr(spin_nodes);

	WRITE_ONCE(mine->used, mine->used & ~(1u << number));
}

/* Behind the node called `last`, until it leaves. */
static __cold __attribute__((noinline)) void spin_wait(struct spin_word *w, struct spin_node *me, u16 last, const void *from)
{
	spin_wait_begins(w, from);
	__atomic_store_n(&node_named(last)->next, me, __ATOMIC_RELEASE);
	do
		spin_pause();
	while (__atomic_load_n(&me->waits, __ATOMIC_ACQUIRE));
}

void spin_word_take(struct spin_word *w)
{
	unsigned number = node_get();
	u16 name = name_of(number);
	u16 last = __atomic_exchange_n(&w->tail, name, __ATOMIC_ACQ_REL);

	if (unlikely(last))
		spin_wait(w, node_named(name), last, __builtin_return_address(0));
	w->holder = (u16)number;
}

bool spin_word_try(struct spin_word *w)
{
	unsigned number;
	u16 nobody = 0;

	if (READ_ONCE(w->tail))
		return false;
	number = node_get();
	if (!__atomic_compare_exchange_n(&w->tail, &nobody, name_of(number), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		node_put(number);
		return false;
	}
	w->holder = (u16)number;
	return true;
}

void spin_word_leave(struct spin_word *w)
{
	unsigned number = w->holder;
	u16 name = name_of(number), last = name;
	struct spin_node *me = node_named(name), *next = __atomic_load_n(&me->next, __ATOMIC_ACQUIRE);

	/* Nobody behind it; or somebody who has put its name into the word, and has not written `next` yet. */
	if (!next && !__atomic_compare_exchange_n(&w->tail, &last, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		while (!(next = __atomic_load_n(&me->next, __ATOMIC_ACQUIRE)))
			spin_pause();
	if (next)
		__atomic_store_n(&next->waits, false, __ATOMIC_RELEASE);
	node_put(number);
}
