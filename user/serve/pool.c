/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers begin and end: as threads, as copies of this process, or as this file started anew, which a shared space can do too. */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread_main(void *argument)
{
	worker_run(argument);
	return NULL;
}

static int start_fork(struct worker *worker)
{
	worker->pid = fork();
	if (worker->pid == 0) {
		signal(SIGCHLD, SIG_DFL);
		worker_run(worker);
		_exit(0);
	}
	return worker->pid < 0 ? errno : 0;
}

static int start_spawn(struct worker *worker)
{
	const struct job *job = &worker->job;
	long values[WORKER_ARGUMENTS] = {job->slot, job->pages, job->cpu, job->once, job->share, job->state_kib,
					 job->meeting, job->workers};
	char texts[WORKER_ARGUMENTS][24], *argv[WORKER_ARGUMENTS + 3] = {"serve", "--worker"};
	posix_spawn_file_actions_t actions;
	int error;

	for (int i = 0; i < WORKER_ARGUMENTS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%ld", values[i]);
		argv[i + 2] = texts[i];
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, worker->in, 0);
	posix_spawn_file_actions_adddup2(&actions, worker->out, 1);
	error = posix_spawn(&worker->pid, "/proc/self/exe", &actions, NULL, argv, NULL);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int worker_start(struct worker *worker, enum kind kind)
{
	int error;

	if (kind == THREAD)
		return pthread_create(&worker->thread, NULL, thread_main, worker);
	error = kind == FORK ? start_fork(worker) : start_spawn(worker);
	if (!error && !worker->job.once) {
		close(worker->in);
		close(worker->out);
	}
	return error;
}

void worker_join(struct worker *worker, enum kind kind)
{
	int status;

	if (kind == THREAD) {
		pthread_join(worker->thread, NULL);
		return;
	}
	if (waitpid(worker->pid, &status, 0) != worker->pid)
		err(1, "waitpid");
	if (status)
		errx(1, "worker %d ended with status %#x", worker->job.slot, status);
}
