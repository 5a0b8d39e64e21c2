/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and processes from their making to their end. What is executed is this file, which ends at once. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <unistd.h>

static char *const exit_argv[] = {"bench", "--exit", NULL};

static void *thread_main(void *argument)
{
	return argument;
}

static int thread_run(long rounds)
{
	pthread_t thread;

	while (rounds--) {
		int error = pthread_create(&thread, NULL, thread_main, NULL);

		if (error)
			return error;
		pthread_join(thread, NULL);
	}
	return 0;
}

static int fork_run(long rounds)
{
	while (rounds--) {
		pid_t pid = fork();
		int error;

		if (pid == 0)
			_exit(0);
		TRY(pid > 0);
		error = child_wait(pid);
		if (error)
			return error;
	}
	return 0;
}

static int fork_exec_run(long rounds)
{
	while (rounds--) {
		pid_t pid = fork();
		int error;

		if (pid == 0) {
			execv("/proc/self/exe", exit_argv);
			_exit(1);
		}
		TRY(pid > 0);
		error = child_wait(pid);
		if (error)
			return error;
	}
	return 0;
}

static int vfork_exec_run(long rounds)
{
	while (rounds--) {
		pid_t pid = vfork();
		int error;

		if (pid == 0) {
			execv("/proc/self/exe", exit_argv);
			_exit(1);
		}
		TRY(pid > 0);
		error = child_wait(pid);
		if (error)
			return error;
	}
	return 0;
}

static int spawn_run(long rounds)
{
	while (rounds--) {
		pid_t pid;
		int error = self_spawn(&pid, exit_argv, -1, -1);

		if (!error)
			error = child_wait(pid);
		if (error)
			return error;
	}
	return 0;
}

static const struct row rows[] = {
    {"thread-create", "pthread_create, end, pthread_join", 50, NULL, thread_run, NULL, 0, 0, 0},
    {"fork-exit", "fork, exit of the child, wait", 12, NULL, fork_run, NULL, 0, 0, 0},
    {"fork-exec", "fork, exec, exit, wait", 12, NULL, fork_exec_run, NULL, 0, 0, 0},
    {"vfork-exec", "vfork, exec, exit, wait", 12, NULL, vfork_exec_run, NULL, 0, 0, 0},
    {"posix-spawn", "posix_spawn, exit, wait", 12, NULL, spawn_run, NULL, 0, 0, 0},
};
const struct group processes = GROUP("Threads and processes", rows);
