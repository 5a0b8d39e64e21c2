/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which kernel a test runs on, and what it may refuse there. /proc/orchard has lines such as
 * "gate ring0", "aspace shared", "proc one"; Linux has no such file, and refuses nothing.
 *
 * A refusal counts only where the kernel declares it: ENOSYS from fork on a kernel that calls its
 * space private is a failure, not a reason to skip.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <ctype.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

extern char **environ;

/* The value of an axis, lower case; "" where there is no /proc/orchard. */
TAP_UNUSED static const char *kernel_axis(const char *axis)
{
	static char value[64];
	char line[256], *at;
	FILE *file = fopen("/proc/orchard", "r");

	value[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, axis, strlen(axis)) || isalnum((unsigned char)line[strlen(axis)]))
			continue;
		at = line + strlen(axis);
		at += strspn(at, " \t:=");
		at[strcspn(at, " \t\r\n,")] = '\0';
		snprintf(value, sizeof(value), "%s", at);
		break;
	}
	if (file)
		fclose(file);
	return value;
}

TAP_UNUSED static bool kernel_is(const char *axis, const char *value)
{
	return !strcmp(kernel_axis(axis), value);
}

TAP_UNUSED static bool kernel_is_orchard(void)
{
	return access("/proc/orchard", R_OK) == 0;
}

/* Waits for the child of a probe; a failure of that is one of `name`. */
TAP_UNUSED static bool child_gone(pid_t pid, const char *name)
{
	if (waitpid(pid, NULL, 0) == pid)
		return true;
	return ok(0, "%s: waitpid: %s", name, strerror(errno));
}

/* Is there fork? When not, `name` has been skipped, or failed if the refusal is undeclared. */
TAP_UNUSED static bool can_fork(const char *name)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		return child_gone(pid, name);
	if (errno == ENOSYS && (kernel_is("aspace", "shared") || kernel_is("proc", "one")))
		skip("refused fork", name);
	else
		ok(0, "%s: fork: %s", name, strerror(errno));
	return false;
}

/* Are there vfork and exec? When not, as above. */
TAP_UNUSED static bool can_spawn(const char *name)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		return child_gone(pid, name);
	if (errno == ENOSYS && kernel_is("proc", "one"))
		skip("refused vfork", name);
	else
		ok(0, "%s: vfork: %s", name, strerror(errno));
	return false;
}

#define SELF "/proc/self/exe"

/* Starts this program again with one or two arguments; its pid, or -1 with errno. */
TAP_UNUSED static pid_t spawn_self(const char *mode, const char *argument)
{
	char *argv[] = {"self", (char *)mode, (char *)argument, NULL};
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;
	int error;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	fflush(stdout);
	error = posix_spawn(&pid, SELF, NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	errno = error;
	return error ? -1 : pid;
}

/* Runs this program again to its end; the wait status, or -1. */
TAP_UNUSED static int run_self(const char *mode, const char *argument)
{
	pid_t pid = spawn_self(mode, argument);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

#endif
