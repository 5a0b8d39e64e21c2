/* SPDX-License-Identifier: BSD-2-Clause */
/* spinlock.c - what a CPU does that finds a lock taken: kept out of every place that takes one. */
#include <core/spinlock.h>

#include <core/trace.h>

void spin_wait(struct spinlock *l, u16 ticket)
{
	trace(TRACE_LOCK_WAIT, (u64)l, (u64)__builtin_return_address(0));
	do
		cpu_pause();
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket);
	trace(TRACE_LOCK_TAKEN, (u64)l, 0);
}
