/* SPDX-License-Identifier: BSD-2-Clause */
/* readers.c - waiting for those who read without a lock. Called by who takes names and descriptors away (fs). */
#include <core/readers.h>

#include <arch/cpu.h>
#include <core/lockdep.h>
#include <lib/bitmap.h>

DEFINE_PERCPU(u32, readers_inside);

void readers_wait(void)
{
	size_t cpu;

	lockdep_assert_may_sleep("readers_wait");
	BUG_ON(readers_here());
	/* What was taken away is away before we look who reads: pairs with readers_enter(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		const u32 *inside = cpu_ptr(readers_inside, cpu);
		u32 seen = __atomic_load_n(inside, __ATOMIC_ACQUIRE);

		/* Another value: it has left, and if it reads again, it began after the fence. */
		while ((seen & 1) && __atomic_load_n(inside, __ATOMIC_ACQUIRE) == seen)
			cpu_pause();
	}
}
