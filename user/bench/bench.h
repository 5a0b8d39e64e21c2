/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in benchmark: rows.c says what is measured, measure.c how, bench.c prints. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

/*
 * A row: prepare gets ready once and returns 0, or an errno: the kernel refuses this row; run does
 * the thing `rounds` times; finish undoes prepare. prepare and finish may be NULL.
 */
struct row {
	const char *name;
	int (*prepare)(void);
	void (*run)(long rounds);
	void (*finish)(void);
};

extern const struct row rows[];
extern const size_t row_count;

struct result {
	double ns, low, high; /* for one round: the median of the batches, the least, the most */
	long rounds;	      /* in one batch */
};

/* Measures a prepared row in about `budget_ms`. */
struct result row_measure(const struct row *row, int budget_ms);

#endif
