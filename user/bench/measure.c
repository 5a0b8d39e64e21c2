/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds how many rounds fill a batch, or takes the row's fixed number; then measures batches and takes their median. */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

#define BATCHES 5

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/*
 * Two instructions that do nothing, and by which tools/ladder/count.c knows the batch from all else. They are here always: the
 * program that is counted part by part is the one that is timed.
 */
static void window_open(void)
{
	asm volatile("xchg %%bx, %%bx" : : : "memory");
}

static void window_close(void)
{
	asm volatile("xchg %%cx, %%cx" : : : "memory");
}

static int batch(const struct row *row, long rounds, double *took)
{
	double start = now();
	int error;

	window_open();
	error = row->run(rounds);
	window_close();
	*took = now() - start;
	return error;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The lesser time of two batches: one may have been interrupted for long. */
static int lesser(const struct row *row, long rounds, double *took)
{
	double again;
	int error = batch(row, rounds, took);

	if (!error)
		error = batch(row, rounds, &again);
	if (!error && again < *took)
		*took = again;
	return error;
}

/* Doubles until a batch is long enough to scale; that is the warm-up as well. */
static int calibrate(const struct row *row, double want, long *rounds)
{
	double took = 0;
	int error;

	for (*rounds = 1;; *rounds *= 2) {
		error = lesser(row, *rounds, &took);
		if (error || took >= want / 4 || *rounds >= 1L << 24)
			break;
	}
	if (took > 0 && took < want)
		*rounds *= want / took;
	return error;
}

int row_measure(const struct row *row, int budget_ms, struct result *result)
{
	double took, times[BATCHES], parts = row->parts ? row->parts : 1;
	long rounds = row->exact;
	int error = budget_ms ? calibrate(row, budget_ms * 1e6 / (BATCHES + 1), &rounds) : row->run(rounds);

	for (int i = 0; i < BATCHES && !error; i++) {
		error = batch(row, rounds, &took);
		times[i] = took / rounds / parts;
	}
	if (error)
		return error;
	qsort(times, BATCHES, sizeof(*times), by_value);
	*result = (struct result){times[BATCHES / 2], times[0], times[BATCHES - 1], rounds};
	return 0;
}
