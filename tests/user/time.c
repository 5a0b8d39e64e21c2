/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks, sleeps, and the CPUs a program may run on. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "kernel.h"

#define SECOND 1000000000L

static long now(int clock)
{
	struct timespec time = {0};

	must(clock_gettime(clock, &time) == 0);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void test_clocks(void)
{
	static const int clocks[] = {CLOCK_REALTIME,	       CLOCK_MONOTONIC,
				     CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
				     CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,
				     CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME};
	struct timespec value;
	struct timeval day;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		is_int(clock_gettime(clocks[i], &value), 0, "clock %d tells the time", clocks[i]);
		ok(value.tv_nsec >= 0 && value.tv_nsec < SECOND, "with less than 10^9 ns");
		is_int(clock_getres(clocks[i], &value), 0, "and its resolution");
		ok(value.tv_sec == 0 && value.tv_nsec > 0, "which is %ld ns", value.tv_nsec);
	}
	fails(clock_gettime(999, &value), EINVAL, "clock 999 is EINVAL");
	must(gettimeofday(&day, NULL) == 0);
	ok(labs(now(CLOCK_REALTIME) / SECOND - day.tv_sec) <= 1,
	   "gettimeofday agrees with REALTIME");
	ok(labs(now(CLOCK_REALTIME) / SECOND - time(NULL)) <= 1, "time as well");
}

static atomic_bool stop;
static atomic_long latest;

/*
 * Whoever reads the clock after another has published a time must not read an earlier one, on
 * whichever CPU.
 */
static void *reader_main(void *argument)
{
	long backwards = 0;

	(void)argument;
	while (!stop) {
		long published = latest, mine = now(CLOCK_MONOTONIC);

		backwards += mine < published;
		while (published < mine && !atomic_compare_exchange_weak(&latest, &published, mine))
			;
	}
	return (void *)backwards;
}

static void test_monotonic(void)
{
	struct timespec rest = {.tv_nsec = 200000000};
	pthread_t threads[4];
	long backwards = 0;

	for (int i = 0; i < 4; i++)
		must(pthread_create(&threads[i], NULL, reader_main, NULL) == 0);
	nanosleep(&rest, NULL);
	stop = true;
	for (int i = 0; i < 4; i++) {
		void *result;

		pthread_join(threads[i], &result);
		backwards += (long)result;
	}
	is_int(backwards, 0, "the monotonic clock never goes back, across threads and CPUs");
}

static void test_sleep(void)
{
	static const long naps[] = {1, 1000, 100000, 3000000, 50000000};
	struct timespec nap;
	long start, early = 0;

	for (size_t i = 0; i < sizeof(naps) / sizeof(*naps); i++) {
		nap = (struct timespec){.tv_nsec = naps[i]};
		start = now(CLOCK_MONOTONIC);
		must(nanosleep(&nap, NULL) == 0);
		early += now(CLOCK_MONOTONIC) - start < naps[i];
	}
	is_int(early, 0, "no sleep is shorter than asked");
	nap = (struct timespec){.tv_nsec = SECOND};
	fails(nanosleep(&nap, NULL), EINVAL, "10^9 ns are EINVAL");
	nap = (struct timespec){.tv_sec = -1};
	fails(nanosleep(&nap, NULL), EINVAL, "negative seconds are EINVAL");

	start = now(CLOCK_MONOTONIC);
	nap = (struct timespec){(start + 20000000) / SECOND, (start + 20000000) % SECOND};
	is_int(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &nap, NULL), 0,
	       "a sleep until a time");
	ok(now(CLOCK_MONOTONIC) >= start + 20000000, "ends after it");
	is_int(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &nap, NULL), 0,
	       "one in the past at once");
}

static void test_cpu_time(void)
{
	long cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
	struct timespec nap = {.tv_nsec = 100000000};
	volatile long work = 0;

	while (now(CLOCK_MONOTONIC) - wall < 30000000)
		work++;
	ok(now(CLOCK_PROCESS_CPUTIME_ID) > cpu, "work costs CPU time");
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	nanosleep(&nap, NULL);
	ok(now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 80000000, "sleep costs next to none");
}

/* A line of /proc/stat: its first number, and the others added up. */
static long machine_count(const char *name, long *others)
{
	FILE *file = fopen("/proc/stat", "r");
	char line[8192], *at = NULL;
	long first;

	must(file);
	while (!at && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			at = line + strlen(name);
	fclose(file);
	must(at);
	first = strtol(at, &at, 10);
	for (*others = 0; *at == ' ';)
		*others += strtol(at, &at, 10);
	return first;
}

/* Who naps 20 times alone is woken by as many interrupts, and left and got its CPU as often. */
static void test_machine_counts(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	long devices, none, interrupts = machine_count("intr", &devices), switches = machine_count("ctxt", &none);

	ok(interrupts >= devices, "/proc/stat: devices' interrupts are among all: %ld, %ld", devices, interrupts);
	for (int i = 0; i < 20; i++)
		nanosleep(&nap, NULL);
	interrupts = machine_count("intr", &devices) - interrupts;
	switches = machine_count("ctxt", &none) - switches;
	ok(interrupts >= 20, "20 naps are 20 interrupts: %ld", interrupts);
	ok(switches >= 20, "and as many switches: %ld", switches);
}

static volatile sig_atomic_t rung;

/* Once: more would leave the program no time. */
static void ring(int sig)
{
	signal(sig, SIG_IGN);
	rung++;
}

/* How many there are in a fifth of a second. */
static long interrupts_of_nap(void)
{
	struct timespec nap = {.tv_nsec = 200000000};
	long others, before = machine_count("intr", &others);

	while (nanosleep(&nap, &nap))
		continue;
	return machine_count("intr", &others) - before;
}

static void timer_starts(bool alarm, int sig, timer_t *t)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	struct itimerval us = {{0, 1}, {0, 1}};
	struct itimerspec ns = {{0, 1}, {0, 1}};

	if (alarm)
		must(setitimer(ITIMER_REAL, &us, NULL) == 0);
	else
		must(timer_create(CLOCK_MONOTONIC, &event, t) == 0 && timer_settime(*t, 0, &ns, NULL) == 0);
}

static void timer_ends(bool alarm, timer_t *t)
{
	struct itimerval off = {0};

	must((alarm ? setitimer(ITIMER_REAL, &off, NULL) : timer_delete(*t)) == 0);
}

/* A period of a µs, or of a ns, leaves the machine its time whatever becomes of the signal, and the timer goes on when it may. */
static void test_storm(bool alarm)
{
	const char *name = alarm ? "setitimer" : "timer_settime";
	struct sigaction action = {.sa_handler = SIG_IGN};
	long interrupts;
	sigset_t set;
	timer_t t;

	sigemptyset(&set), sigaddset(&set, SIGALRM);
	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	timer_starts(alarm, SIGALRM, &t);
	interrupts = interrupts_of_nap();
	ok(interrupts < 200, "%s: blocked, it rests: %ld interrupts", name, interrupts);
	must(sigaction(SIGALRM, &action, NULL) == 0);
	must(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
	interrupts = interrupts_of_nap();
	ok(interrupts < 200, "%s: ignored, it comes with the ticks: %ld interrupts", name, interrupts);
	action.sa_handler = ring;
	rung = 0;
	must(sigaction(SIGALRM, &action, NULL) == 0);
	for (int i = 0; i < 100 && !rung; i++)
		interrupts_of_nap();
	is_int(rung, 1, "%s: and again when a handler wants it", name);
	timer_ends(alarm, &t);
	signal(SIGALRM, SIG_DFL);
}

/* Each drops the other's signal, which then comes again, but not at once. */
static void test_storm_of_two(void)
{
	timer_t stop, go_on;
	sigset_t set;
	long interrupts;

	sigemptyset(&set), sigaddset(&set, SIGTSTP), sigaddset(&set, SIGCONT);
	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	timer_starts(false, SIGTSTP, &stop);
	timer_starts(false, SIGCONT, &go_on);
	interrupts = interrupts_of_nap();
	ok(interrupts < 200, "timers of SIGTSTP and SIGCONT, which drop each other: %ld interrupts", interrupts);
	timer_ends(false, &stop), timer_ends(false, &go_on);
	signal(SIGTSTP, SIG_IGN);
	must(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
	signal(SIGTSTP, SIG_DFL);
}

#define PERIOD 9000000L /* less than an unwanted timer rests */
#define NEAR 1000000L

/* Signals that nobody wants do not shift the period. What a busy host cuts in two is measured again. */
static void test_phase(void)
{
	struct itimerval period = {{0, PERIOD / 1000}, {0, PERIOD / 1000}}, off = {0}, left;
	long start, at, phase, shifted = 0;

	signal(SIGALRM, SIG_IGN);
	do {
		start = now(CLOCK_MONOTONIC);
		must(setitimer(ITIMER_REAL, &period, NULL) == 0);
	} while (now(CLOCK_MONOTONIC) - start > NEAR);
	for (int i = 0; i < 8; i++) {
		interrupts_of_nap();
		do {
			at = now(CLOCK_MONOTONIC);
			must(getitimer(ITIMER_REAL, &left) == 0);
		} while (now(CLOCK_MONOTONIC) - at > NEAR);
		phase = (at + left.it_value.tv_usec * 1000 - start + NEAR) % PERIOD;
		shifted += phase > 2 * NEAR + 1000; /* it tells whole us */
	}
	is_int(shifted, 0, "an ignored alarm keeps its time");
	must(setitimer(ITIMER_REAL, &off, NULL) == 0);
	signal(SIGALRM, SIG_DFL);
}

static void test_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int seen = 0, wrong = 0;
	cpu_set_t all, one;

	ok(online >= 1, "%ld CPUs are online", online);
	is_int(sched_getaffinity(0, sizeof(all), &all), 0, "sched_getaffinity");
	is_int(CPU_COUNT(&all), online, "tells as many");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		must(sched_setaffinity(0, sizeof(one), &one) == 0);
		wrong += sched_getcpu() != cpu;
		seen++;
	}
	is_int(wrong, 0, "on each of the %d, getcpu tells which", seen);
	is_int(sched_setaffinity(0, sizeof(all), &all), 0, "and back to all");
	CPU_ZERO(&one);
	fails(sched_setaffinity(0, sizeof(one), &one), EINVAL, "no CPU at all is EINVAL");
	is_int(sched_yield(), 0, "sched_yield");
}

int main(void)
{
	test_clocks();
	test_monotonic();
	test_sleep();
	test_cpu_time();
	test_machine_counts();
	if (kernel_is_orchard()) { /* others count other programs' interrupts, and let an alarm stand still that nobody wants */
		test_storm(true);
		test_storm(false);
		test_storm_of_two();
		test_phase();
	}
	test_cpus();
	return done();
}
