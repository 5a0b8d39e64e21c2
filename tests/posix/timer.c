/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timerfd_create(2) and timer_create(2): relative, absolute and periodic timers, what they count, what they send, what ends
 * them, and each errno. Nothing here depends on how fast the machine is, only on what may not come early.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include "../user/kernel.h"

#define MS 1000000l
#define SEC 1000000000l

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id __sev_fields.sigev_notify_thread_id
#endif

static long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static struct itimerspec spec(long value, long period)
{
	return (struct itimerspec){{period / SEC, period % SEC}, {value / SEC, value % SEC}};
}

static long left_of(const struct itimerspec *its)
{
	return its->it_value.tv_sec * SEC + its->it_value.tv_nsec;
}

/* ---- timerfd ---- */

static int set_fd(int fd, int flags, long value, long period)
{
	struct itimerspec its = spec(value, period);

	return timerfd_settime(fd, flags, &its, NULL);
}

static long ends(int fd)
{
	uint64_t n;

	return read(fd, &n, 8) == 8 ? (long)n : -1;
}

static bool readable(int fd, int timeout)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	return poll(&p, 1, timeout) == 1 && p.revents == POLLIN;
}

static void check_fd_errors(void)
{
	struct itimerspec its = spec(MS, 0), bad = spec(0, 0);
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), other = dup(1);
	char small[7];

	ok(fd >= 0, "timerfd_create");
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "TFD_CLOEXEC");
	is_int(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "TFD_NONBLOCK");
	fails(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL, "create: an unknown flag");
	fails(timerfd_create(99, 0), EINVAL, "create: an unknown clock");
	fails(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL, "create: not that clock");
	fails(ends(fd), EAGAIN, "read: a timer that is off");
	fails(read(fd, small, sizeof(small)), EINVAL, "read: less than 8 bytes");
	fails(write(fd, small, sizeof(small)), EINVAL, "it cannot be written");
	ok(!readable(fd, 0), "poll: a timer that is off");
	fails(timerfd_settime(fd, 4, &its, NULL), EINVAL, "settime: an unknown flag");
	fails(timerfd_settime(999, 0, &its, NULL), EBADF, "settime: not open");
	fails(timerfd_settime(other, 0, &its, NULL), EINVAL, "settime: not a timer");
	fails(syscall(SYS_timerfd_settime, fd, 0, (void *)8, NULL), EFAULT, "settime: a bad address");
	bad.it_value.tv_nsec = SEC;
	fails(timerfd_settime(fd, 0, &bad, NULL), EINVAL, "settime: a second in the fraction");
	bad = spec(MS, 0);
	bad.it_interval.tv_sec = -1;
	fails(timerfd_settime(fd, 0, &bad, NULL), EINVAL, "settime: a negative period");
	fails(timerfd_gettime(999, &its), EBADF, "gettime: not open");
	fails(timerfd_gettime(other, &its), EINVAL, "gettime: not a timer");
	close(fd);
	close(other);
}

static void check_fd_once(clockid_t clock, const char *name)
{
	int fd = timerfd_create(clock, 0);
	struct itimerspec its;
	long start;

	must(set_fd(fd, 0, 30 * SEC, 0) == 0);
	is_int(timerfd_gettime(fd, &its), 0, "%s: gettime", name);
	ok(left_of(&its) > 0 && left_of(&its) <= 30 * SEC && !its.it_interval.tv_nsec, "%s: what is left", name);
	start = now(clock);
	must(set_fd(fd, 0, 30 * MS, 0) == 0);
	is_int(ends(fd), 1, "%s: a read waits for the end", name);
	ok(now(clock) - start >= 30 * MS, "%s: not early", name);
	timerfd_gettime(fd, &its);
	is_int(left_of(&its), 0, "%s: it is off then", name);
	start = now(clock);
	must(set_fd(fd, TFD_TIMER_ABSTIME, start + 20 * MS, 0) == 0);
	ok(readable(fd, 10000), "%s: absolute: poll waits for the end", name);
	ok(now(clock) >= start + 20 * MS, "%s: absolute: not early", name);
	is_int(ends(fd), 1, "%s: absolute: one end", name);
	must(set_fd(fd, TFD_TIMER_ABSTIME, start, 0) == 0);
	is_int(ends(fd), 1, "%s: a time that has passed ends at once", name);
	close(fd);
}

static void check_fd_periods(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct itimerspec its = spec(50 * MS, 0), old;
	long start = now(CLOCK_MONOTONIC), n, total = 0;

	must(set_fd(fd, 0, MS, MS) == 0);
	while (total < 20) {
		readable(fd, -1);
		n = ends(fd);
		total += n > 0 ? n : 0;
	}
	n = (now(CLOCK_MONOTONIC) - start) / MS;
	ok(total <= n, "periods: no more ends than time has passed");
	must(set_fd(fd, 0, 1000, 1000) == 0);
	for (total = 0; total < 5000;) { /* an end may come at any moment of a read: none is lost */
		if (!readable(fd, 20000))
			break;
		total += ends(fd);
	}
	ok(total >= 5000, "periods: a read at any moment leaves the timer running");
	must(set_fd(fd, 0, MS, 1000) == 0);
	usleep(20000);
	ok(ends(fd) >= 18000, "periods: ends of 1 us are counted, each of them");
	must(set_fd(fd, 0, 1, 1) == 0);
	usleep(1000);
	ok(ends(fd) > 100000, "periods: of 1 ns too");
	timerfd_settime(fd, 0, &its, &old);
	is_int(old.it_interval.tv_nsec, 1, "settime: what was");
	fails(ends(fd), EAGAIN, "settime: nothing of the old one is left");
	must(set_fd(fd, 0, 0, MS) == 0);
	usleep(3000);
	fails(ends(fd), EAGAIN, "a value of zero is off, whatever the period");
	timerfd_gettime(fd, &its);
	is_int(left_of(&its), 0, "and has nothing left");
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == 0);
	must(set_fd(fd, 0, 5 * MS, 0) == 0);
	is_int(epoll_wait(ep, &event, 1, 10000), 1, "epoll: an edge when it ends");
	is_int(epoll_wait(ep, &event, 1, 0), 0, "epoll: one edge");
	close(ep);
	close(fd);
}

/* Only where the clock is nobody else's. */
static void set_clock(long ns)
{
	struct timespec t = {ns / SEC, ns % SEC};

	must(clock_settime(CLOCK_REALTIME, &t) == 0);
}

static void check_fd_clock_set(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), watch = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	int plain = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	long start = now(CLOCK_REALTIME);

	is_int(set_fd(watch, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, start + 1000 * SEC, 0), 0, "CANCEL_ON_SET");
	if (!kernel_is_orchard())
		return;
	must(set_fd(fd, TFD_TIMER_ABSTIME, start + 500 * SEC, 0) == 0 && set_fd(plain, 0, 500 * SEC, 0) == 0);
	set_clock(start + 600 * SEC);
	ok(readable(fd, 10000), "an absolute timer ends when the clock jumps over it");
	ok(!readable(plain, 0), "a relative one does not");
	ok(readable(watch, 0), "CANCEL_ON_SET: readable when the clock is set");
	fails(ends(watch), ECANCELED, "CANCEL_ON_SET: a read says so");
	fails(ends(watch), EAGAIN, "CANCEL_ON_SET: once");
	set_clock(now(CLOCK_REALTIME) - 600 * SEC);
	close(fd);
	close(watch);
	close(plain);
}

/* ---- timer_create ---- */

static volatile sig_atomic_t caught, caught_code, caught_value, caught_overrun;

static void on_timer(int sig, siginfo_t *info, void *context)
{
	(void)context, (void)sig;
	caught_code = info->si_code;
	caught_value = info->si_value.sival_int;
	caught_overrun = info->si_overrun;
	caught++;
}

static int make(clockid_t clock, int notify, int sig, int value, timer_t *timer)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = sig, .sigev_value.sival_int = value};

	return timer_create(clock, &event, timer);
}

static int set_timer(timer_t timer, int flags, long value, long period)
{
	struct itimerspec its = spec(value, period);

	return timer_settime(timer, flags, &its, NULL);
}

static void await(int count)
{
	while (caught < count)
		usleep(1000);
}

static void check_create(void)
{
	struct sigevent event = {.sigev_notify = 77};
	struct itimerspec its = spec(MS, 0);
	timer_t timer, second;
	int id;

	is_int(make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &timer), 0, "timer_create: SIGEV_NONE");
	is_int(timer_create(CLOCK_REALTIME, NULL, &second), 0, "timer_create: without an event");
	ok(timer != second, "each has its own id");
	is_int(timer_delete(second), 0, "timer_delete");
	fails(syscall(SYS_timer_delete, second), EINVAL, "timer_delete: twice");
	fails(timer_create(99, NULL, &second), EINVAL, "timer_create: an unknown clock");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL, "timer_create: an unknown event");
	fails(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, &second), EINVAL, "timer_create: no signal 65");
	fails(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, &second), EINVAL, "timer_create: no signal 0");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)8, &id), EFAULT, "timer_create: a bad event");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, (void *)8), EFAULT, "timer_create: a bad place for the id");
	fails(make(CLOCK_MONOTONIC_RAW, SIGEV_NONE, 0, 0, &second), EOPNOTSUPP, "timer_create: a clock that only tells");
	fails(syscall(SYS_timer_settime, 12345, 0, &its, NULL), EINVAL, "timer_settime: no such timer");
	fails(syscall(SYS_timer_settime, timer, 0, NULL, NULL), EINVAL, "timer_settime: no time");
	fails(syscall(SYS_timer_settime, timer, 0, (void *)8, NULL), EFAULT, "timer_settime: a bad address");
	its.it_value.tv_nsec = SEC;
	fails(timer_settime(timer, 0, &its, NULL), EINVAL, "timer_settime: a second in the fraction");
	fails(syscall(SYS_timer_gettime, 12345, &its), EINVAL, "timer_gettime: no such timer");
	fails(syscall(SYS_timer_gettime, timer, (void *)8), EFAULT, "timer_gettime: a bad address");
	fails(syscall(SYS_timer_getoverrun, 12345), EINVAL, "timer_getoverrun: no such timer");
	is_int(timer_gettime(timer, &its), 0, "timer_gettime: one that is off");
	is_int(left_of(&its), 0, "has nothing left");
	is_int(set_timer(timer, 0, 100 * SEC, 7 * SEC), 0, "timer_settime: relative");
	timer_gettime(timer, &its);
	ok(left_of(&its) > 0 && left_of(&its) <= 100 * SEC && its.it_interval.tv_sec == 7, "timer_gettime: value and period");
	must(set_timer(timer, 0, MS, 10 * SEC) == 0);
	usleep(5000);
	timer_gettime(timer, &its);
	ok(left_of(&its) > 0 && left_of(&its) <= 10 * SEC, "SIGEV_NONE: the next period goes on");
	timer_delete(timer);
}

static void check_signals(void)
{
	struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
	struct itimerspec old, its = spec(0, 0);
	timer_t timer;
	long start;

	sigaction(SIGRTMIN, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	caught = 0;
	must(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 42, &timer) == 0);
	start = now(CLOCK_MONOTONIC);
	must(set_timer(timer, 0, 10 * MS, 0) == 0);
	await(1);
	ok(now(CLOCK_MONOTONIC) - start >= 10 * MS, "a signal, not early");
	is_int(caught_code, SI_TIMER, "its code");
	is_int(caught_value, 42, "its value");
	is_int(caught_overrun, 0, "nothing was missed");
	must(set_timer(timer, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 5 * MS, 0) == 0);
	await(2);
	is_int(caught, 2, "absolute");
	must(set_timer(timer, TIMER_ABSTIME, start, 0) == 0);
	await(3);
	is_int(caught, 3, "a time that has passed comes at once");
	must(set_timer(timer, 0, MS, MS) == 0);
	await(8);
	must(timer_settime(timer, 0, &its, &old) == 0);
	ok(caught >= 8, "periodic: again and again");
	is_int(old.it_interval.tv_nsec, MS, "timer_settime: what was");
	usleep(3000);
	start = caught;
	usleep(5000);
	is_int(caught, start, "off: no more");
	timer_delete(timer);

	caught = 0;
	must(timer_create(CLOCK_REALTIME, NULL, &timer) == 0 && set_timer(timer, 0, MS, 0) == 0);
	await(1);
	is_int(caught_value, (int)(long)timer, "without an event: SIGALRM with the timer's id");
	timer_delete(timer);
}

static void check_overrun(void)
{
	sigset_t set;
	siginfo_t info;
	timer_t timer;
	struct timespec none = {0, 0};

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	must(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 1, &timer) == 0);
	must(set_timer(timer, 0, MS, MS) == 0);
	usleep(30000);
	is_int(sigwaitinfo(&set, &info), SIGRTMIN, "blocked for 30 periods: one signal");
	ok(info.si_overrun >= 28, "the others are its overrun");
	is_int(timer_getoverrun(timer), info.si_overrun, "timer_getoverrun: the same");
	must(set_timer(timer, 0, 0, 0) == 0);
	while (sigtimedwait(&set, &info, &none) > 0)
		;
	must(set_timer(timer, 0, MS, 0) == 0);
	is_int(sigwaitinfo(&set, &info), SIGRTMIN, "a single end");
	ok(info.si_overrun == 0 && timer_getoverrun(timer) == 0, "has no overrun");
	must(set_timer(timer, 0, 2 * MS, 0) == 0);
	timer_delete(timer);
	usleep(5000);
	is_int(sigtimedwait(&set, &info, &none), -1, "a deleted timer sends nothing");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void check_ignored(void)
{
	timer_t timer;

	signal(SIGUSR1, SIG_IGN);
	must(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 3, &timer) == 0 && set_timer(timer, 0, MS, MS) == 0);
	usleep(5000);

	struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};

	caught = 0;
	sigaction(SIGUSR1, &action, NULL);
	await(1);
	is_int(caught_value, 3, "a timer goes on while its signal is ignored");
	timer_delete(timer);
}

static volatile int handler_tid, thread_tid, thread_stop;

static void on_thread_timer(int sig)
{
	(void)sig;
	handler_tid = (int)syscall(SYS_gettid);
}

static void *sit(void *arg)
{
	thread_tid = (int)syscall(SYS_gettid);
	while (!thread_stop)
		usleep(1000);
	return arg;
}

static void check_thread_id(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
	pthread_t thread;
	int id, error;

	signal(SIGUSR2, on_thread_timer);
	must(pthread_create(&thread, NULL, sit, NULL) == 0);
	while (!thread_tid)
		usleep(1000);
	event.sigev_notify_thread_id = thread_tid;
	error = syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
	is_int(error, 0, "SIGEV_THREAD_ID");
	must(set_timer((timer_t)(long)id, 0, MS, 0) == 0);
	while (!handler_tid)
		usleep(1000);
	is_int(handler_tid, thread_tid, "the signal goes to that thread");
	thread_stop = 1;
	pthread_join(thread, NULL);
	event.sigev_notify_thread_id = 1;
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL, "SIGEV_THREAD_ID: not one of ours");
}

static void check_inheritance(void)
{
	struct itimerspec its;
	timer_t timer;
	int status = -1;

	must(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGTERM, 0, &timer) == 0 && set_timer(timer, 0, 100 * SEC, 0) == 0);
	if (can_fork("a child has none of its parent's timers")) {
		if (fork() == 0)
			_exit(timer_gettime(timer, &its) == -1 && errno == EINVAL ? 0 : 1);
		wait(&status);
		is_int(status, 0, "a child has none of its parent's timers");
	}
	timer_delete(timer);
	if (can_spawn("exec deletes them"))
		is_int(run_self("exec", NULL), 0, "exec deletes them");
}

/* In a process of its own: arms a timer that would kill it, and becomes another program. */
static int exec_with_timer(void)
{
	timer_t timer;

	if (make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGTERM, 0, &timer) || set_timer(timer, 0, 30 * MS, 0))
		return 1;
	execl(SELF, "self", "after", (char *)NULL);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exec"))
		return exec_with_timer();
	if (argc > 1) {
		usleep(100000);
		return 0;
	}
	check_fd_errors();
	check_fd_once(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	check_fd_once(CLOCK_REALTIME, "CLOCK_REALTIME");
	check_fd_once(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
	check_fd_periods();
	check_fd_clock_set();
	check_create();
	check_signals();
	check_overrun();
	check_ignored();
	check_thread_id();
	check_inheritance();
	return done();
}
