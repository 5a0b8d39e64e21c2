/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_libc.c - output, memory and the end of the simulated machine, by the host's libc: whoever plays its CPUs. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_ALIGN 64

void host_putc(char c)
{
	putchar_unlocked(c);
	if (c == '\n')
		fflush(stdout);
}

void *host_alloc(uintptr_t size)
{
	return aligned_alloc(MEMORY_ALIGN, (size + MEMORY_ALIGN - 1) / MEMORY_ALIGN * MEMORY_ALIGN);
}

void host_free(void *p)
{
	free(p);
}

void host_exit(int status)
{
	fflush(stdout);
	_exit(status);
}
