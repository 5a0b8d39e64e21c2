/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs pipelines. Descriptors are first gathered in a map (what becomes 0..9 in the child), all of
 * them copies above FDS that close on exec, so that their order can never overwrite one another.
 */
#include "spawnsh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPELINE 64 /* most commands in one pipeline */

extern char **environ;

/* to[n]: the descriptor that becomes n, or -1 when n stays as it is. */
struct fd_map {
	int to[FDS];
};

static void map_clear(struct fd_map *map)
{
	for (int fd = 0; fd < FDS; fd++) {
		if (map->to[fd] >= 0)
			close(map->to[fd]);
		map->to[fd] = -1;
	}
}

/* Takes ownership of `from`; false when it is no descriptor. */
static bool map_set(struct fd_map *map, int fd, int from)
{
	int high = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, FDS);

	if (from >= 0)
		close(from);
	if (high < 0)
		return false;
	if (map->to[fd] >= 0)
		close(map->to[fd]);
	map->to[fd] = high;
	return true;
}

static bool redirect_dup(struct fd_map *map, int fd, const char *from)
{
	int number = isdigit((unsigned char)from[0]) && !from[1] ? *from - '0' : -1;
	int source = number >= 0 && map->to[number] >= 0 ? map->to[number] : number;

	if (source >= 0 && map_set(map, fd, dup(source)))
		return true;
	complain("%s: bad file descriptor", from);
	return false;
}

static bool redirects_apply(struct fd_map *map, const struct redirect *redirect)
{
	static const int flags[] = {
	    [REDIRECT_IN] = O_RDONLY,
	    [REDIRECT_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
	    [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
	};

	for (; redirect; redirect = redirect->next) {
		const char *name = word_expand(redirect->word);

		if (redirect->kind == REDIRECT_DUP) {
			if (!redirect_dup(map, redirect->fd, name))
				return false;
		} else if (!map_set(map, redirect->fd,
				    open(name, flags[redirect->kind] | O_CLOEXEC, 0666))) {
			complain("%s: %s", name, strerror(errno));
			return false;
		}
	}
	return true;
}

/* The child's signals are as a fresh program expects them, whatever the shell ignores. */
static void attributes_init(posix_spawnattr_t *attributes)
{
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

/* Starts argv with the map's descriptors; -1 with shell.status set when that fails. */
static pid_t command_spawn(char **argv, const struct fd_map *map)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;
	int error;

	attributes_init(&attributes);
	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < FDS; fd++)
		if (map->to[fd] >= 0)
			posix_spawn_file_actions_adddup2(&actions, map->to[fd], fd);
	error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (!error)
		return pid;
	/* What the command would have said itself: it goes where its stderr was to go. */
	dprintf(map->to[STDERR_FILENO] >= 0 ? map->to[STDERR_FILENO] : STDERR_FILENO,
		"%s: %s: %s\n", shell.name, argv[0],
		error == ENOENT ? "not found" : strerror(error));
	shell.status = error == ENOENT ? 127 : 126;
	return -1;
}

/* A builtin that must not run in this process: a copy of the shell runs it (main.c, -b). */
static char **builtin_command(int argc, char **argv)
{
	char **copy = arena_get((argc + 3) * sizeof(*copy));

	copy[0] = "/proc/self/exe";
	copy[1] = "-b";
	memcpy(copy + 2, argv, argc * sizeof(*copy));
	return copy;
}

/* Runs a builtin here, with the map's descriptors in place of the shell's while it runs. */
static int builtin_run(builtin_fn *builtin, int argc, char **argv, const struct fd_map *map)
{
	int saved[FDS], status;

	for (int fd = 0; fd < FDS; fd++) {
		if (map->to[fd] < 0)
			continue;
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, FDS);
		dup2(map->to[fd], fd);
	}
	status = builtin(argc, argv);
	for (int fd = 0; fd < FDS; fd++) {
		if (map->to[fd] < 0)
			continue;
		if (saved[fd] >= 0) {
			dup2(saved[fd], fd);
			close(saved[fd]);
		} else {
			close(fd);
		}
	}
	return status;
}

/* NAME=value words before a command set variables. Returns how many there are. */
static int assignments_run(char **words, int count)
{
	int done;

	for (done = 0; done < count; done++) {
		char *name = words[done];
		size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		if (!length || name[length] != '=' || isdigit((unsigned char)*name))
			break;
		setenv(arena_text(name, length), word_expand(name + length + 1), 1);
	}
	return done;
}

/*
 * Starts one command with the map's descriptors. Returns its pid, or 0 when nothing is left to
 * wait for: a builtin has run, or the start failed; shell.status tells.
 */
static pid_t command_start(const struct command *command, struct fd_map *map, bool alone)
{
	int skip = assignments_run(command->words, command->count);
	int argc = command->count - skip;
	char **argv = words_expand(command->words + skip, &argc);
	builtin_fn *builtin;
	pid_t pid;

	if (!redirects_apply(map, command->redirects)) {
		shell.status = 1;
		return 0;
	}
	if (!argc) {
		shell.status = 0;
		return 0;
	}
	builtin = builtin_find(argv[0]);
	if (builtin && alone) {
		shell.status = builtin_run(builtin, argc, argv, map);
		return 0;
	}
	pid = command_spawn(builtin ? builtin_command(argc, argv) : argv, map);
	return pid < 0 ? 0 : pid;
}

/* Starts all commands of a pipeline; pids of those that need waiting, in order. */
static int pipeline_start(const struct pipeline *pipeline, pid_t *pids, bool *last_started)
{
	bool alone = !pipeline->commands->next && !pipeline->background;
	int input = pipeline->background ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	int count = 0;

	for (const struct command *command = pipeline->commands; command; command = command->next) {
		struct fd_map map;
		int ends[2] = {-1, -1};
		pid_t pid;

		memset(&map, 0xff, sizeof(map));
		if (command->next && (count == PIPELINE - 1 || pipe2(ends, O_CLOEXEC) < 0)) {
			complain("pipe: %s", count == PIPELINE - 1 ? "too many" : strerror(errno));
			shell.status = 1;
			*last_started = false;
			break;
		}
		if (input >= 0)
			map_set(&map, STDIN_FILENO, input);
		if (ends[1] >= 0)
			map_set(&map, STDOUT_FILENO, ends[1]);
		input = ends[0];
		pid = command_start(command, &map, alone);
		map_clear(&map);
		if (pid)
			pids[count++] = pid;
		*last_started = pid != 0;
	}
	return count;
}

static void pipeline_run(const struct pipeline *pipeline)
{
	pid_t pids[PIPELINE];
	bool last_started;
	int count = pipeline_start(pipeline, pids, &last_started);
	struct job *job;

	if (!count)
		return;
	if (!(job = job_add(pids, count, pipeline->text))) {
		complain("too many jobs: not waiting for this one");
		return;
	}
	if (pipeline->background) {
		shell.last_background = pids[count - 1];
		shell.status = 0;
		if (shell.interactive)
			fprintf(stderr, "[%d] %d\n", job->id, pids[count - 1]);
		return;
	}

	int status = job_wait(job);

	if (last_started)
		shell.status = status;
}

void line_run(struct pipeline *list)
{
	for (; list; list = list->next)
		if (list->condition == RUN_ALWAYS ||
		    (list->condition == RUN_IF_SUCCESS) == (shell.status == 0))
			pipeline_run(list);
}
