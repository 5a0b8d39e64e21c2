/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks, and hears the answers. Each worker has two pipes of its own, so all get the same share, and none waits for another's
 * lock. Of each worker `batch` requests are under way, or two batches where a batch is more than one: it then finds the next
 * one without sleeping. The generator goes round: hears a batch of one worker, asks it the next, turns to the next worker.
 */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WARM_BATCHES 4

struct worker pool[MOST_WORKERS];
static uint64_t sums[DISTINCT];
static uint32_t numbers[DISTINCT];

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* What the answers must be. */
void answers_know(int pages)
{
	for (int i = 0; i < DISTINCT; i++) {
		numbers[i] = request_number(requests[i]);
		sums[i] = request_sum(requests[i]) + state_item(numbers[i]);
		for (int page = 0; page < pages; page++)
			sums[i] += (unsigned char)requests[i][page];
	}
}

void ask(const struct worker *worker, long first, int count)
{
	write_all(worker->ask, requests[first % DISTINCT], count * REQUEST_SIZE);
}

void hear(const struct worker *worker, long first, int count)
{
	struct answer answers[DISTINCT];

	if (!read_all(worker->hear, answers, count * sizeof(*answers)))
		errx(1, "worker %d is gone", worker->job.slot);
	for (int i = 0; i < count; i++) {
		int which = (first + i) % DISTINCT;

		if (answers[i].number != numbers[which] || answers[i].sum != sums[which] ||
		    answers[i].slot != (uint32_t)worker->job.slot)
			errx(1, "worker %d: a wrong answer to request %ld", worker->job.slot, first + i);
	}
}

/* Each worker gets and answers `share` requests, a whole number of batches. */
static void exchange(const struct plan *plan, long share)
{
	int batch = plan->batch, ahead = plan->kind == SINGLE || batch == 1 ? batch : 2 * batch;

	for (int w = 0; w < plan->workers; w++)
		for (long n = 0; n < ahead && n < share; n += batch)
			ask(&pool[w], n, batch);
	for (long n = 0; n < share; n += batch) {
		for (int w = 0; w < plan->workers; w++) {
			char request[REQUEST_SIZE];

			for (int i = 0; plan->kind == SINGLE && i < batch; i++)
				if (read_all(pool[w].in, request, REQUEST_SIZE))
					worker_serve(&pool[w], request);
			hear(&pool[w], n, batch);
			if (n + ahead < share)
				ask(&pool[w], n + ahead, batch);
		}
	}
}

/* A worker for each request: it ends behind its answer. `plan->workers` of them are under way. */
static int exchange_each(const struct plan *plan, long share)
{
	int error = 0;

	for (long n = 0; n < share + 1 && !error; n++) {
		for (int w = 0; w < plan->workers && !error; w++) {
			if (n > 0) {
				worker_join(&pool[w], plan->kind);
				hear(&pool[w], n - 1, 1);
			}
			if (n < share) {
				ask(&pool[w], n, 1);
				error = worker_start(&pool[w], plan->kind);
			}
		}
	}
	return error;
}

void pipes_make(struct worker *worker)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		err(1, "pipe");
	worker->in = there[0], worker->ask = there[1];
	worker->hear = back[0], worker->out = back[1];
}

void pool_prepare(const struct plan *plan, long share, int pinned, int meeting)
{
	for (int w = 0; w < plan->workers; w++) {
		pool[w].job = (struct job){w, plan->pages, pinned ? w : -1, plan->each, share, plan->state_kib, meeting,
					   plan->workers};
		pipes_make(&pool[w]);
	}
}

static int pool_start(const struct plan *plan)
{
	struct answer answer;

	for (int w = 0; w < plan->workers; w++) {
		int error = worker_start(&pool[w], plan->kind);

		if (error)
			return error;
	}
	for (int w = 0; w < plan->workers; w++)
		if (!read_all(pool[w].hear, &answer, sizeof(answer)) || answer.number != ANSWER_READY)
			errx(1, "worker %d is not there", w);
	return 0;
}

static void pool_stop(const struct plan *plan)
{
	static const char end[REQUEST_SIZE] = "END";

	for (int w = 0; w < plan->workers; w++)
		write_all(pool[w].ask, end, sizeof(end));
	for (int w = 0; w < plan->workers; w++)
		worker_join(&pool[w], plan->kind);
}

int generate(const struct plan *plan, struct result *result)
{
	int started = plan->kind != SINGLE && !plan->each, error;
	long turn = (long)plan->workers * plan->batch; /* requests of one time round */
	long share = (plan->requests + turn - 1) / turn * plan->batch, warm = plan->each ? 1 : WARM_BATCHES * plan->batch;
	double time;

	*result = (struct result){.pinned = started && plan->cpus > 1 && plan->cpus >= plan->workers};
	state_make(plan->state_kib);
	answers_know(plan->pages);
	pool_prepare(plan, share, result->pinned, -1);

	time = now();
	error = started ? pool_start(plan) : 0;
	result->start = (now() - time) / plan->workers;
	if (!error && plan->each)
		error = exchange_each(plan, warm);
	if (error)
		return error;
	if (!plan->each)
		exchange(plan, warm);

	time = now();
	MARK("bx");
	if (plan->each)
		error = exchange_each(plan, share);
	else
		exchange(plan, share);
	MARK("cx");
	result->answers = share * plan->workers;
	result->request = (now() - time) / result->answers;

	time = now();
	if (started)
		pool_stop(plan);
	result->stop = (now() - time) / plan->workers;
	return error;
}
