/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code that runs in the application: clocks without a system call. It is compiled and linked by itself, mapped into every
 * process by abi/linux/vdso_map.c, and found by libc through AT_SYSINFO_EHDR. The same arithmetic as the kernel's own clock
 * (arch/x86_64/cpu/clock.c, core/time.c), so that both give the same digits. What it does not know it asks the kernel.
 * Names and versions: vdso(7).
 */
#include <abi/linux/vdso_data.h>
#include <generated/syscall_nr.h>
#include <uapi/linux/time.h>

#define NSEC_PER_SEC 1000000000ul

extern const struct vdso_data vvar __attribute__((visibility("hidden"))); /* image.lds: the page below this image */

int __vdso_clock_gettime(int clock, struct timespec64 *ts);
int __vdso_clock_getres(int clock, struct timespec64 *ts);
int __vdso_gettimeofday(struct timeval64 *tv, struct timezone32 *tz);
i64 __vdso_time(i64 *to);
int __vdso_getcpu(u32 *cpu, u32 *node, void *unused);

static long system_call(long nr, u64 a, u64 b, u64 c)
{
	long result;

	asm volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

/* As the kernel reads it: not before what stands ahead. */
static u64 monotonic_ns(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");

	u64 ticks = ((u64)high << 32 | low) - vvar.tsc_base;

	return (u64)((unsigned __int128)ticks * vvar.ns_mult >> 32);
}

static u64 realtime_ns(void)
{
	return monotonic_ns() + __atomic_load_n(&vvar.realtime_offset, __ATOMIC_RELAXED);
}

enum which { REAL, MONOTONIC, UNKNOWN };

static enum which which_clock(int clock)
{
	if (!vvar.ns_mult)
		return UNKNOWN;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)
		return REAL;
	if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
	    clock == CLOCK_BOOTTIME)
		return MONOTONIC;
	return UNKNOWN;
}

int __vdso_clock_gettime(int clock, struct timespec64 *ts)
{
	enum which which = which_clock(clock);

	if (which == UNKNOWN)
		return (int)system_call(SYS_clock_gettime, (u64)clock, (u64)ts, 0);

	u64 ns = which == REAL ? realtime_ns() : monotonic_ns();

	ts->sec = (i64)(ns / NSEC_PER_SEC);
	ts->nsec = (i64)(ns % NSEC_PER_SEC);
	return 0;
}

int __vdso_clock_getres(int clock, struct timespec64 *ts)
{
	if (which_clock(clock) == UNKNOWN)
		return (int)system_call(SYS_clock_getres, (u64)clock, (u64)ts, 0);
	if (ts)
		*ts = (struct timespec64){0, 1};
	return 0;
}

int __vdso_gettimeofday(struct timeval64 *tv, struct timezone32 *tz)
{
	if (!vvar.ns_mult)
		return (int)system_call(SYS_gettimeofday, (u64)tv, (u64)tz, 0);
	if (tv) {
		u64 ns = realtime_ns();

		tv->sec = (i64)(ns / NSEC_PER_SEC);
		tv->usec = (i64)(ns % NSEC_PER_SEC / 1000);
	}
	if (tz)
		*tz = (struct timezone32){0, 0};
	return 0;
}

i64 __vdso_time(i64 *to)
{
	if (!vvar.ns_mult)
		return system_call(SYS_time, (u64)to, 0, 0);

	i64 now = (i64)(realtime_ns() / NSEC_PER_SEC);

	if (to)
		*to = now;
	return now;
}

int __vdso_getcpu(u32 *cpu, u32 *node, void *unused)
{
	u32 number;

	(void)unused;
	if (!vvar.cpu_by_rdtscp)
		return (int)system_call(SYS_getcpu, (u64)cpu, (u64)node, 0);
	asm volatile("rdtscp" : "=c"(number) : : "rax", "rdx");
	if (cpu)
		*cpu = number;
	if (node)
		*node = 0;
	return 0;
}
