/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A neighbour: this program again, which works on and proves it. It computes a series, looks whether its memory keeps what it
 * put there, and sends each element through a pipe; who reads it computes the same series and compares. What a hog or a
 * damaged program does to others shows as a wrong element, an end, or silence.
 */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>

#include "kernel.h"

#define NEIGHBOUR_MODE "neighbour"
#define NEIGHBOUR_PATIENCE_MS 20000

struct neighbour {
	pid_t pid;
	int from;
	uint64_t seen; /* elements that were right */
	uint64_t expected;
};

static uint64_t neighbour_next(uint64_t x)
{
	for (int i = 0; i < 1000; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	return x;
}

/* The neighbour itself: does not return when `mode` is its. */
TAP_UNUSED static int neighbour_main(const char *mode)
{
	static uint64_t page[512];
	uint64_t x = 1;

	if (strcmp(mode, NEIGHBOUR_MODE))
		return 0;
	for (;;) {
		x = neighbour_next(x);
		for (int i = 0; i < 512; i++)
			page[i] = x + i;
		for (int i = 0; i < 512; i++)
			if (page[i] != x + i)
				_exit(2);
		if (write(STDOUT_FILENO, &x, sizeof(x)) != sizeof(x))
			_exit(1);
	}
}

/* With its standard output in a pipe, which holds it back when nobody reads. */
TAP_UNUSED static void neighbour_start(struct neighbour *n)
{
	int ends[2], out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);

	*n = (struct neighbour){.expected = 1};
	must(out >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	n->pid = spawn_self(NEIGHBOUR_MODE, NULL);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(ends[1]);
	n->from = ends[0];
	must(n->pid > 0);
}

/* Takes `count` elements; whether all came and were right. */
TAP_UNUSED static bool neighbour_works(struct neighbour *n, unsigned count)
{
	struct pollfd p = {.fd = n->from, .events = POLLIN};
	uint64_t x;

	for (unsigned i = 0; i < count; i++) {
		if (poll(&p, 1, NEIGHBOUR_PATIENCE_MS) != 1 || read(n->from, &x, sizeof(x)) != sizeof(x))
			return false;
		n->expected = neighbour_next(n->expected);
		if (x != n->expected)
			return false;
		n->seen++;
	}
	return true;
}

/* More than the pipe holds, so that something is new; then it ends. */
TAP_UNUSED static bool neighbour_stop(struct neighbour *n)
{
	bool works = neighbour_works(n, 4096 / sizeof(uint64_t) + 100);
	int status;

	kill(n->pid, SIGKILL);
	return waitpid(n->pid, &status, 0) == n->pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && works &&
	       close(n->from) == 0;
}

#endif
