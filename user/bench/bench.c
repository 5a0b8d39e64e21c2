/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench [-m MS] [ROW...]: measures what programs ask of a kernel, one row each, MS milliseconds
 * (150) for one. stdout says which rows the kernel did and which it refused: the same on every run,
 * so that kernels can be compared by it. The times go to stderr. They are those of the clock the
 * kernel shows; under emulation they say how kernels relate, not how fast a machine is.
 */
#include "bench.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int budget_ms = 150;

static const char *error_name(int error)
{
	return error == ENOSYS ? "ENOSYS" : strerror(error);
}

static void row_print(const struct row *row)
{
	int error = row->prepare ? row->prepare() : 0;
	struct result result;

	if (error) {
		printf("%-20s refused: %s\n", row->name, error_name(error));
		fprintf(stderr, "%-20s %12s\n", row->name, "refused");
	} else {
		result = row_measure(row, budget_ms);
		printf("%-20s ok\n", row->name);
		fprintf(stderr, "%-20s %12.1f %12.1f %12.1f %10ld\n", row->name, result.ns,
			result.low, result.high, result.rounds);
	}
	fflush(stdout);
	if (!error && row->finish)
		row->finish();
}

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc == 0;
}

int main(int argc, char **argv)
{
	int printed = 0;

	if (argc == 2 && !strcmp(argv[1], "--exit")) /* what the exec row runs */
		return 0;
	for (int option; (option = getopt(argc, argv, "m:")) != -1;) {
		if (option != 'm' || (budget_ms = atoi(optarg)) <= 0)
			errx(2, "usage: bench [-m MILLISECONDS] [ROW...]");
	}
	argc -= optind, argv += optind;
	fprintf(stderr, "%-20s %12s %12s %12s %10s\n", "row", "ns", "least", "most", "rounds");
	for (size_t i = 0; i < row_count; i++)
		if (wanted(rows[i].name, argc, argv)) {
			row_print(&rows[i]);
			printed++;
		}
	if (!printed)
		errx(2, "no such row: %s", argv[0]);
	return 0;
}
