/* SPDX-License-Identifier: BSD-2-Clause */
/* One byte there and back: by pipes with oneself, a thread, a process; by a futex with a thread. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static int there[2] = {-1, -1}, back[2] = {-1, -1};
static struct partner partner;
static int has_partner;

static void end_close(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

static int self_open(const struct row *row)
{
	(void)row;
	return pipe(there) < 0 ? errno : 0;
}

static int self_run(long rounds)
{
	char byte;

	while (rounds--)
		TRY(write(there[1], "x", 1) == 1 && read(there[0], &byte, 1) == 1);
	return 0;
}

/* Closing the end it reads from is what ends a partner, which then closes its other end. */
static void stop(void)
{
	end_close(&there[1]);
	if (has_partner)
		partner_join(&partner);
	has_partner = 0;
	end_close(&there[0]), end_close(&back[0]);
}

static int start(int (*start_partner)(struct partner *))
{
	int error;

	TRY(pipe2(there, O_CLOEXEC) == 0 && pipe2(back, O_CLOEXEC) == 0);
	partner = (struct partner){.kind = PARTNER_ECHO, .in = there[0], .out = back[1]};
	there[0] = back[1] = -1;
	error = start_partner(&partner);
	has_partner = !error;
	return error;
}

static int threads_start(const struct row *row)
{
	(void)row;
	return start(partner_start_thread);
}

static int processes_start(const struct row *row)
{
	(void)row;
	return start(partner_start_process);
}

static int ping_pong(long rounds)
{
	char byte;

	while (rounds--)
		TRY(write(there[1], "x", 1) == 1 && read(back[0], &byte, 1) == 1);
	return 0;
}

/* ---- futex ---- */

static atomic_uint turn; /* even: ours, odd: the partner's, 3 << 30: the end */
static pthread_t futex_thread;
#define TURN_END 0xc0000000u

static void futex_wait(unsigned value)
{
	syscall(SYS_futex, &turn, 128 /* WAIT, private */, value, NULL);
}

static void futex_wake(void)
{
	syscall(SYS_futex, &turn, 129 /* WAKE, private */, 1);
}

static void *futex_partner(void *argument)
{
	for (unsigned now; (now = turn) != TURN_END;) {
		if (now % 2 == 0) {
			futex_wait(now);
			continue;
		}
		turn = (now + 1) % (1u << 30);
		futex_wake();
	}
	return argument;
}

static int futex_start(const struct row *row)
{
	(void)row;
	turn = 0;
	return pthread_create(&futex_thread, NULL, futex_partner, NULL);
}

static void futex_stop(void)
{
	turn = TURN_END;
	futex_wake();
	pthread_join(futex_thread, NULL);
}

static int futex_run(long rounds)
{
	while (rounds--) {
		turn++;
		futex_wake();
		for (unsigned now; (now = turn) % 2;)
			futex_wait(now);
	}
	return 0;
}

static const struct row rows[] = {
    {"pipe-self", "one byte into a pipe and out again", 500, self_open, self_run, stop, 0, 0, 0},
    {"pipe-threads", "one byte to another thread and back", 200, threads_start, ping_pong, stop, 0, 0, 0},
    {"pipe-processes", "one byte to another process and back", 200, processes_start, ping_pong, stop, 0, 0, 0},
    {"futex-threads", "a turn to another thread and back", 200, futex_start, futex_run, futex_stop, 0, 0, 0},
};
const struct group pipes = GROUP("To and fro", rows);
