/* SPDX-License-Identifier: BSD-2-Clause */
/* What the slow paths of all kinds of spinlock have in common. */
#ifndef CORE_LOCK_WAIT_H
#define CORE_LOCK_WAIT_H

#include <arch/cpu.h>
#include <core/lockstat.h>
#include <core/trace.h>

struct spin_word;

/* `from` took the lock, and has to wait. */
static inline void spin_wait_begins(const struct spin_word *w, const void *from)
{
	trace(TRACE_LOCK_WAIT, (u64)w, (u64)from);
}

/* Once in each round of each loop that waits. */
static inline void spin_pause(void)
{
	if (LOCK_STATS)
		(*this_cpu_ptr(lock_spins))++;
	cpu_pause();
}

#endif
