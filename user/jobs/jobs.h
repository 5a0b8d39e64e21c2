/* SPDX-License-Identifier: BSD-2-Clause */
/* jobs: N jobs in one machine, and what they cost it. What its files know of each other. */
#ifndef JOBS_H
#define JOBS_H

#include <stdbool.h>

#define NS_PER_S 1000000000L
#define NS_PER_MS 1000000L

enum mode {
	MODE_IDLE,  /* sleeps for good */
	MODE_WAKE,  /* sleeps, and wakes each `period_ms` */
	MODE_WORK,  /* computes `rounds` blocks, and ends */
	MODE_NOISY, /* the first has little to do each `period_ms`; the others are hogs */
};

enum way { WAY_THREADS, WAY_SPAWN, WAY_FORK, WAY_ANY /* spawned, and threads where spawning is ENOSYS */ };

/* Of every job the same, and passed on by spawning in this order. */
struct job {
	enum mode mode;
	unsigned hog; /* which: hog_find() */
	long period_ms;
	long rounds;
};

/* main.c: of CLOCK_MONOTONIC. */
long clock_now(void);
void sleep_until(long ns);
void fail(const char *what) __attribute__((noreturn));

/* work.c: the first job's work, returning; `until` is of the clock. */
void work_rounds(long rounds);
void wake_until(const struct job *job, long until);
/* What every other job does once it is there: MODE_WORK returns. */
void job_run(const struct job *job);

/* victim.c */
struct lateness {
	long mean_ns, max_ns; /* of the moments at which it could begin */
	long missed;          /* how often it was not done when the next period began */
};
void victim_run(const struct job *job, long periods, struct lateness *found);

/* hogs.c: by name, -1: none. hog_run() never returns. */
int hog_find(const char *name);
const char *hog_names(void);
void hog_run(unsigned hog) __attribute__((noreturn));

/* start.c: `count` more jobs, all of them ready on return; 0 or an errno. */
int jobs_start(enum way way, const struct job *job, long count);
void jobs_wait(void); /* for the end of all; MODE_WORK only */
void jobs_kill(void);
/* A spawned job's main: `argv` behind the program's name. */
int jobs_spawned(char **argv);

/* machine.c: what /proc says of the whole machine. */
struct machine {
	long clock_ns;    /* when it was read */
	long switches;    /* /proc/stat, ctxt */
	long interrupts;  /* /proc/stat, intr */
	long used_kib;    /* /proc/meminfo */
	long idle_ns;     /* /proc/timer_list, which only Linux has; else -1 */
};
void machine_read(struct machine *m);
/* Processes, and those of them that are threads of the kernel. */
void machine_tasks(long *processes, long *kernel);

#endif
