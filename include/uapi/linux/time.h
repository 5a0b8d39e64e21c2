/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks and interval timers as Linux x86-64 lays them out: clock_gettime(2), setitimer(2), times(2). */
#ifndef UAPI_LINUX_TIME_H
#define UAPI_LINUX_TIME_H

#include <lib/types.h>
#include <uapi/linux/resource.h>
#include <uapi/linux/stat.h>

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_TAI 11

/* A negative clock is the CPU clock of a process or thread: ~id << 3 | kind (clock_getcpuclockid(3)). */
#define CPUCLOCK_KIND 3
#define CPUCLOCK_SCHED 2
#define CPUCLOCK_PERTHREAD 4

#define TIMER_ABSTIME 1

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

struct itimerval64 {
	struct timeval64 interval, value;
};

struct timezone32 {
	i32 minuteswest, dsttime;
};

#define CLK_TCK 100 /* ticks a second of struct tms, sysconf(_SC_CLK_TCK) */

struct tms64 {
	i64 utime, stime, cutime, cstime;
};

#endif
