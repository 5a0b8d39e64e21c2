/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers that take no lock and write nothing that others write: what they find stays until they have left, because who takes it
 * away waits for them before freeing it. Read-copy update (McKenney and Slingwine, PDCS 1998), with the waiting of Fraser's epochs
 * (University of Cambridge, UCAM-CL-TR-579, 2004, section 5.2.3): a reader says that it reads in a word of its own CPU.
 *
 * Who changes what is read so does it under its lock, one aligned word after the other, so that each state in between is one in
 * which a reader may miss something but finds nothing wrong. Between enter and leave a thread neither sleeps nor touches an
 * application's memory; it may be interrupted. Handlers of interrupts are no readers. Not nested.
 */
#ifndef CORE_READERS_H
#define CORE_READERS_H

#include <core/panic.h>
#include <core/percpu.h>

DECLARE_PERCPU(u32, readers_inside); /* written by its CPU: odd while it reads */

static inline void readers_enter(void)
{
	/* Before anything is read, in the order of all CPUs: who does not see it has taken away before we look. */
	u32 now = __atomic_add_fetch(this_cpu_ptr(readers_inside), 1, __ATOMIC_SEQ_CST);

	assert(now & 1);
	(void)now;
}

static inline void readers_leave(void)
{
	u32 *inside = this_cpu_ptr(readers_inside);

	assert(*inside & 1);
	__atomic_store_n(inside, *inside + 1, __ATOMIC_RELEASE);
}

/* Does this CPU read just now? */
static inline bool readers_here(void)
{
	return *this_cpu_ptr(readers_inside) & 1;
}

/*
 * Returns when all have left who may have found what the caller took away. That is soon, since they do not sleep; it waits
 * spinning, with interrupts on and without spinlocks.
 */
void readers_wait(void);

#endif
