/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - the same jobs as threads of this process, as processes of this file started anew (which every kernel with many
 * processes can), or as forked ones. Each writes a byte when it is there.
 */
#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 10000
#define READY_FD 100 /* of a spawned job: where it says that it is there */

extern char **environ;

static struct {
	enum way way;
	const struct job *job;
	long count;
	int ready[2];
	union {
		pid_t pid;
		pthread_t thread;
	} of[JOBS_MAX];
} all;

static void be_a_job(const struct job *job, int ready)
{
	if (write(ready, "", 1) != 1)
		fail("a job's byte");
	job_run(job);
}

static void *thread_main(void *arg)
{
	(void)arg;
	be_a_job(all.job, all.ready[1]);
	return NULL;
}

static int start_thread(long i)
{
	return pthread_create(&all.of[i].thread, NULL, thread_main, NULL);
}

static int start_fork(long i)
{
	pid_t pid = fork();

	if (pid == 0) {
		be_a_job(all.job, all.ready[1]);
		_exit(0);
	}
	all.of[i].pid = pid;
	return pid < 0 ? errno : 0;
}

static int start_spawn(long i)
{
	const struct job *job = all.job;
	char text[4][24], *argv[] = {"jobs", "--job", text[0], text[1], text[2], text[3], NULL};
	posix_spawn_file_actions_t actions;
	int error;

	snprintf(text[0], sizeof(text[0]), "%d", (int)job->mode);
	snprintf(text[1], sizeof(text[1]), "%u", job->hog);
	snprintf(text[2], sizeof(text[2]), "%ld", job->period_ms);
	snprintf(text[3], sizeof(text[3]), "%ld", job->rounds);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, all.ready[1], READY_FD);
	error = posix_spawn(&all.of[i].pid, "/proc/self/exe", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int jobs_spawned(char **argv)
{
	struct job job;

	for (int i = 0; i < 4; i++)
		if (!argv[i])
			return 2;
	job = (struct job){(enum mode)atoi(argv[0]), (unsigned)atoi(argv[1]), atol(argv[2]), atol(argv[3])};
	be_a_job(&job, READY_FD);
	return 0;
}

/* One by one: the next is started when the last is there, so that the order of events is the same on every kernel. */
int jobs_start(enum way way, const struct job *job, long count)
{
	static int (*const start[])(long) = {start_thread, start_spawn, start_fork, start_spawn};
	char byte;

	if (count > JOBS_MAX)
		return E2BIG;
	all.way = way;
	all.job = job;
	if (count && pipe2(all.ready, O_CLOEXEC))
		fail("a pipe");
	for (; all.count < count; all.count++) {
		int error = start[all.way](all.count);

		if (error == ENOSYS && all.way == WAY_ANY) {
			all.way = WAY_THREADS;
			error = start_thread(all.count);
		}
		if (error) {
			jobs_kill();
			return error;
		}
		if (read(all.ready[0], &byte, 1) != 1)
			fail("a job's byte");
	}
	return 0;
}

void jobs_wait(void)
{
	for (long i = 0; i < all.count; i++) {
		int status = 0;

		if (all.way == WAY_THREADS)
			pthread_join(all.of[i].thread, NULL);
		else if (waitpid(all.of[i].pid, &status, 0) < 0 || status)
			fail("a job that ended otherwise");
	}
	all.count = 0;
}

/* Threads end with the process. */
void jobs_kill(void)
{
	if (all.way == WAY_THREADS)
		return;
	for (long i = 0; i < all.count; i++)
		kill(all.of[i].pid, SIGKILL);
	for (long i = 0; i < all.count; i++)
		waitpid(all.of[i].pid, NULL, 0);
	all.count = 0;
}
