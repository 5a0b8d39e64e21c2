/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request loop, served by nobody else, by threads or by processes: request.c is what is asked and answered, worker.c
 * answers, pool.c starts and ends workers, generator.c asks and measures, alone.c lets workers ask themselves, serve.c reads options
 * and prints.
 */
#ifndef SERVE_H
#define SERVE_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#define REQUEST_SIZE 64
#define DISTINCT 16	/* different requests; as many lie in a row behind each of them, so that a batch is one write */
#define MOST_WORKERS 64

enum kind { SINGLE, THREAD, FORK, SPAWN };

struct answer {
	uint32_t number; /* what the request asked for, or one of: */
	uint32_t slot;	 /* whose answer it is */
	uint64_t sum;
};
#define ANSWER_READY 0xffffffffu /* not to a request: the worker is there */

/* What a worker is told; a process started anew gets it as arguments. */
struct job {
	int slot;
	int pages; /* mapped, written and unmapped for each request; 0: none */
	int cpu;   /* to be pinned to, or -1 */
	int once;  /* one request is its whole life, and it does not say that it is ready */
	long share; /* the request behind which it marks its end */
	long state_kib;
	int meeting; /* the file by which workers that ask themselves begin together, or -1 */
	int workers; /* that do */
};

struct worker {
	struct job job;
	int in, out; /* its ends of its two pipes */
	int ask, hear; /* the generator's */
	pthread_t thread;
	pid_t pid;
} __attribute__((aligned(128))); /* no line of one is another's */

struct plan {
	enum kind kind;
	int cpus, workers, each, alone, batch, pages;
	long requests, state_kib;
};

struct result {
	double start, request, stop; /* ns of the guest's clock, for one */
	long answers;
	int pinned;
};

/* request.c */
extern char requests[2 * DISTINCT][REQUEST_SIZE];
void requests_make(void);
uint64_t request_sum(const char *request);
/* The number that it asks for, or -1 where it is none. */
long request_number(const char *request);
/* What requests are about: a table, the same in each process that makes it. Ends the program where there is no memory. */
void state_make(long kib);
uint64_t state_item(long number);

/* worker.c: until the request that ends it; or one. */
void worker_run(const struct worker *worker);
void worker_serve(const struct worker *worker, const char *request);
/* What the program does as a worker that is a process started anew: descriptors 0 and 1, and a job. */
int worker_main(char **argv);
#define WORKER_ARGUMENTS 8

/*
 * pool.c: 0, or the errno with which the kernel refused. A process that stays has its ends of the pipes to itself then: whoever
 * ends too early is seen by the others.
 */
int worker_start(struct worker *worker, enum kind kind);
void worker_join(struct worker *worker, enum kind kind);

/* generator.c: 0, or the errno with which the kernel refused a worker. */
int generate(const struct plan *plan, struct result *result);
extern struct worker pool[MOST_WORKERS];
void pipes_make(struct worker *worker);
void pool_prepare(const struct plan *plan, long share, int pinned, int meeting);
void answers_know(int pages);
/* Sends `count` requests, the first of which is the first-th; hears as many answers, which must be right. */
void ask(const struct worker *worker, long first, int count);
void hear(const struct worker *worker, long first, int count);
double now(void);

/* alone.c: the same, where each worker asks itself. */
int generate_alone(const struct plan *plan, struct result *result);
void worker_alone(const struct worker *worker);

/* What tools/model and tools/ladder know the phases by (docs/model.md): instructions that do nothing. */
#define MARK(register) asm volatile("xchg %%" register ", %%" register : : : "memory")

/* All of it, or the program ends. */
void write_all(int fd, const void *from, size_t size);
/* All of it: 1; 0 at the end of the file; else the program ends. */
int read_all(int fd, void *to, size_t size);

#endif
