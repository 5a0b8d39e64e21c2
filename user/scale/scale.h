/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that many CPUs run at once: cases.c says what is done in a loop, main.c starts the workers and holds them together.
 * The cases are those of will-it-scale (Blanchard, github.com/antonblanchard/will-it-scale), written anew.
 */
#ifndef SCALE_H
#define SCALE_H

#include <stddef.h>

#define LINE 128 /* two cache lines: CPUs fetch them in pairs */

/* What all workers share, each word on lines of its own. In memory that forked workers share too. */
struct shared {
	unsigned long counter __attribute__((aligned(LINE)));
	unsigned lock __attribute__((aligned(LINE)));
	unsigned long guarded; /* by `lock` */
};

/* A worker's own: on its stack, so that a forked worker shares it with nobody. */
struct own {
	struct shared *shared;
	const char *folder; /* the run's; a worker's own is in it */
	int index;
	int in[2], out[2];  /* pipes, and the way back */
	char path[64];
	char *memory;
	unsigned word;
} __attribute__((aligned(LINE)));

/*
 * A case: prepare makes what the worker needs, run does the thing `rounds` times, finish undoes prepare. All of them end the
 * program when a call fails. prepare and finish may be NULL.
 */
struct scale_case {
	const char *name;
	const char *what;   /* one operation, in words */
	unsigned rounds;    /* when none are given: 100,000 to 200,000 instructions on `multi` */
	void (*prepare)(struct own *own);
	void (*run)(struct own *own, unsigned long rounds);
	void (*finish)(struct own *own);
};

extern const struct scale_case cases[];
extern const size_t case_count;

/* Prints the errno of what could not be done, and ends the program with all its workers. */
_Noreturn void fail(const char *what);

/* What must hold: else fail. */
static inline void must(int holds, const char *what)
{
	if (__builtin_expect(!holds, 0))
		fail(what);
}

#endif
