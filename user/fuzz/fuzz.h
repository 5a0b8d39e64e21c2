/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system-call fuzzer: what the files of this folder say to each other.
 *
 * main.c is the driver: batch after batch, each in a process of its own where there are many. batch.c makes the calls of a
 * batch, in a thread that a second one watches. args.c, values.c and structs.c make up the arguments, by the types and names
 * that calls.h (made by tools/build/fuzzcalls from abi/linux/syscall.tbl) gives them. All follows from seed and batch number.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"

#define ARGS 6
#define THREADS 4
#define FOLDER "/tmp/fuzz" /* where relative names are */
#define TICK_SIGNAL 23     /* SIGURG ends a wait: no mask that is made up here has it, and no limit holds it back */

struct call {
	int nr;
	const char *name;
	int nargs;
	enum type type[ARGS];
	const char *arg[ARGS];
};

extern const struct call calls[CALLS];

enum finding { NOTHING, NO_RESULT, NO_RETURN, NO_END };

/* What driver and batch both see: a file that both map. The first to find something says so here, and nothing is made after. */
struct shared {
	_Atomic uint64_t made;      /* calls, in all */
	_Atomic bool worked[CALLS]; /* it succeeded at least once */
	_Atomic int found;          /* enum finding */
	int call;                   /* index of the call that was found at fault */
	int64_t result;
	uint64_t arg[ARGS];
};

/* One stream of calls. */
struct stream {
	uint64_t random;
	uint8_t *scratch;           /* structs, made afresh for each call; a guard page follows */
	unsigned used;              /* bytes of it */
	_Atomic uint64_t step;      /* grows with each call and each return */
	int tid;
	int current;                /* index of the call being made */
};

struct options {
	uint64_t seed, calls, from; /* from: the first batch */
	unsigned batch, threads;    /* calls of a batch and stream; streams */
	const char *only;           /* name of the one call to make, or NULL */
	bool careful;               /* one process: what would end it is not done */
	bool shared;                /* one space: addresses are this process's own */
};

extern struct options options;
extern struct shared *shared;

/* ---- args.c, values.c ---- */

#define ARENA (2ul << 20)   /* what mmap and its kin are let loose on; guard pages around it */
#define SCRATCH (64ul << 10)
#define CHILD_STACK (16ul << 10)

extern uint8_t *arena, *child_stack;

uint64_t random_next(struct stream *s);
/* 0 .. n - 1 */
unsigned random_below(struct stream *s, unsigned n);
/* Fills arg[]; the call's index. */
int args_make(struct stream *s, uint64_t arg[ARGS]);
/* Once: which calls are made how often. */
void args_init(void);

/* ---- batch.c ---- */

long raw(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* All calls of a batch. */
void batch_run(uint64_t number);
/* What a signal's action is made of: handler, and how it returns. */
#define HANDLER_FLAGS (0x04000000ul /* SA_RESTORER */ | SA_SIGINFO)
uint64_t batch_handler(void), batch_restorer(void);
/* Once in a process: memory, signals. */
void batch_init(void);

#endif
