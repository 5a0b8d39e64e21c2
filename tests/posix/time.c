/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks, sleeps, interval timers, and processor time: that every figure of getrusage and times is one of what happened.
 * Nothing here judges how fast anything is. Sources: clock_gettime(2), clock_nanosleep(2), setitimer(2), getrusage(2), times(2).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "handler.h"

#define SECOND 1000000000l
#define MS 1000000l

static long now(clockid_t clock)
{
	struct timespec t = {0};

	return syscall(SYS_clock_gettime, clock, &t) ? -1 : t.tv_sec * SECOND + t.tv_nsec;
}

static void test_clocks(void)
{
	static const struct {
		clockid_t clock;
		const char *name;
	} clocks[] = {{CLOCK_REALTIME, "REALTIME"}, {CLOCK_MONOTONIC, "MONOTONIC"}, {CLOCK_PROCESS_CPUTIME_ID, "PROCESS_CPUTIME_ID"},
		      {CLOCK_THREAD_CPUTIME_ID, "THREAD_CPUTIME_ID"}, {CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW"},
		      {CLOCK_REALTIME_COARSE, "REALTIME_COARSE"}, {CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE"},
		      {CLOCK_BOOTTIME, "BOOTTIME"}, {CLOCK_TAI, "TAI"}};
	struct timespec t;
	clockid_t other;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		long before = now(clocks[i].clock), after = now(clocks[i].clock);

		ok(before >= 0 && after >= before, "CLOCK_%s does not go back", clocks[i].name);
		ok(clock_getres(clocks[i].clock, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 0 && t.tv_nsec <= 10 * MS,
		   "and has a resolution");
	}
	fails(syscall(SYS_clock_gettime, 77, &t), EINVAL, "an unknown clock is EINVAL");
	fails(syscall(SYS_clock_getres, 77, &t), EINVAL, "and has no resolution");
	fails(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8L), EFAULT, "a bad place is EFAULT");
	is_int(clock_getres(CLOCK_MONOTONIC, NULL), 0, "none is fine for clock_getres");
	is_int(clock_getcpuclockid(getpid(), &other), 0, "one's own CPU clock by pid");
	ok(now(other) >= 0 && now(other) <= now(CLOCK_PROCESS_CPUTIME_ID), "tells the same time");
	ok(clock_getcpuclockid(0x3ffffff, &other) != 0, "there is none of a process that is not there");
	is_int(pthread_getcpuclockid(pthread_self(), &other), 0, "a thread's CPU clock");
	ok(now(other) >= 0 && now(other) <= now(CLOCK_THREAD_CPUTIME_ID), "tells the same time");
	ok(now(CLOCK_BOOTTIME) >= now(CLOCK_MONOTONIC) - SECOND, "BOOTTIME is not behind MONOTONIC");
}

static void test_sleeps(void)
{
	struct timespec t = {.tv_nsec = 3 * MS}, bad = {.tv_nsec = SECOND}, negative = {.tv_sec = -1}, past = {0};
	long begin = now(CLOCK_MONOTONIC);

	is_int(nanosleep(&t, NULL), 0, "nanosleep");
	ok(now(CLOCK_MONOTONIC) - begin >= 3 * MS, "sleeps at least as long");
	fails(nanosleep(&bad, NULL), EINVAL, "10^9 ns are EINVAL");
	fails(nanosleep(&negative, NULL), EINVAL, "so is a negative time");
	fails(syscall(SYS_nanosleep, 8L, NULL), EFAULT, "a bad request is EFAULT");
	begin = now(CLOCK_REALTIME);
	is_int(clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL), 0, "clock_nanosleep by REALTIME");
	ok(now(CLOCK_REALTIME) - begin >= 3 * MS, "at least as long");
	begin = now(CLOCK_MONOTONIC) + 4 * MS;
	t = (struct timespec){begin / SECOND, begin % SECOND};
	is_int(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0, "to a point in time");
	ok(now(CLOCK_MONOTONIC) >= begin, "which has come then");
	is_int(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL), 0, "one in the past is there at once");
	is_int(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL), EINVAL, "10^9 ns are EINVAL");
	is_int(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &past, NULL), EINVAL, "one's own CPU time cannot be slept");
	is_int(clock_nanosleep(77, 0, &past, NULL), EINVAL, "nor an unknown clock");
	t = (struct timespec){.tv_nsec = 60 * MS}; /* longer than a wake may take to be noticed */
	begin = now(CLOCK_MONOTONIC);
	is_int(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL), 0, "clock_nanosleep by MONOTONIC");
	ok(now(CLOCK_MONOTONIC) - begin >= 60 * MS, "for as long as it was told");
}

/* ---- interval timers ---- */

static volatile double sink;

/* Until `signals` came, or ten seconds of CPU time are gone. */
static void burn_until(int signals)
{
	long limit = now(CLOCK_PROCESS_CPUTIME_ID) + 10 * SECOND;

	while (count < signals && now(CLOCK_PROCESS_CPUTIME_ID) < limit)
		for (int i = 0; i < 10000; i++)
			sink += i;
}

static void test_timer(int which, int sig, const char *name)
{
	struct itimerval on_ = {{0, 12000}, {0, 12000}}, off = {0}, far = {{5, 0}, {100, 0}}, old;

	on(sig, counter, 0);
	is_int(setitimer(which, &far, NULL), 0, "%s is set", name);
	must(getitimer(which, &old) == 0);
	ok(old.it_value.tv_sec >= 90 && old.it_value.tv_sec <= 100 && old.it_interval.tv_sec == 5, "and told");
	is_int(setitimer(which, &on_, &old), 0, "set anew");
	ok(old.it_value.tv_sec >= 90, "it tells what was");
	burn_until(3);
	ok(count >= 3 && last == sig, "it signals again and again");
	must(setitimer(which, &off, NULL) == 0 && getitimer(which, &old) == 0);
	ok(!old.it_value.tv_sec && !old.it_value.tv_usec, "switched off nothing is left");
	on(sig, SIG_IGN, 0);
}

static void test_timers(void)
{
	struct itimerval bad = {.it_value = {.tv_usec = 1000000}}, once = {.it_value = {.tv_usec = 2000}}, left;

	test_timer(ITIMER_REAL, SIGALRM, "ITIMER_REAL");
	test_timer(ITIMER_VIRTUAL, SIGVTALRM, "ITIMER_VIRTUAL");
	test_timer(ITIMER_PROF, SIGPROF, "ITIMER_PROF");
	fails(setitimer(ITIMER_REAL, &bad, NULL), EINVAL, "a million µs are EINVAL");
	fails(setitimer(9, &once, NULL), EINVAL, "an unknown timer is EINVAL");
	fails(getitimer(9, &left), EINVAL, "also to ask");
	fails(syscall(SYS_setitimer, ITIMER_REAL, 8L, NULL), EFAULT, "a bad value is EFAULT");
	on(SIGALRM, counter, 0);
	is_int(alarm(100), 0, "alarm: there was none");
	ok(alarm(0) > 90, "alarm tells what was left");
	must(setitimer(ITIMER_REAL, &once, NULL) == 0);
	burn_until(1);
	must(getitimer(ITIMER_REAL, &left) == 0);
	ok(count == 1 && !left.it_value.tv_sec && !left.it_value.tv_usec, "without an interval it rings once");
}

/* ---- processor time and usage ---- */

static long of(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

static struct rusage usage_of(int who)
{
	struct rusage u = {0};

	must(getrusage(who, &u) == 0);
	return u;
}

/* System time grows where the kernel works for us: getppid over and over, for at most ten seconds of CPU time. */
static bool system_time_grows(int who)
{
	long before = of(usage_of(who).ru_stime), limit = now(CLOCK_PROCESS_CPUTIME_ID) + 10 * SECOND;
	static char bytes[65536];
	int zero[2];

	must(pipe(zero) == 0);
	do {
		for (int i = 0; i < 100; i++)
			must(write(zero[1], bytes, 4096) == 4096 && read(zero[0], bytes, 4096) == 4096);
	} while (of(usage_of(who).ru_stime) == before && now(CLOCK_PROCESS_CPUTIME_ID) < limit);
	close(zero[0]), close(zero[1]);
	return of(usage_of(who).ru_stime) > before;
}

static bool user_time_grows(int who)
{
	long before = of(usage_of(who).ru_utime), limit = now(CLOCK_PROCESS_CPUTIME_ID) + 10 * SECOND;

	do {
		for (int i = 0; i < 1000000; i++)
			sink += i;
	} while (of(usage_of(who).ru_utime) == before && now(CLOCK_PROCESS_CPUTIME_ID) < limit);
	return of(usage_of(who).ru_utime) > before;
}

static void *count_faults(void *arg)
{
	(void)arg;
	return (void *)usage_of(RUSAGE_THREAD).ru_minflt;
}

static void test_usage(void)
{
	struct timespec nap = {.tv_nsec = MS};
	struct rusage before, after;
	struct tms times_before, times_after;
	long cpu, sum, backwards = 0, last_system = 0, last_user = 0;
	pthread_t thread;
	void *faults;
	char *memory;

	ok(user_time_grows(RUSAGE_SELF), "work in the program is user time");
	ok(system_time_grows(RUSAGE_SELF), "work in the kernel is system time");
	ok(user_time_grows(RUSAGE_THREAD) && system_time_grows(RUSAGE_THREAD), "the same for one thread");
	for (int i = 0; i < 200; i++) {
		after = usage_of(RUSAGE_SELF);
		backwards += of(after.ru_stime) < last_system || of(after.ru_utime) < last_user;
		last_system = of(after.ru_stime), last_user = of(after.ru_utime);
		for (int j = 0; j < 20000; j++)
			sink += j;
	}
	is_int(backwards, 0, "neither ever shrinks");
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) / 1000;
	after = usage_of(RUSAGE_SELF);
	sum = of(after.ru_utime) + of(after.ru_stime);
	ok(sum >= cpu - 20000 && sum <= now(CLOCK_PROCESS_CPUTIME_ID) / 1000 + 20000, "together they are the process's CPU time");
	must(times(&times_before) != -1);
	ok(labs(times_before.tms_utime - of(after.ru_utime) / 10000) <= 2 && labs(times_before.tms_stime - of(after.ru_stime) / 10000) <= 2,
	   "times(2) says the same in ticks");
	user_time_grows(RUSAGE_SELF);
	must(times(&times_after) != -1);
	ok(times_after.tms_utime >= times_before.tms_utime, "and grows");

	before = usage_of(RUSAGE_SELF);
	memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory != MAP_FAILED);
	madvise(memory, 4 << 20, MADV_NOHUGEPAGE);
	for (int i = 0; i < 1024; i++)
		memory[i * 4096] = 1;
	after = usage_of(RUSAGE_SELF);
	ok(after.ru_minflt - before.ru_minflt >= 1024, "1,024 touched pages are as many minor faults");
	ok(after.ru_maxrss >= before.ru_maxrss && after.ru_maxrss >= 3584 /* Linux counts in batches */, "and some 4 MiB of resident memory");
	is_int(after.ru_majflt, before.ru_majflt, "none came from a disk");
	munmap(memory, 4 << 20);
	is_int(usage_of(RUSAGE_SELF).ru_maxrss >= after.ru_maxrss, 1, "the largest stays when memory is given back");
	/* On a busy host the time may be over before the thread leaves its CPU: then that sleep is none. */
	for (int i = 0; i < 1000 && usage_of(RUSAGE_SELF).ru_nvcsw - after.ru_nvcsw < 10; i++)
		nanosleep(&nap, NULL);
	ok(usage_of(RUSAGE_SELF).ru_nvcsw - after.ru_nvcsw >= 10, "sleeps are voluntary switches");
	must(pthread_create(&thread, NULL, count_faults, NULL) == 0);
	pthread_join(thread, &faults);
	ok((long)faults < after.ru_minflt, "a thread counts its own faults");
	after = usage_of(RUSAGE_SELF);
	ok(after.ru_minflt >= before.ru_minflt + 1024, "and those of an ended one are not lost");
	fails(getrusage(7, &after), EINVAL, "an unknown `who` is EINVAL");
	fails(syscall(SYS_getrusage, RUSAGE_SELF, 8L), EFAULT, "a bad place is EFAULT");
	fails(syscall(SYS_times, 8L), EFAULT, "for times as well");
}

static void test_children(void)
{
	struct rusage before = usage_of(RUSAGE_CHILDREN), after;
	struct tms t;
	clockid_t clock;
	pid_t pid;

	must(run_self("work", "0") == 0);
	after = usage_of(RUSAGE_CHILDREN);
	ok(of(after.ru_utime) > of(before.ru_utime) && of(after.ru_stime) > of(before.ru_stime), "a child's times come when it was waited for");
	ok(after.ru_minflt > before.ru_minflt && after.ru_maxrss > 0, "its faults and its memory too");
	must(times(&t) != -1);
	ok(labs(t.tms_cutime - of(after.ru_utime) / 10000) <= 1 && labs(t.tms_cstime - of(after.ru_stime) / 10000) <= 1,
	   "times(2) says the same in ticks");
	pid = spawn_self("wait", "0");
	is_int(clock_getcpuclockid(pid, &clock), 0, "another process has a CPU clock");
	ok(now(clock) >= 0, "that can be read");
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
	fails(now(clock), EINVAL, "until it is gone");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "work"))
		return !(user_time_grows(RUSAGE_SELF) && system_time_grows(RUSAGE_SELF));
	for (; argc > 1;)
		pause();
	test_clocks();
	test_sleeps();
	test_timers();
	test_usage();
	if (can_spawn("times of children"))
		test_children();
	return done();
}
