/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context switches: a byte goes round a ring of tasks joined by pipes; each works through its memory before it passes
 * the byte on. A row is one hop: a pipe's read and write, a switch, and the work. Nothing is subtracted:
 * pipe-self says what the pipe costs.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST 16

static struct partner partners[MOST];
static int started;
static int first = -1, last = -1; /* we write to the first partner and read from the last */
static int work_kib;
static unsigned long *words;

static void ring_stop(void)
{
	if (first >= 0)
		close(first);
	for (int i = 0; i < started; i++)
		partner_join(&partners[i]);
	if (last >= 0)
		close(last);
	free(words);
	words = NULL;
	first = last = -1;
	started = 0;
}

static int ring_start(const struct row *row, int (*start)(struct partner *))
{
	int ends[2], error;

	work_kib = row->kib;
	TRY((words = calloc(1, work_kib * 1024L + 1)));
	TRY(pipe2(ends, O_CLOEXEC) == 0);
	first = ends[1], last = ends[0];
	for (started = 0; started < row->count - 1; started++) {
		struct partner *partner = &partners[started];

		TRY(pipe2(ends, O_CLOEXEC) == 0);
		*partner = (struct partner){.kind = PARTNER_HOP, .in = last, .out = ends[1], .kib = row->kib};
		last = ends[0];
		error = start(partner);
		if (error)
			return error;
	}
	return 0;
}

static int threads_start(const struct row *row)
{
	return ring_start(row, partner_start_thread);
}

static int processes_start(const struct row *row)
{
	return ring_start(row, partner_start_process);
}

static int ring_run(long rounds)
{
	char byte;

	while (rounds--) {
		TRY(write(first, "x", 1) == 1 && read(last, &byte, 1) == 1);
		memory_touch(words, work_kib);
	}
	return 0;
}

#define RING(kind, start, count, kib, exact)                                                       \
	{"ctx-" kind "-" #count "/" #kib "K", "a hop in a ring of " #count ", each with " #kib " KiB", \
	 exact, start, ring_run, ring_stop, count, kib, count}
#define RINGS(kind, start)                                                                         \
	RING(kind, start, 2, 0, 100), RING(kind, start, 2, 16, 50), RING(kind, start, 2, 64, 20),  \
	RING(kind, start, 8, 0, 25), RING(kind, start, 8, 16, 12), RING(kind, start, 8, 64, 5),    \
	RING(kind, start, 16, 0, 12), RING(kind, start, 16, 16, 6), RING(kind, start, 16, 64, 3)

static const struct row rows[] = {
    RINGS("thr", threads_start),
    RINGS("proc", processes_start),
};
const struct group switches = GROUP("Context switches of threads and of processes", rows);
