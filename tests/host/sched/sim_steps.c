/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_steps.c - in place of sim_host.c: one thread of the host plays all CPUs, and time is made. They take turns wherever a CPU
 * waits or passes time, and a round of all is 20 us: so a run is the same every time, however busy the host is.
 *
 *	steps CPUS POLICY [one | balance]
 */
#define _GNU_SOURCE
#include "sim.h"

#include <asm/prctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS_MAX 64
#define STEP_NS 20000
#define STACK 262144

/* sim_arch.c: keeps the stack pointer in the first word. */
void arch_switch(void *prev, void *next);
void sim_first(void);

struct flow {
	uint64_t sp;
	uintptr_t gs;
};

static struct flow flow[CPUS_MAX];
static unsigned flows = 1, running;
static uint64_t now = 1000000;

uint64_t host_clock_ns(void)
{
	return now;
}

static void load_gs(void)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, flow[running].gs))
		abort();
}

void host_set_gs(uintptr_t base)
{
	flow[running].gs = base;
	load_gs();
}

void host_start_cpu(void (*fn)(unsigned cpu), unsigned cpu)
{
	uint64_t *sp = (uint64_t *)((char *)host_alloc(STACK) + STACK) - 2;

	*--sp = (uint64_t)(uintptr_t)sim_first;
	*--sp = cpu;                          /* rbx */
	*--sp = (uint64_t)(uintptr_t)fn;      /* rbp */
	flow[flows++].sp = (uint64_t)(uintptr_t)(sp - 4);
}

void host_relax(void)
{
	struct flow *prev = &flow[running];

	running = (running + 1) % flows;
	if (!running) {
		now += STEP_NS;
		sim_round();
	}
	if (&flow[running] == prev)
		return;
	if (flow[running].gs)
		load_gs();
	arch_switch(prev, &flow[running]);
	load_gs();
}

int main(int argc, char **argv)
{
	bool one = argc == 4 && !strcmp(argv[3], "one"), balance = argc == 4 && !strcmp(argv[3], "balance");

	if (argc != 3 && !one && !balance) {
		fprintf(stderr, "usage: %s CPUS POLICY [one | balance]\n", argv[0]);
		return 2;
	}
	alarm(120);
	sim_main((unsigned)atoi(argv[1]), argv[2], one, balance ? 10 : 0);
	return 0;
}
