/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of rows that need one, as a thread or as a process. A process is this file started anew and not a
 * fork, so that those rows exist wherever there are processes.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void memory_touch(const unsigned long *words, int kib)
{
	unsigned long sum = 0;

	for (long i = 0; i < kib * 1024L / (long)sizeof(*words); i++)
		sum += words[i];
	asm volatile("" : : "r"(sum));
}

/* 0, or -1 at the end of `in` and at an error: then whoever waits for the answer finds its end closed. */
static int answer(const struct partner *partner, char *buffer, const unsigned long *words)
{
	long size = partner->kind == PARTNER_DRAIN ? MIB : 1, n;

	for (long got = 0; got < size; got += n) {
		n = read(partner->in, buffer, size > 1 ? 64 << 10 : 1);
		if (n <= 0)
			return -1;
	}
	memory_touch(words, partner->kib);
	return write(partner->out, buffer, 1) == 1 ? 0 : -1;
}

static void work(const struct partner *partner)
{
	char *buffer = malloc(64 << 10);
	unsigned long *words = calloc(1, partner->kib * 1024L + 1);

	while (buffer && words && !answer(partner, buffer, words))
		continue;
	free(words);
	free(buffer);
	close(partner->in);
	close(partner->out);
}

static void *thread_main(void *argument)
{
	work(argument);
	return NULL;
}

int partner_start_thread(struct partner *partner)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, thread_main, partner);

	partner->pid = 0;
	partner->thread = (unsigned long)thread;
	if (error)
		close(partner->in), close(partner->out);
	return error;
}

int partner_start_process(struct partner *partner)
{
	char kind[12], kib[12], *argv[] = {"bench", "--partner", kind, kib, NULL};
	int error;

	snprintf(kind, sizeof(kind), "%d", partner->kind);
	snprintf(kib, sizeof(kib), "%d", partner->kib);
	error = self_spawn(&partner->pid, argv, partner->in, partner->out);
	close(partner->in), close(partner->out);
	return error;
}

int partner_main(char **argv)
{
	work(&(struct partner){.kind = atoi(argv[0]), .kib = atoi(argv[1]), .in = 0, .out = 1});
	return 0;
}

void partner_join(struct partner *partner)
{
	if (partner->pid)
		waitpid(partner->pid, NULL, 0);
	else
		pthread_join((pthread_t)partner->thread, NULL);
}

int self_spawn(pid_t *pid, char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	error = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, NULL);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int child_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return errno;
	return status ? ECHILD : 0;
}
