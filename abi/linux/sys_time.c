/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks and sleeping: clock_gettime(2), clock_getres(2), gettimeofday(2), time(2), times(2), nanosleep(2),
 * clock_nanosleep(2). Every clock counts ns here, the coarse ones too. Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/cputime.h>
#include <abi/linux/restart.h>
#include <abi/linux/timespec.h>
#include <core/printk.h>
#include <isolation/proc.h>

static int thread_clock(int tid, u64 *ns)
{
	mutex_lock(&proc_lock);
	struct task *t = tid ? task_find(tid) : task_current();
	bool found = t && t->proc == proc_current();

	if (found)
		*ns = thread_cpu_ns(&t->thread);
	mutex_unlock(&proc_lock);
	return found ? 0 : -EINVAL;
}

static int process_clock(int pid, u64 *ns)
{
	struct proc *p = pid ? proc_find(pid) : NULL;

	if (pid && !p)
		return -EINVAL;
	*ns = proc_cpu_ns(p ? p : proc_current());
	if (p)
		proc_put(p);
	return 0;
}

/* The clocks with a name of their own in the number: those of any process, and of any thread of this one. */
static int cpu_clock(int clock, u64 *ns)
{
	int id = ~(clock >> 3);

	if ((clock & CPUCLOCK_KIND) > CPUCLOCK_SCHED || id < 0)
		return -EINVAL;
	return clock & CPUCLOCK_PERTHREAD ? thread_clock(id, ns) : process_clock(id, ns);
}

static int clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* nobody told us the leap seconds: offset 0, as Linux starts */
		*ns = clock_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = clock_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = proc_cpu_ns(proc_current());
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = thread_cpu_ns(current());
		return 0;
	}
	return clock < 0 ? cpu_clock(clock, ns) : -EINVAL;
}

long sys_clock_gettime(int clock, uaddr_t ts)
{
	u64 ns;
	int error = clock_read(clock, &ns);

	return error ? error : timespec_copyout(ts, ns);
}

long sys_clock_getres(int clock, uaddr_t ts)
{
	u64 ns;
	int error = clock_read(clock, &ns);

	return error || !ts ? error : timespec_copyout(ts, 1);
}

long sys_gettimeofday(uaddr_t tv, uaddr_t tz)
{
	struct timeval64 now = timeval_of(clock_realtime_ns());
	struct timezone32 utc = {0};

	if (tv && copyout(tv, &now, sizeof(now)))
		return -EFAULT;
	if (tz && copyout(tz, &utc, sizeof(utc)))
		return -EFAULT;
	return 0;
}

long sys_time(uaddr_t tloc)
{
	i64 now = (i64)(clock_realtime_ns() / NSEC_PER_SEC);

	if (tloc && copyout(tloc, &now, sizeof(now)))
		return -EFAULT;
	return now;
}

static i64 ticks(u64 ns)
{
	return (i64)(ns / (NSEC_PER_SEC / CLK_TCK));
}

long sys_times(uaddr_t buf)
{
	struct proc *p = proc_current();

	struct usage own = proc_usage(p);

	mutex_lock(&proc_lock);
	struct usage waited = p->waited;
	mutex_unlock(&proc_lock);

	struct tms64 tms = {
		.utime = ticks(own.user_ns),
		.stime = ticks(own.system_ns),
		.cutime = ticks(waited.user_ns),
		.cstime = ticks(waited.system_ns),
	};

	if (buf && copyout(buf, &tms, sizeof(tms)))
		return -EFAULT;
	return ticks(clock_ns());
}

static long sleep_on(const struct restart_block *r);

/*
 * Sleeps until `deadline` (CLOCK_MONOTONIC). Interrupted, an absolute sleep can simply be done again; a relative one reports
 * what is left and ends with EINTR when a handler runs (nanosleep(2)), else goes on to its deadline by restart_syscall(2).
 */
static long sleep_until(u64 deadline, bool absolute, uaddr_t remain)
{
	if (!thread_sleep_until(deadline))
		return 0;
	if (absolute)
		return -ERESTARTNOHAND;

	task_current()->restart = (struct restart_block){.fn = sleep_on, .deadline = deadline, .addr = remain};

	u64 now = clock_ns();

	if (remain && timespec_copyout(remain, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_on(const struct restart_block *r)
{
	return sleep_until(r->deadline, false, r->addr);
}

/* Called by nobody but the kernel's own way back (signal.c); Linux answers EINTR to others. */
long sys_restart_syscall(void)
{
	struct restart_block r = task_current()->restart;

	task_current()->restart.fn = NULL;
	return r.fn ? r.fn(&r) : -EINTR;
}

long sys_nanosleep(uaddr_t request, uaddr_t remain)
{
	u64 ns;
	int error = timespec_copyin(request, &ns);

	return error ? error : sleep_until(time_add(clock_ns(), ns), false, remain);
}

long sys_clock_nanosleep(int clock, int flags, uaddr_t request, uaddr_t remain)
{
	bool absolute = flags & TIMER_ABSTIME;
	bool realtime = clock == CLOCK_REALTIME || clock == CLOCK_TAI;
	u64 ns, now;
	int error = clock_read(clock, &now);

	if (error || clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	if (!realtime && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) {
		refuse("clock_nanosleep", EOPNOTSUPP, "one can sleep by the real-time and monotonic clocks only");
		return -EOPNOTSUPP;
	}
	error = timespec_copyin(request, &ns);
	if (error)
		return error;
	if (!absolute)
		return sleep_until(time_add(clock_ns(), ns), false, remain);
	return sleep_until(realtime ? realtime_to_monotonic(ns) : ns, true, 0);
}
