/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spawnsh: a shell for kernels without fork. Every process it starts is a posix_spawn (vfork and
 * exec); what a shell usually forks for, a builtin inside a pipeline, is a spawned copy of itself.
 *
 * A line goes through lex.c, parse.c, expand.c and run.c; jobs.c knows the children, builtin.c the
 * commands the shell does itself, main.c where lines come from. Memory of one line is one arena.
 */
#ifndef SPAWNSH_H
#define SPAWNSH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FDS 10 /* descriptors a redirection may name: 0..9; the shell's own live above */

/* ---- lex.c ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,	  /* text: as written, quotes included */
	TOKEN_REDIRECT,	  /* text: one of < > >> >&, fd: the number before it, or -1 */
	TOKEN_OPERATOR,	  /* text: one of | & ; && || and newline */
	TOKEN_UNFINISHED, /* the text ends inside quotes: more lines are needed */
};

struct token {
	enum token_kind kind;
	char *text;
	int fd;
};

/* Takes the next token off *at. */
struct token token_next(const char **at);

/* ---- parse.c ---- */

enum redirect_kind { REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_DUP };

struct redirect {
	struct redirect *next;
	enum redirect_kind kind;
	int fd;
	char *word;
};

struct command {
	struct command *next;
	char **words;
	int count;
	struct redirect *redirects;
};

enum condition { RUN_ALWAYS, RUN_IF_SUCCESS, RUN_IF_FAILURE };

struct pipeline {
	struct pipeline *next;
	enum condition condition; /* on the status of the one before */
	bool background;
	struct command *commands;
	const char *text; /* as written, for `jobs` */
};

enum parse_result { PARSE_OK, PARSE_UNFINISHED, PARSE_ERROR };

/* Parses a whole text; an error has been reported when PARSE_ERROR is returned. */
enum parse_result line_parse(const char *text, struct pipeline **list);

/* ---- expand.c ---- */

/* Expands parameters, removes quotes and splits: argv, NULL-terminated, *count words. */
char **words_expand(char **words, int *count);
/* The same without splitting, for assignments and file names. */
char *word_expand(const char *word);

/* ---- run.c ---- */

/* Runs what line_parse made; leaves the last status in shell.status. */
void line_run(struct pipeline *list);

/* ---- jobs.c ---- */

struct job {
	int id; /* as in %1; 0: the entry is free */
	int count, alive;
	pid_t *pids; /* negated once ended */
	int status;  /* of the last process, as $? */
	char *text;
};

struct job *job_add(const pid_t *pids, int count, const char *text);
struct job *job_find(const char *name); /* %N or a pid; NULL when there is none */
int job_wait(struct job *job);		/* its status; forgets the job */
void jobs_wait_all(void);
void jobs_report(bool finished_only); /* also forgets those that have finished */

/* ---- builtin.c ---- */

typedef int builtin_fn(int argc, char **argv);
builtin_fn *builtin_find(const char *name);

/* ---- main.c ---- */

struct shell {
	const char *name;
	char **arguments; /* $1.. */
	int argument_count;
	int status;	       /* $? */
	pid_t last_background; /* $! */
	bool interactive;
};
extern struct shell shell;

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that lives until the current line has run. */
void *arena_get(size_t size);
char *arena_text(const char *text, size_t length);

#endif
