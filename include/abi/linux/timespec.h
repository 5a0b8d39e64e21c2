/* SPDX-License-Identifier: BSD-2-Clause */
/* Between ns and the time structures of the application. */
#ifndef ABI_LINUX_TIMESPEC_H
#define ABI_LINUX_TIMESPEC_H

#include <core/block.h>
#include <core/time.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <uapi/linux/time.h>

#define SECONDS_MAX ((i64)(INT64_MAX / NSEC_PER_SEC)) /* some 292 years: what ns in 64 bits can hold */

static inline struct timespec64 timespec_of(u64 ns)
{
	return (struct timespec64){(i64)(ns / NSEC_PER_SEC), (i64)(ns % NSEC_PER_SEC)};
}

static inline struct timeval64 timeval_of(u64 ns)
{
	return (struct timeval64){(i64)(ns / NSEC_PER_SEC), (i64)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};
}

/* A sum of two times that may be for ever. */
static inline u64 time_add(u64 a, u64 b)
{
	return a + b < a ? NO_DEADLINE : a + b;
}

/* 0, -EINVAL (negative, or a second or more in the fraction). Too long to count is for ever: NO_DEADLINE. */
static inline int timespec_ns(const struct timespec64 *ts, u64 *ns)
{
	if (ts->sec < 0 || ts->nsec < 0 || ts->nsec >= (i64)NSEC_PER_SEC)
		return -EINVAL;
	*ns = ts->sec >= SECONDS_MAX ? NO_DEADLINE : (u64)ts->sec * NSEC_PER_SEC + (u64)ts->nsec;
	return 0;
}

/* As timespec_ns(), from the application. Also -EFAULT. */
static inline int timespec_copyin(uaddr_t from, u64 *ns)
{
	struct timespec64 ts;

	return copyin(&ts, from, sizeof(ts)) ? -EFAULT : timespec_ns(&ts, ns);
}

static inline int timespec_copyout(uaddr_t to, u64 ns)
{
	struct timespec64 ts = timespec_of(ns);

	return copyout(to, &ts, sizeof(ts));
}

/* A point in CLOCK_REALTIME as one in CLOCK_MONOTONIC, by how far apart they are now. */
static inline u64 realtime_to_monotonic(u64 ns)
{
	u64 mono = clock_ns(), real = clock_realtime_ns();

	if (ns == NO_DEADLINE)
		return ns;
	return ns > real ? time_add(mono, ns - real) : mono;
}

#endif
