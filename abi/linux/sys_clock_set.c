/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting the clock: clock_settime(2) and settimeofday(2). Only CLOCK_REALTIME can be set, by user 0. */
#include <generated/syscall_proto.h>

#include <abi/linux/interval.h>
#include <core/printk.h>
#include <isolation/proc.h>

static struct mutex clock_watch_lock = MUTEX_INIT("clock watches", clock_watch_lock); /* (S): above every watcher's own lock */
static struct list clock_watches = LIST_INIT(clock_watches);

void clock_watch_add(struct clock_watch *w)
{
	mutex_lock(&clock_watch_lock);
	list_add_tail(&w->link, &clock_watches);
	mutex_unlock(&clock_watch_lock);
}

void clock_watch_remove(struct clock_watch *w)
{
	mutex_lock(&clock_watch_lock);
	list_remove(&w->link);
	mutex_unlock(&clock_watch_lock);
}

/* As Linux: a time in which the machine was not yet up would make CLOCK_MONOTONIC older than time itself. */
static long set_realtime(u64 ns)
{
	if (ns == NO_DEADLINE || ns < clock_ns())
		return -EINVAL;
	if (cred_current()->euid != 0)
		return -EPERM;

	struct clock_watch *w;

	mutex_lock(&clock_watch_lock);
	clock_set_realtime(ns);
	list_for_each_entry(w, &clock_watches, link)
		w->fn(w);
	mutex_unlock(&clock_watch_lock);
	return 0;
}

long sys_clock_settime(int clock, uaddr_t ts)
{
	u64 ns;
	int error;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	error = timespec_copyin(ts, &ns);
	return error ? error : set_realtime(ns);
}

long sys_settimeofday(uaddr_t utv, uaddr_t utz)
{
	struct timezone32 tz;
	struct timeval64 tv;
	u64 ns;

	if (utv && copyin(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (utz && copyin(&tz, utz, sizeof(tz)))
		return -EFAULT;
	if (utz && (tz.minuteswest || tz.dsttime)) {
		refuse("settimeofday", EINVAL, "there are no time zones in this kernel: they are the C library's business");
		return -EINVAL;
	}
	if (!utv)
		return 0;
	if (tv.usec < 0 || tv.usec >= 1000000)
		return -EINVAL;

	struct timespec64 ts = {tv.sec, tv.usec * (i64)NSEC_PER_USEC};

	return timespec_ns(&ts, &ns) ? -EINVAL : set_realtime(ns);
}
