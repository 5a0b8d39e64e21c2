/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jobs: N jobs in one machine, each a thread or a process, and what they cost it: memory, wake-ups of an idle machine, work, and
 * how late the first one is beside noisy others. The first job is this process itself, so that with -n 1 nothing is started.
 *
 * Prints lines of KEY NUMBER. Times are of the guest's clock, which counts instructions under --icount.
 */
#include "jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_NS NS_PER_S /* what starting so many left behind shall be over */

long clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void sleep_until(long ns)
{
	struct timespec until = {ns / NS_PER_S, ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

void fail(const char *what)
{
	fprintf(stderr, "jobs: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: jobs [-n JOBS] [-a threads|spawn|fork|any] -m MODE\n"
		"  any: spawned processes, and threads where spawning is ENOSYS\n"
		"  -m idle  [-s SECONDS]                  they sleep for good; the machine is watched for SECONDS (10)\n"
		"  -m wake  [-s SECONDS] [-t MS]          each wakes each MS (100)\n"
		"  -m work  [-w ROUNDS]                   each computes ROUNDS blocks (100), until all have\n"
		"  -m noisy [-k HOG] [-t MS] [-p PERIODS] the first has little to do each MS (10), PERIODS times (100); the\n"
		"                                         others are hogs: %s\n", hog_names());
	exit(2);
}

/* A whole number from `least` on. */
static long number(const char *text, long least)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || end == text || value < least || value > 1000000000)
		usage();
	return value;
}

static int choice(const char *text, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(text, names[i]))
			return i;
	usage();
	return 0;
}

static void print_machine(const struct machine *before, const struct machine *after)
{
	double seconds = (double)(after->clock_ns - before->clock_ns) / NS_PER_S;

	printf("switches %ld\n", after->switches - before->switches);
	printf("interrupts %ld\n", after->interrupts - before->interrupts);
	printf("switches_per_s %.2f\n", (after->switches - before->switches) / seconds);
	printf("interrupts_per_s %.2f\n", (after->interrupts - before->interrupts) / seconds);
	if (after->idle_ns >= 0)
		printf("busy_ns_per_s %.0f\n",
		       (after->clock_ns - before->clock_ns - (after->idle_ns - before->idle_ns)) / seconds);
}

/* The jobs are there: the machine for some seconds. */
static void watch(const struct job *job, long seconds)
{
	struct machine before, after;
	long until = clock_now() + SETTLE_NS;

	if (job->mode == MODE_WAKE)
		wake_until(job, until);
	sleep_until(until);
	machine_read(&before);
	until = before.clock_ns + seconds * NS_PER_S;
	if (job->mode == MODE_WAKE)
		wake_until(job, until);
	sleep_until(until);
	machine_read(&after);
	print_machine(&before, &after);
}

static void be_victim(const struct job *job, long periods)
{
	struct lateness found;

	victim_run(job, periods, &found);
	printf("late_mean_ns %ld\nlate_max_ns %ld\nmissed %ld\n", found.mean_ns, found.max_ns, found.missed);
}

static void start(enum way way, const struct job *job, long more)
{
	int error = jobs_start(way, job, more);

	if (!error)
		return;
	printf("refused %d\n", error);
	errno = error;
	fail("the jobs cannot be started");
}

int main(int argc, char **argv)
{
	static const char *const modes[] = {"idle", "wake", "work", "noisy"}, *const ways[] = {"threads", "spawn", "fork", "any"};
	struct job job = {.mode = MODE_IDLE, .rounds = 100};
	long count = 1, seconds = 10, periods = 100, began = clock_now(), processes, kernel;
	struct machine alone, all;
	enum way way = WAY_ANY;
	int option;

	if (argc > 1 && !strcmp(argv[1], "--job"))
		return jobs_spawned(argv + 2);
	while ((option = getopt(argc, argv, "n:a:m:s:t:w:k:p:")) >= 0) {
		int hog;

		switch (option) {
		case 'n': count = number(optarg, 1); break;
		case 'a': way = (enum way)choice(optarg, ways, 4); break;
		case 'm': job.mode = (enum mode)choice(optarg, modes, 4); break;
		case 's': seconds = number(optarg, 0); break;
		case 't': job.period_ms = number(optarg, 1); break;
		case 'w': job.rounds = number(optarg, 1); break;
		case 'p': periods = number(optarg, 1); break;
		case 'k':
			hog = hog_find(optarg);
			if (hog < 0)
				usage();
			job.hog = (unsigned)hog;
			break;
		default: usage();
		}
	}
	if (optind < argc)
		usage();
	if (!job.period_ms)
		job.period_ms = job.mode == MODE_NOISY ? 10 : 100;

	machine_tasks(&processes, &kernel);
	printf("began_ns %ld\nprocesses %ld\nkernel_threads %ld\n", began, processes, kernel);
	machine_read(&alone);
	start(way, &job, count - 1);
	if (job.mode == MODE_WORK) {
		work_rounds(job.rounds);
		jobs_wait();
		machine_read(&all);
		printf("work_ns %ld\n", all.clock_ns - alone.clock_ns);
		return 0;
	}
	machine_read(&all);
	printf("start_ns %ld\nalone_kib %ld\nused_kib %ld\n", all.clock_ns - alone.clock_ns, alone.used_kib, all.used_kib);
	printf("job_kib %.2f\n", count > 1 ? (double)(all.used_kib - alone.used_kib) / (count - 1) : 0.0);
	if (job.mode == MODE_NOISY)
		be_victim(&job, periods);
	else
		watch(&job, seconds);
	jobs_kill();
	return 0;
}
