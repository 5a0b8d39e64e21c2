/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench [-m MS | -x] [-l] [ROW...]: measures what programs ask of a kernel, one row each, MS milliseconds (100) for one.
 * stdout says which rows the kernel did and which it refused: the same on every run, so that kernels can be compared
 * by it. The figures go to stderr. They are of the clock the kernel shows; under emulation they say how kernels
 * relate, not how fast a machine is.
 *
 * -x does a fixed number of rounds of each row, whatever the clock says, and prints at the end, so that a slow reader
 * delays no row. Under `orchard compare --icount`, where the clock counts instructions, two runs then print the same
 * digits. -l lists the rows.
 */
#include "bench.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct group *const groups[] = {
    &calls, &polls, &signals, &memory, &pipes, &switches, &processes, &files, &bandwidths,
};
#define GROUPS (sizeof(groups) / sizeof(*groups))

static int budget_ms = 100; /* 0: fixed rounds */

static const char *error_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
	    {ENOSYS, "ENOSYS"}, {EPERM, "EPERM"},   {EACCES, "EACCES"}, {ENOMEM, "ENOMEM"},
	    {EAGAIN, "EAGAIN"}, {EINVAL, "EINVAL"}, {ENOENT, "ENOENT"}, {ENODEV, "ENODEV"},
	    {EMFILE, "EMFILE"}, {ENOSPC, "ENOSPC"}, {EROFS, "EROFS"},   {EOPNOTSUPP, "EOPNOTSUPP"},
	};
	static char number[24];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].error == error)
			return names[i].name;
	snprintf(number, sizeof(number), "errno-%d", error);
	return number;
}

/* Prepares the row and does one round of it: 0, or the kernel's refusal. */
static int row_try(const struct row *row)
{
	int error = row->prepare ? row->prepare(row) : 0;

	return error ? error : row->run(1);
}

static void row_print(const struct row *row)
{
	struct result result;
	int error = row_try(row);

	if (error) {
		printf("%-16s refused: %s\n", row->name, error_name(error));
		fprintf(stderr, "%-16s %12s %25s %10s  %s\n", row->name, "refused", error_name(error), "", row->what);
	} else {
		error = row_measure(row, budget_ms, &result);
		if (error)
			errx(1, "%s: %s in the middle of the row", row->name, error_name(error));
		printf("%-16s ok\n", row->name);
		fprintf(stderr, "%-16s %12.1f %12.1f %12.1f %10ld  %s\n", row->name, result.ns, result.low,
			result.high, result.rounds, row->what);
	}
	if (budget_ms)
		fflush(stdout);
	if (row->finish)
		row->finish();
}

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc == 0;
}

static void check_names(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int known = 0;

		for (size_t g = 0; g < GROUPS; g++)
			for (size_t r = 0; r < groups[g]->count; r++)
				known |= !strcmp(groups[g]->rows[r].name, argv[i]);
		if (!known)
			errx(2, "no such row: %s (bench -l lists them)", argv[i]);
	}
}

/* Keeps what is printed until the end. */
static void output_hold(void)
{
	static char out[16 << 10], err[32 << 10];

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	setvbuf(stderr, err, _IOFBF, sizeof(err));
}

static int list(void)
{
	for (size_t g = 0; g < GROUPS; g++) {
		printf("# %s\n", groups[g]->title);
		for (size_t r = 0; r < groups[g]->count; r++)
			printf("%-16s  %s\n", groups[g]->rows[r].name, groups[g]->rows[r].what);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--exit")) /* what the exec rows run */
		return 0;
	if (argc == 4 && !strcmp(argv[1], "--partner"))
		return partner_main(argv + 2);
	for (int option; (option = getopt(argc, argv, "m:xl")) != -1;) {
		if (option == 'l')
			return list();
		budget_ms = option == 'x' ? 0 : option == 'm' ? atoi(optarg) : -1;
		if (budget_ms < (option != 'x'))
			errx(2, "usage: bench [-m MILLISECONDS | -x] [-l] [ROW...]");
	}
	argc -= optind, argv += optind;
	check_names(argc, argv);
	if (!budget_ms)
		output_hold();
	fprintf(stderr, "%-16s %12s %12s %12s %10s  %s\n", "row", "ns", "least", "most", "rounds", "what");
	for (size_t g = 0; g < GROUPS; g++) {
		int titled = 0;

		for (size_t r = 0; r < groups[g]->count; r++) {
			if (!wanted(groups[g]->rows[r].name, argc, argv))
				continue;
			if (!titled++)
				fprintf(stderr, "# %s\n", groups[g]->title);
			row_print(&groups[g]->rows[r]);
		}
	}
	return 0;
}
