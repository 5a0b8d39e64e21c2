/* SPDX-License-Identifier: BSD-2-Clause */
/* The children that run in the background, and waiting for them. */
#include "spawnsh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define JOBS 64

static struct job jobs[JOBS];

struct job *job_add(const pid_t *pids, int count, const char *text)
{
	for (int i = 0; i < JOBS; i++) {
		struct job *job = &jobs[i];

		if (job->id)
			continue;
		job->pids = malloc(count * sizeof(*pids));
		job->text = strdup(text);
		if (!job->pids || !job->text) {
			complain("out of memory");
			exit(1);
		}
		memcpy(job->pids, pids, count * sizeof(*pids));
		job->count = job->alive = count;
		job->status = 0;
		job->id = i + 1;
		return job;
	}
	return NULL;
}

static void job_forget(struct job *job)
{
	free(job->pids);
	free(job->text);
	job->id = 0;
}

/* A wait status as the shell shows it in $?. */
static int status_number(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Notes that a child ended. */
static void child_ended(pid_t pid, int status)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		for (int i = 0; job->id && i < job->count; i++) {
			if (job->pids[i] != pid)
				continue;
			job->pids[i] = -pid;
			job->alive--;
			if (i == job->count - 1)
				job->status = status_number(status);
			return;
		}
}

/* Takes one ended child; false when there is none (left). */
static bool child_reap(int flags)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(-1, &status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid <= 0)
		return false;
	child_ended(pid, status);
	return true;
}

struct job *job_find(const char *name)
{
	long number = strtol(name + (*name == '%'), NULL, 10);

	for (struct job *job = jobs; job < jobs + JOBS; job++) {
		if (!job->id)
			continue;
		if (*name == '%' && job->id == number)
			return job;
		for (int i = 0; *name != '%' && i < job->count; i++)
			if (labs(job->pids[i]) == number)
				return job;
	}
	return NULL;
}

int job_wait(struct job *job)
{
	int status;

	while (job->alive && child_reap(0))
		;
	status = job->status;
	job_forget(job);
	return status;
}

void jobs_wait_all(void)
{
	while (child_reap(0))
		;
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->id)
			job_forget(job);
}

void jobs_report(bool finished_only)
{
	while (child_reap(WNOHANG))
		;
	for (struct job *job = jobs; job < jobs + JOBS; job++) {
		if (!job->id || (finished_only && job->alive))
			continue;
		printf("[%d] %s %s\n", job->id, job->alive ? "running" : "done", job->text);
		if (!job->alive)
			job_forget(job);
	}
	fflush(stdout);
}
