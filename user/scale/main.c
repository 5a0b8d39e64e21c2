/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scale -c CASE [-n WORKERS] [-t|-p] [-r ROUNDS]: the same loop on many CPUs at once, worker i on CPU i, as threads (-t) or as
 * processes (-p). Without -n there is one for each CPU.
 *
 * All meet before the first round, so that starting is not measured, and all wait, spinning, until the last has done its
 * last, so that ending is not. What the plugin of `tools/model` knows the phases by are instructions that do nothing:
 *
 *   xchg %bx,%bx    the main worker: all are there, they are released now
 *   xchg %dx,%dx    each worker: its first round begins
 *   xchg %si,%si    each worker: its last round has ended
 *   xchg %cx,%cx    the main worker: all have ended
 *
 * Prints KEY NUMBER lines: workers, rounds (of one worker), operations (of all), ns (from the release until all have ended;
 * with --icount the sum over all CPUs).
 */
#define _GNU_SOURCE
#include "scale.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 255
#define ROUNDS_MAX 1000000000
#define WARM_UP 128 /* rounds; a multiple of what `fault` gives back at once */

#define MARK(register) asm volatile("xchg %%" register ", %%" register : : : "memory")

/* A worker's place at the barrier; only it writes there. */
struct place {
	int phase;
} __attribute__((aligned(LINE)));

enum { STARTING, READY, ENDED };

/* What the workers meet by: in memory that forked ones share. */
struct meeting {
	int released __attribute__((aligned(LINE)));
	int over __attribute__((aligned(LINE)));
	struct place places[WORKERS_MAX];
	struct shared shared;
};

static const struct scale_case *chosen;
static unsigned long rounds;
static int workers, forked, is_child;
static struct meeting *meeting;
static char folder[32];
static pthread_t threads[WORKERS_MAX];
static pid_t pids[WORKERS_MAX];

static void kill_workers(void)
{
	for (int i = 1; i < workers && !is_child; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
}

void fail(const char *what)
{
	warn("%s: %s", chosen->name, what);
	kill_workers();
	_exit(1);
}

/* No worker ends before all have ended, unless it failed: it has said why, or a signal killed it. */
static void worker_died(int signal)
{
	static const char text[] = "scale: a worker died\n";

	(void)signal;
	if (write(2, text, sizeof(text) - 1)) /* as good as can be */
		kill_workers();
	_exit(1);
}

static void pin(int cpu)
{
	cpu_set_t set;
	char what[40];

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	snprintf(what, sizeof(what), "CPU %d of %d", cpu, workers);
	must(sched_setaffinity(0, sizeof(set), &set) == 0 && sched_getcpu() == cpu, what);
}

static void wait_for(const int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value)
		asm volatile("pause");
}

static void tell(int *word, int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static unsigned long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ul + time.tv_nsec;
}

/* What the main worker does instead of waiting for itself. Returns when it released the others. */
static unsigned long release(void)
{
	unsigned long start;

	for (int i = 1; i < workers; i++)
		while (__atomic_load_n(&meeting->places[i].phase, __ATOMIC_ACQUIRE) < READY) {
			sched_yield(); /* one that starts may still be on this CPU */
			asm volatile("pause"); /* with --icount this ends the CPU's turn */
		}
	signal(SIGCHLD, worker_died);
	start = now();
	MARK("bx");
	tell(&meeting->released, 1);
	return start;
}

static void end(unsigned long start)
{
	unsigned long took;

	for (int i = 1; i < workers; i++)
		wait_for(&meeting->places[i].phase, ENDED);
	MARK("cx");
	took = now() - start;
	signal(SIGCHLD, SIG_DFL);
	printf("workers %d\nrounds %lu\noperations %lu\nns %lu\n", workers, rounds, workers * rounds, took);
	tell(&meeting->over, 1);
}

static void work(int index)
{
	struct own own = {.shared = &meeting->shared, .folder = folder, .index = index};
	unsigned long start = 0;

	pin(index);
	if (chosen->prepare)
		chosen->prepare(&own);
	chosen->run(&own, WARM_UP);
	tell(&meeting->places[index].phase, READY);
	if (index == 0)
		start = release();
	else
		wait_for(&meeting->released, 1);
	MARK("dx");
	chosen->run(&own, rounds);
	MARK("si");
	tell(&meeting->places[index].phase, ENDED);
	if (index == 0)
		end(start);
	else
		wait_for(&meeting->over, 1);
	if (chosen->finish)
		chosen->finish(&own);
}

static void *thread_main(void *index)
{
	work((long)index);
	return NULL;
}

static void start_thread(int index)
{
	errno = pthread_create(&threads[index], NULL, thread_main, (void *)(long)index);
	must(errno == 0, "pthread_create");
}

static void start_process(int index)
{
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0) {
		is_child = 1;
		signal(SIGCHLD, SIG_DFL);
		work(index);
		_exit(0);
	}
	pids[index] = pid;
}

static void join(int index)
{
	int status;

	if (!forked)
		pthread_join(threads[index], NULL);
	else if (waitpid(pids[index], &status, 0) != pids[index] || status)
		errx(1, "worker %d ended with %#x", index, status);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: scale -c CASE [-n WORKERS] [-t|-p] [-r ROUNDS]\n");
	for (size_t i = 0; i < case_count; i++)
		fprintf(stderr, "  %-10s %s (%u rounds)\n", cases[i].name, cases[i].what, cases[i].rounds);
	exit(2);
}

static unsigned long number(const char *text, unsigned long most)
{
	char *rest;
	unsigned long value = strtoul(text, &rest, 10);

	if (rest == text || *rest || *text == '-' || value == 0 || value > most)
		errx(2, "%s: not a number from 1 to %lu", text, most);
	return value;
}

static void find_case(const char *name)
{
	for (size_t i = 0; i < case_count; i++)
		if (strcmp(name, cases[i].name) == 0)
			chosen = &cases[i];
	if (!chosen)
		errx(2, "%s: no such case", name);
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:n:r:tp")) >= 0) {
		switch (option) {
		case 'c': find_case(optarg); break;
		case 'n': workers = number(optarg, WORKERS_MAX); break;
		case 'r': rounds = number(optarg, ROUNDS_MAX); break;
		case 't': forked = 0; break;
		case 'p': forked = 1; break;
		default: usage();
		}
	}
	if (!chosen || optind != argc)
		usage();
	if (!workers)
		workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (!rounds)
		rounds = chosen->rounds;
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	pin(workers - 1); /* is there one? Better said once and now */
	meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(meeting != MAP_FAILED, "mmap");
	must(mkdir("/tmp", 01777) == 0 || errno == EEXIST, "/tmp");
	snprintf(folder, sizeof(folder), "/tmp/scale.%d", getpid());
	must(mkdir(folder, 0700) == 0, folder);

	signal(SIGCHLD, worker_died);
	for (int i = 1; i < workers; i++)
		forked ? start_process(i) : start_thread(i);
	work(0);
	for (int i = 1; i < workers; i++)
		join(i);
	must(rmdir(folder) == 0, folder);
	return 0;
}
