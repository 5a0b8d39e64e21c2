/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands the shell does itself. Each gets argv and returns its status. */
#include "spawnsh.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int builtin_cd(int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : getenv("HOME");

	if (chdir(to ? to : "/") == 0)
		return 0;
	complain("cd: %s: %s", to, strerror(errno));
	return 1;
}

static int builtin_exit(int argc, char **argv)
{
	exit(argc > 1 ? atoi(argv[1]) & 255 : shell.status);
}

static int builtin_echo(int argc, char **argv)
{
	int first = argc > 1 && !strcmp(argv[1], "-n") ? 2 : 1;

	for (int i = first; i < argc; i++)
		printf("%s%s", i > first ? " " : "", argv[i]);
	if (first == 1)
		putchar('\n');
	if (fflush(stdout) == 0)
		return 0;
	complain("echo: %s", strerror(errno));
	return 1;
}

static int builtin_export(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			continue; /* every variable of this shell is exported */
		*equals = '\0';
		setenv(argv[i], equals + 1, 1);
	}
	return 0;
}

static int builtin_jobs(int argc, char **argv)
{
	(void)argc, (void)argv;
	jobs_report(false);
	return 0;
}

static int builtin_wait(int argc, char **argv)
{
	int status = 0;

	if (argc == 1)
		jobs_wait_all();
	for (int i = 1; i < argc; i++) {
		struct job *job = job_find(argv[i]);

		if (!job)
			complain("wait: %s: no such job", argv[i]);
		status = job ? job_wait(job) : 127;
	}
	return status;
}

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"HUP", SIGHUP},	{"INT", SIGINT},   {"QUIT", SIGQUIT}, {"KILL", SIGKILL},
		     {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"CONT", SIGCONT},
		     {"STOP", SIGSTOP}, {"PIPE", SIGPIPE}, {"SEGV", SIGSEGV}};

	if (isdigit((unsigned char)*name))
		return atoi(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].name, name + (strncmp(name, "SIG", 3) ? 0 : 3)))
			return names[i].number;
	return -1;
}

static int kill_one(const char *target, int sig)
{
	struct job *job = *target == '%' ? job_find(target) : NULL;
	char *end;
	long pid = strtol(target, &end, 10);
	int failed = 0;

	if (job) {
		for (int i = 0; i < job->count; i++)
			failed |= job->pids[i] > 0 && kill(job->pids[i], sig) < 0;
	} else if (*target == '%' || end == target || *end) {
		complain("kill: %s: no such job", target);
		return 1;
	} else {
		failed = kill(pid, sig) < 0;
	}
	if (failed)
		complain("kill: %s: %s", target, strerror(errno));
	return failed;
}

static int builtin_kill(int argc, char **argv)
{
	bool named = argc > 1 && argv[1][0] == '-';
	int sig = named ? signal_number(argv[1] + 1) : SIGTERM, failed = 0;

	if (sig < 0 || argc < 2 + named) {
		complain("usage: kill [-SIGNAL] %%JOB|PID...");
		return 2;
	}
	for (int i = 1 + named; i < argc; i++)
		failed |= kill_one(argv[i], sig);
	return failed;
}

builtin_fn *builtin_find(const char *name)
{
	static const struct {
		const char *name;
		builtin_fn *run;
	} builtins[] = {{"cd", builtin_cd},	    {"exit", builtin_exit}, {"echo", builtin_echo},
			{"export", builtin_export}, {"jobs", builtin_jobs}, {"wait", builtin_wait},
			{"kill", builtin_kill}};

	for (size_t i = 0; i < sizeof(builtins) / sizeof(*builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return builtins[i].run;
	return NULL;
}
