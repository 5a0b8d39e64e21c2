/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A MiB moved: through a pipe in pieces of 64 KiB, and in memory. Under emulation these say how fast the emulator moves
 * bytes, so they stand outside the mean.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE (64L << 10)
/* Not a whole MiB: QEMU's soft TLB, and many a cache, is indexed by the low bits. */
#define DISTANCE (MIB + 37 * PAGE)
#define WORDS (MIB / (long)sizeof(unsigned long))

static unsigned long *from, *to;
static char *mapping;
static struct partner partner;
static int has_partner, out = -1, in = -1;

static int buffers_map(const struct row *row)
{
	(void)row;
	mapping = mmap(NULL, 2 * DISTANCE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY(mapping != MAP_FAILED);
	for (long i = 0; i < 2 * DISTANCE; i += PAGE)
		mapping[i] = 1;
	from = (unsigned long *)mapping, to = (unsigned long *)(mapping + DISTANCE);
	return 0;
}

static void buffers_unmap(void)
{
	munmap(mapping, 2 * DISTANCE);
}

static int read_run(long rounds)
{
	while (rounds--)
		memory_touch(from, MIB / 1024);
	return 0;
}

static int write_run(long rounds)
{
	while (rounds--)
		for (long i = 0; i < WORDS; i++)
			((volatile unsigned long *)to)[i] = 1;
	return 0;
}

static int copy_run(long rounds)
{
	while (rounds--)
		for (long i = 0; i < WORDS; i++)
			((volatile unsigned long *)to)[i] = from[i];
	return 0;
}

/* ---- pipes ---- */

static void pipe_stop(void)
{
	if (out >= 0)
		close(out);
	if (has_partner)
		partner_join(&partner);
	if (in >= 0)
		close(in);
	out = in = -1, has_partner = 0;
	buffers_unmap();
}

static int pipe_start(const struct row *row, int (*start)(struct partner *))
{
	int there[2], back[2], error = buffers_map(row);

	if (error)
		return error;
	TRY(pipe2(there, O_CLOEXEC) == 0);
	out = there[1];
	TRY(pipe2(back, O_CLOEXEC) == 0);
	in = back[0];
	partner = (struct partner){.kind = PARTNER_DRAIN, .in = there[0], .out = back[1]};
	error = start(&partner);
	has_partner = !error;
	return error;
}

static int threads_start(const struct row *row)
{
	return pipe_start(row, partner_start_thread);
}

static int processes_start(const struct row *row)
{
	return pipe_start(row, partner_start_process);
}

static int pipe_run(long rounds)
{
	char byte;

	while (rounds--) {
		for (long i = 0; i < MIB; i += PIECE)
			TRY(write(out, (char *)from + i, PIECE) == PIECE);
		TRY(read(in, &byte, 1) == 1);
	}
	return 0;
}

static const struct row rows[] = {
    {"bw-pipe-threads", "a MiB to another thread", 2, threads_start, pipe_run, pipe_stop, 0, 0, 0},
    {"bw-pipe-procs", "a MiB to another process", 2, processes_start, pipe_run, pipe_stop, 0, 0, 0},
    {"bw-mem-read", "a MiB read", 4, buffers_map, read_run, buffers_unmap, 0, 0, 0},
    {"bw-mem-write", "a MiB written", 4, buffers_map, write_run, buffers_unmap, 0, 0, 0},
    {"bw-mem-copy", "a MiB copied", 4, buffers_map, copy_run, buffers_unmap, 0, 0, 0},
};
const struct group bandwidths = GROUP("Bandwidth", rows);
