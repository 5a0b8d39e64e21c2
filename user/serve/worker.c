/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker: reads a request, works, writes an answer, and goes on. The same code in a thread, a process, or the generator itself. */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

/* Memory for one answer, as a server that gives it back to the kernel does it. Returns the sum of what it wrote there. */
static uint64_t scratch_use(const char *request, int pages)
{
	char *scratch = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sum = 0;

	if (scratch == MAP_FAILED)
		err(1, "mmap of %d pages", pages);
	for (int i = 0; i < pages; i++) {
		memcpy(scratch + i * PAGE, request, REQUEST_SIZE);
		sum += *(volatile unsigned char *)(scratch + i * PAGE + i);
	}
	if (munmap(scratch, pages * PAGE))
		err(1, "munmap");
	return sum;
}

void worker_serve(const struct worker *worker, const char *request)
{
	long number = request_number(request);
	struct answer answer = {.number = number, .slot = worker->job.slot};

	if (number < 0)
		errx(1, "not a request: %.*s", REQUEST_SIZE, request);
	answer.sum = request_sum(request) + state_item(number);
	if (worker->job.pages)
		answer.sum += scratch_use(request, worker->job.pages);
	write_all(worker->out, &answer, sizeof(answer));
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity to CPU %d", cpu);
}

void worker_run(const struct worker *worker)
{
	const struct job *job = &worker->job;
	char request[REQUEST_SIZE];

	if (job->cpu >= 0)
		pin(job->cpu);
	if (job->meeting >= 0) {
		worker_alone(worker);
		return;
	}
	if (!job->once)
		write_all(worker->out, &(struct answer){.number = ANSWER_READY, .slot = job->slot}, sizeof(struct answer));
	while (read_all(worker->in, request, REQUEST_SIZE) && !memcmp(request, "GET ", 4)) {
		worker_serve(worker, request);
		if (job->once)
			break;
	}
}

int worker_main(char **argv)
{
	struct worker worker = {
	    .job = {atoi(argv[0]), atoi(argv[1]), atoi(argv[2]), atoi(argv[3]), atol(argv[4]), atol(argv[5]), atoi(argv[6]),
		    atoi(argv[7])},
	    .in = 0,
	    .out = 1,
	};

	requests_make();
	state_make(worker.job.state_kib);
	answers_know(worker.job.pages);
	worker_run(&worker);
	return 0;
}
