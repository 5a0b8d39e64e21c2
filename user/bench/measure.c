/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds how many rounds fill a batch, then measures some batches and takes their median. */
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

static double batch(const struct row *row, long rounds)
{
	double start = now();

	row->run(rounds);
	return now() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct result row_measure(const struct row *row, int budget_ms)
{
	double want = budget_ms * 1e6 / (BATCHES + 2), took, times[BATCHES];
	long rounds = 1;

	/* Calibration is the warm-up as well; it doubles until a batch is long enough to scale. */
	while ((took = batch(row, rounds)) < want / 4 && rounds < 1L << 24)
		rounds *= 2;
	if (took > 0 && took < want)
		rounds *= want / took;
	for (int i = 0; i < BATCHES; i++)
		times[i] = batch(row, rounds) / rounds;
	qsort(times, BATCHES, sizeof(*times), by_value);
	return (struct result){times[BATCHES / 2], times[0], times[BATCHES - 1], rounds};
}
