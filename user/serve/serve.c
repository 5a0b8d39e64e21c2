/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve -m single|thread|fork|spawn [-e|-a] [-w WORKERS] [-r REQUESTS] [-b BATCH] [-p PAGES] [-s KIB]: a generator sends requests of 64
 * bytes through pipes, and workers answer. `single` has none: the generator answers itself. `spawn` is posix_spawn of this file,
 * which works wherever there are processes. Otherwise workers are there before the first request, and with -e each request
 * has a worker of its own, started for it; with -a each worker asks itself, so that none waits for another. -b requests are sent at a time (1); -p pages are mapped and unmapped for each (0); -s KiB
 * of a table are made before the workers (0), which a thread shares, a fork has as a copy on write, and a spawned process makes anew.
 *
 * -w 0 is as many workers as there are CPUs. Workers are pinned, one to each CPU, where there are as many CPUs as workers and more than one; with -e never.
 *
 * Prints lines `KEY NUMBER`: per_start, per_request and per_stop are the guest's clock in ns (instructions, where it counts them:
 * of all CPUs together) for a worker's start until it says that it is ready, for a request, and for a worker's end. `refused:
 * ENOSYS` and status 1 say that the kernel has no such workers.
 */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {[SINGLE] = "single", [THREAD] = "thread", [FORK] = "fork", [SPAWN] = "spawn"};

static _Noreturn void usage(void)
{
	errx(2, "usage: serve -m single|thread|fork|spawn [-e|-a] [-w WORKERS] [-r REQUESTS] [-b BATCH] [-p PAGES] [-s KIB]");
}

static long number(const char *text, long least, long most)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		errx(2, "%s: not a number from %ld to %ld", text, least, most);
	return value;
}

static enum kind kind_of(const char *name)
{
	for (int i = 0; i <= SPAWN; i++)
		if (!strcmp(kinds[i], name))
			return i;
	usage();
}

static void plan_read(struct plan *plan, int argc, char **argv)
{
	cpu_set_t set;
	int mode = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		err(1, "sched_getaffinity");
	*plan = (struct plan){.cpus = CPU_COUNT(&set), .workers = 1, .requests = 1024, .batch = 1};
	for (int option; (option = getopt(argc, argv, "m:eaw:r:b:p:s:")) != -1;) {
		switch (option) {
		case 'm': plan->kind = kind_of(optarg), mode = 1; break;
		case 'e': plan->each = 1; break;
		case 'a': plan->alone = 1; break;
		case 'w': plan->workers = number(optarg, 0, MOST_WORKERS); break;
		case 'r': plan->requests = number(optarg, 1, INT_MAX); break;
		case 'b': plan->batch = number(optarg, 1, DISTINCT); break;
		case 'p': plan->pages = number(optarg, 0, REQUEST_SIZE); break;
		case 's': plan->state_kib = number(optarg, 0, INT_MAX); break;
		default: usage();
		}
	}
	if (!mode || optind < argc)
		usage();
	if (!plan->workers)
		plan->workers = plan->cpus < MOST_WORKERS ? plan->cpus : MOST_WORKERS;
	if (plan->kind == SINGLE && (plan->each || plan->workers > 1))
		errx(2, "single: there are no workers (-e, -w)");
	if ((plan->each || plan->alone) && plan->batch > 1)
		errx(2, "-e, -a: one request at a time (-b)");
	if (plan->each && plan->alone)
		errx(2, "-e -a: a worker that asks itself stays");
	if (plan->alone && plan->workers > plan->cpus)
		errx(2, "-a: %d workers, which do not sleep, on %d CPUs", plan->workers, plan->cpus);
}

static int refused(int error)
{
	if (error == ENOSYS)
		printf("refused: ENOSYS\n");
	else
		printf("refused: errno-%d\n", error);
	warnx("a worker cannot be started: %s", strerror(error));
	return 1;
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct result result;
	int error;

	if (argc == WORKER_ARGUMENTS + 2 && !strcmp(argv[1], "--worker"))
		return worker_main(argv + 2);
	plan_read(&plan, argc, argv);
	requests_make();
	error = plan.alone ? generate_alone(&plan, &result) : generate(&plan, &result);
	if (error)
		return refused(error);
	printf("mode %s%s\n", kinds[plan.kind], plan.each ? " for each request" : plan.alone ? ", asks itself" : "");
	printf("cpus %d\n", plan.cpus);
	printf("workers %d\n", plan.kind == SINGLE ? 0 : plan.workers);
	printf("pinned %d\n", result.pinned);
	printf("operations %ld\n", result.answers);
	if (plan.kind != SINGLE && !plan.each && !plan.alone)
		printf("per_start %.1f\nper_stop %.1f\n", result.start, result.stop);
	printf("per_request %.1f\n", result.request);
	return 0;
}
