/* SPDX-License-Identifier: BSD-2-Clause */
/* hogs.c - noisy neighbours: each takes all that it can get of one thing, and never ends. */
#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096l
#define MIB (1l << 20)
#define MAPPING (256 * PAGE)
#define BUFFER (8 * MIB)

/* Touched once: what the hog does with it later is no page fault. */
static char *memory(long size)
{
	char *at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("a hog's memory");
	memset(at, 1, (size_t)size);
	return at;
}

static void hog_cpu(void)
{
	for (;;)
		work_rounds(1000);
}

/* Writes through 8 MiB, a word a line. */
static void hog_memory(void)
{
	volatile char *at = memory(BUFFER);

	for (;;)
		for (long i = 0; i < BUFFER; i += 64)
			at[i]++;
}

static void hog_faults(void)
{
	for (;;) {
		volatile char *at = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			fail("a hog's mapping");
		for (long i = 0; i < MAPPING; i += PAGE)
			at[i] = 1;
		munmap((void *)at, MAPPING);
	}
}

static void hog_calls(void)
{
	for (;;)
		syscall(SYS_getppid);
}

/* Calls that are long: 8 MiB of zeroes at once. */
static void hog_reads(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *at = memory(BUFFER);

	if (fd < 0)
		fail("/dev/zero");
	for (;;)
		if (read(fd, at, BUFFER) < 0)
			fail("a hog's read");
}

static const struct {
	const char *name;
	void (*run)(void);
} hogs[] = {
	{"cpu", hog_cpu}, {"memory", hog_memory}, {"faults", hog_faults}, {"calls", hog_calls}, {"reads", hog_reads},
};
#define HOGS (sizeof(hogs) / sizeof(hogs[0]))

int hog_find(const char *name)
{
	for (unsigned i = 0; i < HOGS; i++)
		if (!strcmp(name, hogs[i].name))
			return (int)i;
	return -1;
}

const char *hog_names(void)
{
	static char names[64];

	if (!names[0])
		for (unsigned i = 0; i < HOGS; i++)
			strcat(strcat(names, i ? " " : ""), hogs[i].name);
	return names;
}

void hog_run(unsigned hog)
{
	hogs[hog % HOGS].run();
	abort();
}
