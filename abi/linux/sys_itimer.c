/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The alarm clocks of a process: setitimer(2), getitimer(2), alarm(2). ITIMER_REAL is a timer in struct proc; ITIMER_VIRTUAL
 * and ITIMER_PROF count the ticks that fall on the process, so they are as coarse as those. All are inherited by nobody and
 * survive exec. What rings them runs in interrupt context.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/cputime.h>
#include <abi/linux/signal.h>
#include <abi/linux/timespec.h>
#include <isolation/proc.h>

/* A program may ask for a signal each µs; going on sooner than this after it was taken would leave the program no time. */
#define TAKEN_REST (100 * NSEC_PER_USEC)

static struct mutex alarm_lock = MUTEX_INIT("alarm", alarm_lock); /* one setter at a time; leaf of the sleeping locks */

/* When a period first ends more than `rest` ns from now, after one that ended at the alarm's deadline. */
static u64 next_period(const struct proc *p, u64 rest)
{
	u64 from = clock_ns() + rest, next = time_add(p->alarm.deadline, p->alarm_interval);

	if (next <= from)
		next = time_add(next, (from - next) / p->alarm_interval * p->alarm_interval + p->alarm_interval);
	return next;
}

/* siglock held. */
static void alarm_go_on(struct proc *p, u64 rest)
{
	if (!p->alarm_rests)
		return;
	p->alarm_rests = false;
	timer_start(&p->alarm, next_period(p, rest));
}

void alarm_taken(struct proc *p)
{
	alarm_go_on(p, TAKEN_REST);
}

void alarm_dropped(struct proc *p)
{
	alarm_go_on(p, UNWANTED_REST);
}

/*
 * It rests while SIGALRM is pending: otherwise a period shorter than this takes would leave the CPU no time for anything else.
 * All of it under the lock: whoever stops the alarm clears the interval first, so that after that nothing starts it again.
 */
void proc_alarm(struct timer *timer)
{
	struct proc *p = container_of(timer, struct proc, alarm);
	u64 flags = spin_lock_irqsave(&p->siglock);
	bool pending = signal_send_alarm(p);

	p->alarm_rests = p->alarm_interval && !p->exiting;
	if (!pending)
		alarm_dropped(p);
	spin_unlock_irqrestore(&p->siglock, flags);
}

struct alarm {
	u64 left, interval; /* ns; left 0: off */
};

/* siglock held. left: at least one, if it will ring: also while it rests, which Linux calls off. */
static struct alarm alarm_now(const struct proc *p)
{
	u64 deadline = p->alarm.deadline, now = clock_ns(), left = 0;

	if (p->alarm_interval && deadline <= now)
		left = next_period(p, 0) - now;
	else if (p->alarm_interval || READ_ONCE(p->alarm.cpu) >= 0)
		left = deadline > now ? deadline - now : 1;
	return (struct alarm){left, p->alarm_interval};
}

static struct alarm alarm_get(struct proc *p)
{
	mutex_lock(&alarm_lock);
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct alarm a = alarm_now(p);

	spin_unlock_irqrestore(&p->siglock, flags);
	mutex_unlock(&alarm_lock);
	return a;
}

/* How it stood; from then on nothing starts it again. */
static struct alarm alarm_stop(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct alarm old = alarm_now(p);

	p->alarm_interval = 0;
	p->alarm_rests = false;
	spin_unlock_irqrestore(&p->siglock, flags);
	timer_cancel(&p->alarm);
	return old;
}

static void alarm_start(struct proc *p, struct alarm to)
{
	u64 flags = spin_lock_irqsave(&p->siglock);

	p->alarm_interval = to.interval;
	timer_start(&p->alarm, time_add(clock_ns(), to.left));
	spin_unlock_irqrestore(&p->siglock, flags);
}

static struct alarm alarm_set(struct proc *p, struct alarm to)
{
	mutex_lock(&alarm_lock);
	struct alarm old = alarm_stop(p);

	if (to.left)
		alarm_start(p, to);
	mutex_unlock(&alarm_lock);
	return old;
}

/* ---- CPU time ---- */

/* siglock held. A tick fell on the process: does the alarm ring? */
static bool cpu_alarm_tick(struct cpu_alarm *a)
{
	if (!a->left)
		return false;
	if (a->left > TICK_NS) {
		a->left -= TICK_NS;
		return false;
	}
	a->left = a->interval;
	return true;
}

/* RLIMIT_CPU: SIGXCPU at the soft limit, which then moves on by a second, and SIGKILL at the hard one. */
static void check_cpu_limit(struct proc *p)
{
	struct rlimit64 *limit = &p->rlimit[RLIMIT_CPU];
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 seconds = proc_cpu_ns_locked(p, 0) / NSEC_PER_SEC;
	int sig = seconds >= limit->max ? SIGKILL : seconds >= limit->cur ? SIGXCPU : 0;

	if (sig == SIGXCPU)
		limit->cur++;
	spin_unlock_irqrestore(&p->siglock, flags);
	if (sig)
		signal_send_proc(p, sig, NULL);
}

void app_tick(bool in_application)
{
	struct proc *p = proc_current();
	bool virtual, prof;

	if (unlikely(READ_ONCE(p->rlimit[RLIMIT_CPU].cur) != RLIM_INFINITY))
		check_cpu_limit(p);
	if (unlikely(READ_ONCE(p->cpu_timers.node)))
		posix_timers_tick(task_current());
	if (likely(!READ_ONCE(p->cpu_alarm_virtual.left) && !READ_ONCE(p->cpu_alarm_prof.left)))
		return;

	u64 flags = spin_lock_irqsave(&p->siglock);

	virtual = in_application && cpu_alarm_tick(&p->cpu_alarm_virtual);
	prof = cpu_alarm_tick(&p->cpu_alarm_prof);
	spin_unlock_irqrestore(&p->siglock, flags);
	if (virtual)
		signal_send_proc(p, SIGVTALRM, NULL);
	if (prof)
		signal_send_proc(p, SIGPROF, NULL);
}

static struct alarm cpu_alarm_exchange(struct cpu_alarm *a, const struct alarm *to)
{
	struct proc *p = proc_current();
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct alarm old = {.left = a->left, .interval = a->interval};

	if (to)
		*a = (struct cpu_alarm){to->left, to->interval};
	spin_unlock_irqrestore(&p->siglock, flags);
	return old;
}

/* ---- the calls ---- */

static int check_which(int which)
{
	return which == ITIMER_REAL || which == ITIMER_VIRTUAL || which == ITIMER_PROF ? 0 : -EINVAL;
}

/* `to` NULL: only asks. */
static struct alarm exchange(int which, const struct alarm *to)
{
	struct proc *p = proc_current();

	if (which == ITIMER_REAL)
		return to ? alarm_set(p, *to) : alarm_get(p);
	return cpu_alarm_exchange(which == ITIMER_PROF ? &p->cpu_alarm_prof : &p->cpu_alarm_virtual, to);
}

static int timeval_ns(const struct timeval64 *tv, u64 *ns)
{
	if (tv->usec < 0 || tv->usec >= 1000000)
		return -EINVAL;

	struct timespec64 ts = {tv->sec, tv->usec * (i64)NSEC_PER_USEC};

	return timespec_ns(&ts, ns);
}

/* Up: a rest of less than a µs is not "off". */
static struct timeval64 timeval_round_up(u64 ns)
{
	return timeval_of(time_add(ns, NSEC_PER_USEC - 1));
}

static int alarm_copyout(uaddr_t to, struct alarm a)
{
	struct itimerval64 v = {timeval_of(a.interval), timeval_round_up(a.left)};

	return copyout(to, &v, sizeof(v));
}

long sys_getitimer(int which, uaddr_t value)
{
	int error = check_which(which);

	return error ? error : alarm_copyout(value, exchange(which, NULL));
}

long sys_setitimer(int which, uaddr_t value, uaddr_t old)
{
	struct itimerval64 v = {0}; /* Linux too takes a null pointer for "off" */
	struct alarm to;
	int error = check_which(which);

	if (error)
		return error;
	if (value && copyin(&v, value, sizeof(v)))
		return -EFAULT;
	if (timeval_ns(&v.value, &to.left) || timeval_ns(&v.interval, &to.interval))
		return -EINVAL;

	struct alarm was = exchange(which, &to);

	return old ? alarm_copyout(old, was) : 0;
}

long sys_alarm(unsigned int seconds)
{
	struct alarm old = alarm_set(proc_current(), (struct alarm){.left = seconds * NSEC_PER_SEC});
	u64 left = (old.left + NSEC_PER_SEC / 2) / NSEC_PER_SEC; /* to the nearest, but never 0 for an alarm that is on */

	return (long)(old.left ? MAX(left, 1ul) : 0);
}
