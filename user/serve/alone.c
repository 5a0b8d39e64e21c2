/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers that ask themselves: each sends a request into its own pipe, reads it, answers into the other, and hears the answer, on a
 * CPU of its own. So none waits for a generator or for another worker, and what differs between threads and processes is what
 * the kernel shares among them. All begin together, and wait, spinning, for the last, so that starting and ending are in no number.
 */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE 128 /* two lines of the cache: CPUs fetch them in pairs */
#define WARM 16

enum { STARTING, READY, ENDED };

/* In a file in memory, which processes that were started anew map too. */
struct meeting {
	int released __attribute__((aligned(LINE)));
	int over __attribute__((aligned(LINE)));
	double took;
	struct {
		int phase;
	} __attribute__((aligned(LINE))) places[MOST_WORKERS];
};

static struct meeting *meeting;

static struct meeting *meeting_map(int file)
{
	struct meeting *mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (mapped == MAP_FAILED)
		err(1, "mmap of what workers meet by");
	return mapped;
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

static void loop(const struct worker *worker, long rounds)
{
	char request[REQUEST_SIZE];

	for (long n = 0; n < rounds; n++) {
		ask(worker, n, 1);
		if (!read_all(worker->in, request, REQUEST_SIZE))
			errx(1, "worker %d: its own request is gone", worker->job.slot);
		worker_serve(worker, request);
		hear(worker, n, 1);
	}
}

/* The first one opens and closes the window, when all are there. */
void worker_alone(const struct worker *told)
{
	const struct job *job = &told->job;
	struct worker own = *told, *worker = &own;
	double start = 0;

	if (!meeting)
		meeting = meeting_map(job->meeting);
	pipes_make(worker);
	loop(worker, WARM);
	tell(&meeting->places[job->slot].phase, READY);
	if (job->slot == 0) {
		for (int w = 1; w < job->workers; w++)
			wait_for(&meeting->places[w].phase, READY);
		start = now();
		MARK("bx");
		tell(&meeting->released, 1);
	}
	wait_for(&meeting->released, 1);
	MARK("dx");
	loop(worker, job->share);
	MARK("si");
	tell(&meeting->places[job->slot].phase, ENDED);
	if (job->slot == 0) {
		for (int w = 1; w < job->workers; w++)
			wait_for(&meeting->places[w].phase, ENDED);
		MARK("cx");
		meeting->took = now() - start;
		tell(&meeting->over, 1);
	}
	wait_for(&meeting->over, 1);
}

/* No worker ends before all have; those that spin would wait for it for ever. */
static void worker_died(int signal)
{
	(void)signal;
	if (__atomic_load_n(&meeting->over, __ATOMIC_ACQUIRE))
		return;
	for (int w = 0; w < MOST_WORKERS; w++)
		if (pool[w].pid > 0)
			kill(pool[w].pid, SIGKILL);
	_exit(1);
}

int generate_alone(const struct plan *plan, struct result *result)
{
	long share = (plan->requests + plan->workers - 1) / plan->workers;
	int file = memfd_create("serve", 0), error = 0;

	if (file < 0 || ftruncate(file, sizeof(struct meeting)))
		err(1, "memfd_create");
	meeting = meeting_map(file);
	state_make(plan->state_kib);
	answers_know(plan->pages);
	pool_prepare(plan, share, 1, file);
	*result = (struct result){.pinned = 1, .answers = share * plan->workers};
	signal(SIGCHLD, worker_died);
	if (plan->kind == SINGLE)
		worker_run(pool);
	for (int w = 0; plan->kind != SINGLE && w < plan->workers && !error; w++)
		error = worker_start(&pool[w], plan->kind);
	for (int w = 0; plan->kind != SINGLE && w < plan->workers && !error; w++)
		worker_join(&pool[w], plan->kind);
	result->request = meeting->took / result->answers;
	return error;
}
