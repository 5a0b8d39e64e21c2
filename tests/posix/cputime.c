/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processor time that runs out: RLIMIT_CPU with SIGXCPU and SIGKILL, timer_create by the CPU-time clocks of the process, of a
 * thread and by their ids. Sources: getrlimit(2), timer_create(2), clock_getcpuclockid(3).
 */
#include "posix.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#define LATE 10000 /* ms: how late a signal may be is the machine's business */

static volatile sig_atomic_t signals, last;

static void count(int sig)
{
	signals++;
	last = sig;
}

static long ms_of(clockid_t clock)
{
	struct timespec t;

	must(clock_gettime(clock, &t) == 0);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void burn_until(long ms)
{
	while (ms_of(CLOCK_PROCESS_CPUTIME_ID) < ms)
		;
}

/* Burns until a signal comes, at most so long: ms it took, -1 for none. */
static long burn_for_signal(long most)
{
	long from = ms_of(CLOCK_PROCESS_CPUTIME_ID);
	int before = signals;

	while (signals == before)
		if (ms_of(CLOCK_PROCESS_CPUTIME_ID) > from + most)
			return -1;
	return ms_of(CLOCK_PROCESS_CPUTIME_ID) - from;
}

static timer_t make(clockid_t clock, int notify)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = SIGUSR1};
	timer_t t;

	if (timer_create(clock, &event, &t)) {
		ok(0, "timer_create: %s", strerror(errno));
		_exit(1);
	}
	return t;
}

static void set(timer_t t, long ms, long period)
{
	struct itimerspec its = {{period / 1000, period % 1000 * 1000000}, {ms / 1000, ms % 1000 * 1000000}};

	must(timer_settime(t, 0, &its, NULL) == 0);
}

static long left(timer_t t)
{
	struct itimerspec its;

	must(timer_gettime(t, &its) == 0);
	return its.it_value.tv_sec * 1000 + its.it_value.tv_nsec / 1000000;
}

static void test_timers(void)
{
	struct timespec sleep = {0, 150000000};
	timer_t t = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL);
	long took;

	signal(SIGUSR1, count);
	set(t, 100, 0);
	nanosleep(&sleep, NULL);
	is_int(signals, 0, "CLOCK_PROCESS_CPUTIME_ID stands still while a process sleeps");
	ok(left(t) > 50, "timer_gettime: most of it is left");
	took = burn_for_signal(LATE);
	ok(took >= 60, "and fires when it was used (%ld ms)", took);
	ok(left(t) == 0, "once");
	set(t, 30, 30);
	ok(burn_for_signal(LATE) >= 0 && burn_for_signal(LATE) >= 0 && burn_for_signal(LATE) >= 0, "again and again with a period");
	set(t, 0, 0);
	is_int(burn_for_signal(100), -1, "until it is set off");
	must(timer_delete(t) == 0);

	t = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL);
	set(t, 50, 0);
	ok(burn_for_signal(LATE) >= 20, "CLOCK_THREAD_CPUTIME_ID");
	must(timer_delete(t) == 0);
	t = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE);
	set(t, 50, 0);
	is_int(burn_for_signal(150), -1, "SIGEV_NONE sends nothing");
	is_int(left(t), 0, "but runs out");
	must(timer_delete(t) == 0);
}

/* Not once awake until the end: where machines share processors, each time awake may look long. */
static void *idle(void *end)
{
	char byte;

	must(read(*(int *)end, &byte, 1) == 0);
	return NULL;
}

static void test_ids(void)
{
	clockid_t clock;
	pthread_t thread;
	timer_t t;
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	int ends[2];

	must(pipe(ends) == 0);
	must(clock_getcpuclockid(0, &clock) == 0);
	t = make(clock, SIGEV_SIGNAL);
	set(t, 30, 0);
	ok(burn_for_signal(LATE) >= 0, "a timer by clock_getcpuclockid's clock");
	must(timer_delete(t) == 0);
	must(pthread_create(&thread, NULL, idle, &ends[0]) == 0 && pthread_getcpuclockid(thread, &clock) == 0);
	t = make(clock, SIGEV_SIGNAL);
	set(t, 30, 0);
	is_int(burn_for_signal(150), -1, "one by a sleeping thread's clock does not run");
	must(timer_delete(t) == 0);
	close(ends[1]);
	pthread_join(thread, NULL);
	fails(timer_create((clockid_t)(~30000u << 3 | 2), &event, &t), EINVAL, "one by nobody's clock is EINVAL");
}

#define MANY 16
#define STEP 10 /* ms */

/* Timers until there may be no more: how many. */
static int make_many(timer_t *timers)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	int n = 0;

	for (; n <= MANY; n++) {
		event.sigev_value.sival_int = n;
		if (timer_create(n % 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &event, &timers[n]))
			break;
	}
	return n;
}

/*
 * Each keeps room for its signal, so those of all come: of each clock, in the order in which the timers run out, not in that in which
 * they were set.
 */
static void test_many(void)
{
	timer_t timers[MANY + 1];
	struct timespec none = {0, 0};
	struct rlimit before, few;
	siginfo_t info;
	sigset_t mask;
	int n, at, in_order = 0, after[2] = {MANY, MANY};

	must(getrlimit(RLIMIT_SIGPENDING, &before) == 0);
	few = (struct rlimit){MANY, before.rlim_max};
	must(setrlimit(RLIMIT_SIGPENDING, &few) == 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN);
	must(sigprocmask(SIG_BLOCK, &mask, NULL) == 0);
	n = make_many(timers);
	ok(n > 2 && n <= MANY && errno == EAGAIN, "no more timers than RLIMIT_SIGPENDING: EAGAIN (%d)", n);
	for (int i = 0; i < n; i++)
		set(timers[i], (n - i) * STEP, 0);
	burn_until(ms_of(CLOCK_PROCESS_CPUTIME_ID) + (n + 2) * STEP);
	for (at = 0; sigtimedwait(&mask, &info, &none) == SIGRTMIN; at++) {
		int *one = &after[info.si_value.sival_int % 2];

		in_order += info.si_value.sival_int < *one;
		*one = info.si_value.sival_int;
	}
	is_int(at, n, "all send their signals");
	is_int(in_order, n, "of each clock, the one that runs out first is the first");
	for (int i = 0; i < n; i++)
		must(timer_delete(timers[i]) == 0);
	is_int(make_many(timers), n, "as many again, when those are deleted");
	for (int i = 0; i < n; i++)
		must(timer_delete(timers[i]) == 0);
	must(setrlimit(RLIMIT_SIGPENDING, &before) == 0 && sigprocmask(SIG_UNBLOCK, &mask, NULL) == 0);
}

/* No tick falls on a process that sleeps: the signal must be there at once. */
static void test_past(void)
{
	struct itimerspec its = {.it_value.tv_nsec = 1};
	struct timespec a_while = {1, 0};
	siginfo_t info;
	sigset_t mask;
	timer_t t = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL);

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &mask, NULL) == 0 && timer_settime(t, TIMER_ABSTIME, &its, NULL) == 0);
	is_int(sigtimedwait(&mask, &info, &a_while), SIGUSR1, "a time that is past already: at once");
	must(timer_delete(t) == 0 && sigprocmask(SIG_UNBLOCK, &mask, NULL) == 0);
}

static void limit(rlim_t cur, rlim_t max)
{
	struct rlimit r = {cur, max};

	must(setrlimit(RLIMIT_CPU, &r) == 0);
}

static void test_limit(void)
{
	long used = ms_of(CLOCK_PROCESS_CPUTIME_ID), second = used / 1000 + 1;
	struct rlimit r;

	signal(SIGXCPU, count);
	limit((rlim_t)second, RLIM_INFINITY);
	ok(burn_for_signal(4000) >= 0 && last == SIGXCPU, "RLIMIT_CPU: SIGXCPU at the soft limit");
	used = ms_of(CLOCK_PROCESS_CPUTIME_ID);
	ok(used > second * 1000 - 150 && used < second * 1000 + 3000, "when it was used (%ld of %ld ms)", used, second * 1000);
	must(getrlimit(RLIMIT_CPU, &r) == 0);
	is_int((long)r.rlim_cur, second + 1, "which moves on by a second");
	ok(burn_for_signal(4000) >= 0 && last == SIGXCPU, "and so it comes each second");
	limit(RLIM_INFINITY, RLIM_INFINITY);
	signals = 0;
	burn_until(ms_of(CLOCK_PROCESS_CPUTIME_ID) + 100);
	is_int(signals, 0, "without a limit no more");
}

static int exceed(const char *what)
{
	struct rlimit core = {0, 0};

	setrlimit(RLIMIT_CORE, &core);
	if (*what == 'h')
		signal(SIGXCPU, SIG_IGN);
	limit(1, *what == 'h' ? 2 : 10);
	burn_until(5000);
	return 0;
}

static void test_death(void)
{
	int status;

	if (!can_spawn("SIGXCPU's default action ends a process"))
		return;
	status = run_self("exceed", "soft");
	is_int(WIFSIGNALED(status) ? WTERMSIG(status) : -status, SIGXCPU, "SIGXCPU's default action ends a process");
	status = run_self("exceed", "hard");
	is_int(WIFSIGNALED(status) ? WTERMSIG(status) : -status, SIGKILL, "who ignores it is killed at the hard limit");
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return exceed(argv[2]);
	test_timers();
	test_ids();
	test_many();
	test_past();
	test_limit();
	test_death();
	return done();
}
