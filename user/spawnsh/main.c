/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spawnsh                    commands from stdin, with a prompt on a terminal
 * spawnsh -c TEXT [ARG...]   commands from TEXT
 * spawnsh FILE [ARG...]      commands from FILE
 * spawnsh -b NAME [ARG...]   one builtin: how the shell runs it inside a pipeline
 */
#include "spawnsh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shell shell = {.name = "spawnsh"};

void complain(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", shell.name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* ---- the arena ---- */

struct block {
	struct block *next;
	char memory[] __attribute__((aligned(16)));
};
static struct block *arena;

void *arena_get(size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block) {
		complain("out of memory");
		exit(1);
	}
	block->next = arena;
	arena = block;
	return block->memory;
}

char *arena_text(const char *text, size_t length)
{
	return memcpy(arena_get(length + 1), text, length);
}

static void arena_clear(void)
{
	for (struct block *next; arena; arena = next) {
		next = arena->next;
		free(arena);
	}
}

/* ---- where lines come from ---- */

/* What has been read and not yet run. */
static char *text;
static size_t text_length;

static void text_add(char c)
{
	if (text_length % 1024 == 0 && !(text = realloc(text, text_length + 1024 + 1))) {
		complain("out of memory");
		exit(1);
	}
	text[text_length++] = c;
	text[text_length] = '\0';
}

/* Appends one line of `fd`. Byte by byte: what follows the line belongs to its commands. */
static bool line_read(int fd)
{
	size_t before = text_length;
	ssize_t got;
	char c;

	while ((got = read(fd, &c, 1)) == 1 || (got < 0 && errno == EINTR)) {
		if (got == 1)
			text_add(c);
		if (got == 1 && c == '\n')
			return true;
	}
	return text_length > before;
}

static void prompt(bool more)
{
	if (!shell.interactive)
		return;
	if (!more)
		jobs_report(true);
	fputs(more ? "> " : "$ ", stderr);
}

/* Runs the text if it is complete; false: it goes on in the next line. */
static bool text_run(bool last)
{
	struct pipeline *list;
	enum parse_result result = line_parse(text, &list);

	if (result == PARSE_UNFINISHED && !last)
		return false;
	if (result == PARSE_UNFINISHED)
		complain("syntax error: unexpected end of input");
	if (result == PARSE_OK)
		line_run(list);
	else
		shell.status = 2;
	arena_clear();
	text_length = 0;
	return true;
}

static void file_run(int fd)
{
	bool more = false;

	for (prompt(false); line_read(fd); prompt(more))
		more = !text_run(false);
	if (more)
		text_run(true);
}

static int builtin_main(int argc, char **argv)
{
	builtin_fn *builtin = argc ? builtin_find(argv[0]) : NULL;

	if (!builtin) {
		complain("-b: %s: no such builtin", argc ? argv[0] : "");
		return 127;
	}
	return builtin(argc, argv);
}

static void arguments_set(const char *name, int argc, char **argv)
{
	shell.name = name;
	shell.argument_count = argc;
	shell.arguments = argv;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-b"))
		return builtin_main(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "-c")) {
		for (const char *c = argv[2]; *c; c++)
			text_add(*c);
		arguments_set("spawnsh", argc - 3, argv + 3);
		if (text_length)
			text_run(true);
	} else if (argc > 1 && argv[1][0] == '-') {
		complain("usage: spawnsh [-c TEXT | FILE] [ARG...]");
		return 2;
	} else if (argc > 1) {
		int fd = open(argv[1], O_RDONLY | O_CLOEXEC);

		if (fd < 0) {
			complain("%s: %s", argv[1], strerror(errno));
			return 127;
		}
		/* Above what a script may redirect: `3> file` must not replace it. */
		fd = fcntl(fd, F_DUPFD_CLOEXEC, FDS);
		arguments_set(argv[1], argc - 2, argv + 2);
		file_run(fd);
	} else {
		shell.interactive = isatty(STDIN_FILENO);
		if (shell.interactive) {
			signal(SIGINT, SIG_IGN);
			signal(SIGQUIT, SIG_IGN);
		}
		file_run(STDIN_FILENO);
	}
	return shell.status;
}
