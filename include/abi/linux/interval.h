/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What timerfd_create(2) and timer_create(2) have in common: a deadline by some clock, perhaps again and again. After it has
 * fired, the timer below rests until somebody takes notice; the periods that ended meanwhile are counted then. So a period of
 * 1 ns costs no more than a long one.
 */
#ifndef ABI_LINUX_INTERVAL_H
#define ABI_LINUX_INTERVAL_H

#include <abi/linux/timespec.h>
#include <core/time.h>
#include <lib/list.h>

/* The owner's lock guards all of it. */
struct interval {
	struct timer timer;
	int clock;           /* I: CLOCK_* */
	u64 (*now)(const struct interval *i); /* I: of a clock of CPU time, which no timer watches; NULL: CLOCK_MONOTONIC */
	u64 deadline;        /* ns of `now`; 0: off */
	u64 period;          /* ns; 0: once */
	u64 realtime;        /* the deadline by CLOCK_REALTIME, when it was given so and moves with that clock; else 0 */
	bool fired;          /* and nobody took notice: the timer rests */
};

static inline bool clock_is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_TAI;
}

static inline u64 interval_now(const struct interval *i)
{
	return i->now ? i->now(i) : clock_ns();
}

/* What timerfd_settime(2) and timer_settime(2) are given; the timer is not started. */
static inline void interval_set(struct interval *i, u64 value, u64 period, bool absolute)
{
	i->fired = false;
	i->period = period;
	i->realtime = value && absolute && clock_is_realtime(i->clock) ? value : 0;
	if (!value)
		i->deadline = 0;
	else if (i->realtime)
		i->deadline = realtime_to_monotonic(value);
	else
		i->deadline = absolute ? value : time_add(interval_now(i), value);
}

/* It fired: how many further periods have ended since, or will in `rest` ns. The deadline is the next one. Needs a period. */
static inline u64 interval_forward(struct interval *i, u64 rest)
{
	u64 from = time_add(interval_now(i), rest), more = from > i->deadline ? (from - i->deadline) / i->period : 0;
	u64 step = (more + 1) * i->period;

	i->fired = false;
	i->deadline = time_add(i->deadline, step);
	if (i->realtime)
		i->realtime = time_add(i->realtime, step);
	return more;
}

/* ns to the next deadline, at least one; 0: there is none. */
static inline u64 interval_left(const struct interval *i)
{
	u64 now = interval_now(i), next = i->deadline;

	if (!next || (i->fired && !i->period))
		return 0;
	if (i->fired && next <= now)
		next += ((now - next) / i->period + 1) * i->period;
	return next > now ? next - now : 1;
}

struct itimerspec64 {
	struct timespec64 interval, value;
};

static inline int itimerspec_ns(const struct itimerspec64 *its, u64 *value, u64 *period)
{
	int error = timespec_ns(&its->value, value);

	return error ? error : timespec_ns(&its->interval, period);
}

/* Who wants to know when CLOCK_REALTIME is set: sys_clock_set.c. fn may sleep; it is not running any more after the removal. */
struct clock_watch {
	struct list link;
	void (*fn)(struct clock_watch *w);
};

void clock_watch_add(struct clock_watch *w);
void clock_watch_remove(struct clock_watch *w);

#endif
