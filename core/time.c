/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.c - the two clocks. CLOCK_MONOTONIC is the machine's; CLOCK_REALTIME is that plus an offset,
 * read once from the real-time clock at boot.
 */
#include <core/time.h>

#include <arch/machine.h>

static u64 offset_here;
static u64 *realtime_offset = &offset_here; /* ns; the word: a */

u64 clock_ns(void)
{
	return arch_clock_ns();
}

u64 clock_realtime_ns(void)
{
	return clock_ns() + __atomic_load_n(realtime_offset, __ATOMIC_RELAXED);
}

void clock_set_realtime(u64 ns)
{
	__atomic_store_n(realtime_offset, ns - clock_ns(), __ATOMIC_RELAXED);
}

void clock_share_offset(u64 *word)
{
	*word = *realtime_offset;
	__atomic_store_n(&realtime_offset, word, __ATOMIC_RELEASE);
}

void time_init(void)
{
	clock_set_realtime(arch_rtc_seconds() * NSEC_PER_SEC);
}
