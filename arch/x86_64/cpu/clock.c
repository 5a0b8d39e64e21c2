/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time from the TSC, and this CPU's one-shot timer in its local APIC. Both rates are measured once at boot, in one window
 * of some milliseconds, against a counter of known rate.
 *
 * Every reading of another counter is stamped with the TSC before and after; of several tries the one with the shortest
 * gap counts, so that an interrupted or descheduled (emulated) CPU does not spoil the result. The wait between is made of
 * plain instructions: a loop that reads devices would cost the host seconds under QEMU's -icount.
 *
 * Assumes that TSCs of all CPUs run together (arch_start_cpus() warns when they do not). ns = ticks * ns_mult / 2^32.
 */
#include "clock.h"

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/panic.h>
#include <core/printk.h>

#include "apic.h"

#define TRIES 8
#define FS_PER_NS 1000000ul
#define TIMER_DELTA_MAX 4000000000ul /* ns: more than a timer may need to wait before it looks again */

struct stamp {
	u64 tsc;    /* halfway */
	u32 value;
};

static u64 ns_mult;         /* I: ns per TSC tick, 2^-32; 0: not yet calibrated */
static u64 timer_mult;      /* I: APIC ticks per ns, 2^-32 */
static u64 tsc_khz;         /* I */

static u64 scale(u64 value, u64 mult)
{
	return (u64)((unsigned __int128)value * mult >> 32);
}

/* Not before what stands ahead of it: else time could seem to run backwards between CPUs. */
static u64 tsc_ordered(void)
{
	asm volatile("lfence" : : : "memory");
	return cpu_tsc();
}

static struct stamp stamp_take(u32 (*read)(void))
{
	struct stamp best = { 0 };
	u64 shortest = ~0ul;

	for (unsigned i = 0; i < TRIES; i++) {
		u64 before = tsc_ordered();
		u32 value = read();
		u64 gap = tsc_ordered() - before;

		if (gap < shortest) {
			shortest = gap;
			best = (struct stamp){ .tsc = before + gap / 2, .value = value };
		}
	}
	return best;
}

static void spin_a_little(void)
{
	u32 turns = 2000;

	asm volatile("1: dec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
}

u32 clock_timer_elapsed(void)
{
	return ~0u - lapic_read(LAPIC_TIMER_CURRENT);
}

/* False: the counter stands still. */
static bool reference_wait(const struct clock_reference *ref, u32 start)
{
	u32 ticks = (u32)(ref->window_ns * FS_PER_NS / ref->fs_per_tick);

	for (unsigned turn = 0;; turn++) {
		u32 elapsed = (ref->read() - start) & ref->mask;

		if (elapsed >= ticks)
			return true;
		if (turn >= 1000 && !elapsed)
			return false;
		spin_a_little();
	}
}

static bool calibrate(const struct clock_reference *ref)
{
	struct stamp ref0, ref1, timer0, timer1;
	u64 ns, tsc;

	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | LVT_MASKED);
	lapic_write(LAPIC_TIMER_INITIAL, ~0u);
	ref0 = stamp_take(ref->read);
	timer0 = stamp_take(clock_timer_elapsed);
	if (!reference_wait(ref, ref0.value))
		return false;
	timer1 = stamp_take(clock_timer_elapsed);
	ref1 = stamp_take(ref->read);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);

	ns = ((ref1.value - ref0.value) & ref->mask) * ref->fs_per_tick / FS_PER_NS;
	tsc = ref1.tsc - ref0.tsc;
	tsc_khz = tsc * 1000000 / ns;
	ns_mult = (ns << 32) / tsc;
	ns = scale(timer1.tsc - timer0.tsc, ns_mult);
	timer_mult = ((u64)(timer1.value - timer0.value) << 32) / ns;
	return true;
}

void arch_clock_init(void)
{
	for (struct clock_reference *ref = clock_references; ref->start; ref++) {
		if (!ref->start() || !calibrate(ref))
			continue;
		pr_info("clock: TSC %lu kHz, APIC timer %lu kHz by %s", tsc_khz,
			scale(1000000, timer_mult), ref->name);
		return;
	}
	panic("no clock to measure the TSC against: neither the APIC timer of a known hypervisor, HPET, PM timer nor PIT counts");
}

u64 arch_clock_ns(void)
{
	return scale(tsc_ordered() - bootinfo.tsc_entry, ns_mult);
}

void arch_clock_scale(u64 *base, u64 *mult)
{
	*base = bootinfo.tsc_entry;
	*mult = ns_mult;
}

u64 arch_tsc_khz(void)
{
	return tsc_khz;
}

void arch_timer_arm(u64 deadline)
{
	u64 now, ticks;

	if (deadline == ~0ul) {
		lapic_write(LAPIC_TIMER_INITIAL, 0);
		return;
	}
	now = arch_clock_ns();
	ticks = deadline > now ? scale(MIN(deadline - now, TIMER_DELTA_MAX), timer_mult) : 0;
	/* One more: early by a fraction would mean to arm again for nothing. */
	lapic_write(LAPIC_TIMER_INITIAL, (u32)MIN(ticks + 1, (u64)~0u));
}

void clock_delay_us(u64 us)
{
	u64 end = arch_clock_ns() + us * 1000;

	while (arch_clock_ns() < end)
		spin_a_little();
}
