/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_host.c - what the simulated machine needs of the host: threads, a clock, GS, memory.
 *
 *	sim CPUS POLICY [one]
 */
#define _GNU_SOURCE
#include "sim.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t host_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void host_set_gs(uintptr_t base)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, base))
		abort();
}

struct cpu_start {
	void (*fn)(unsigned cpu);
	unsigned cpu;
};

static void *cpu_thread(void *arg)
{
	struct cpu_start start = *(struct cpu_start *)arg;

	free(arg);
	start.fn(start.cpu);
	return NULL;
}

void host_start_cpu(void (*fn)(unsigned cpu), unsigned cpu)
{
	struct cpu_start *start = malloc(sizeof(*start));
	pthread_t thread;

	*start = (struct cpu_start){fn, cpu};
	if (pthread_create(&thread, NULL, cpu_thread, start))
		abort();
}

void host_relax(void)
{
	sched_yield();
}

int main(int argc, char **argv)
{
	if (argc != 3 && !(argc == 4 && !strcmp(argv[3], "one"))) {
		fprintf(stderr, "usage: %s CPUS POLICY [one]\n", argv[0]);
		return 2;
	}
	alarm(120);
	sim_main((unsigned)atoi(argv[1]), argv[2], argc == 4, 0);
	return 0;
}
