/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built-in benchmark: rows_*.c say what is measured, partner.c is the other side of rows that need one,
 * measure.c says how often and how long, bench.c prints.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#define PAGE 4096L
#define MIB (1L << 20)

/*
 * A row: prepare gets ready once, run does the thing `rounds` times, finish undoes prepare. Both return 0 or an
 * errno. One that comes from prepare or from the first round is the kernel's refusal of this row; a later one ends
 * the program: a wrong number is worse than none. prepare and finish may be NULL.
 */
struct row {
	const char *name;
	const char *what; /* one operation, in words */
	long exact;	  /* rounds of a batch when instructions are counted: the same in every run */
	int (*prepare)(const struct row *row);
	int (*run)(long rounds);
	void (*finish)(void);
	int count;   /* of descriptors or tasks, where a row has some */
	int kib;     /* what each task works on */
	int parts;   /* operations in one round, when not 1 */
};

struct group {
	const char *title;
	const struct row *rows;
	size_t count;
};

#define GROUP(title, rows) {title, rows, sizeof(rows) / sizeof(*(rows))}

extern const struct group calls, polls, signals, memory, pipes, switches, processes, files, bandwidths;

/* In a prepare or a run: what must hold, or its errno is the answer. */
#define TRY(holds)                                                                                 \
	do {                                                                                       \
		if (!(holds))                                                                      \
			return errno;                                                              \
	} while (0)

struct result {
	double ns, low, high; /* for one operation: the median of the batches, the least, the most */
	long rounds;	      /* in one batch */
};

/*
 * Measures a prepared row whose first round went well: in about `budget_ms`, with as many rounds as that takes; or with
 * budget_ms 0 in the row's own fixed number of rounds. Returns 0 or an errno.
 */
int row_measure(const struct row *row, int budget_ms, struct result *result);

/*
 * The other side of a row: reads `in` to its end, and writes to `out`. A thread or a process, by the same code, so
 * that rows differ in just that.
 */
enum partner_kind {
	PARTNER_ECHO, /* gives each byte back */
	PARTNER_DRAIN, /* takes a MiB at a time, gives one byte for it */
	PARTNER_HOP,  /* works through its memory, passes the byte on */
};

struct partner {
	enum partner_kind kind;
	int in, out, kib;
	unsigned long thread; /* one of the two */
	pid_t pid;
};

/*
 * Takes over `in` and `out`, also when it fails. Returns 0 or an errno. The partner ends at the end of `in`, and closes
 * `out` then.
 */
int partner_start_thread(struct partner *partner);
int partner_start_process(struct partner *partner);
void partner_join(struct partner *partner);
/* What the program does as a partner that is a process: descriptors 0 and 1, "KIND KIB". */
int partner_main(char **argv);
/* Reads all of a working set. */
void memory_touch(const unsigned long *words, int kib);

/* Starts this program file anew with one argument and descriptors 0 and 1, or -1 for its own. Returns 0 or an errno. */
int self_spawn(pid_t *pid, char *const argv[], int in, int out);
/* Waits for a child. Returns 0 when it ended well, else an errno. */
int child_wait(pid_t pid);

#endif
