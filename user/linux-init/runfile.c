/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads /.orchard/run: NUL-terminated records `key=value`. An unknown key, or none of the needed ones,
 * ends the agent: host and guest would not agree on what runs.
 */
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *slurp(const char *path, size_t *len)
{
	struct stat st;
	char *text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	text = malloc(st.st_size + 1);
	if (!text || read(fd, text, st.st_size) != st.st_size)
		die(path);
	text[st.st_size] = '\0';
	*len = st.st_size;
	close(fd);
	return text;
}

/* Appends to a NULL-terminated list of strings. */
static void append(char ***list, size_t *count, char *string)
{
	*list = realloc(*list, (*count + 2) * sizeof(**list));
	if (!*list)
		die("run file: memory");
	(*list)[(*count)++] = string;
	(*list)[*count] = NULL;
}

static void parse_tty(struct run *run, const char *value)
{
	for (; *value; value++)
		if (*value >= '0' && *value <= '2')
			run->tty[*value - '0'] = 1;
}

static void parse_size(struct run *run, const char *value)
{
	if (sscanf(value, "%hux%hu", &run->size.ws_row, &run->size.ws_col) != 2)
		die("run file: size");
}

/* The file loses its name as the run file does. */
static void open_stdin(struct run *run, const char *path)
{
	run->stdin_file = open(path, O_RDONLY | O_CLOEXEC);
	if (run->stdin_file < 0 || unlink(path) < 0)
		die("run file: stdin");
}

void runfile_read(struct run *run, const char *path)
{
	size_t len, args = 0, envs = 0;
	char *text = slurp(path, &len), *record, *end = text + len;

	run->stdin_file = -1;
	append(&run->envp, &envs, NULL);
	envs = 0;
	for (record = text; record < end; record += strlen(record) + 1) {
		char *value = strchr(record, '=');
		size_t key = value ? (size_t)(value - record) : 0;

		value++;
		if (key == 4 && !memcmp(record, "path", 4))
			run->path = value;
		else if (key == 3 && !memcmp(record, "arg", 3))
			append(&run->argv, &args, value);
		else if (key == 3 && !memcmp(record, "env", 3))
			append(&run->envp, &envs, value);
		else if (key == 3 && !memcmp(record, "cwd", 3))
			run->cwd = value;
		else if (key == 3 && !memcmp(record, "tty", 3))
			parse_tty(run, value);
		else if (key == 5 && !memcmp(record, "stdin", 5))
			open_stdin(run, value);
		else if (key == 4 && !memcmp(record, "size", 4))
			parse_size(run, value);
		else
			die("run file: a record of no known key");
	}
	if (!run->path || !run->argv)
		die("run file: no path or no arg");
}
