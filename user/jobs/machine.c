/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - what /proc says of the whole machine. A file or line that is not there is an error, but for Linux's timer_list. */
#include "jobs.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_THREAD 0x00200000ul /* PF_KTHREAD among the flags of /proc/PID/stat: include/linux/sched.h of Linux */

/* The number behind each line that begins with `name`, added up; -1: there is none. */
static long sum_of(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[512];
	long sum = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		char *at = line + strspn(line, " ");

		if (strncmp(at, name, strlen(name)) || isalnum((unsigned char)at[strlen(name)]))
			continue;
		at += strlen(name);
		sum = (sum < 0 ? 0 : sum) + atol(at + strspn(at, " \t:"));
	}
	fclose(file);
	return sum;
}

static long number_of(const char *path, const char *name)
{
	long value = sum_of(path, name);

	if (value < 0)
		fail(path);
	return value;
}

void machine_read(struct machine *m)
{
	m->used_kib = number_of("/proc/meminfo", "MemTotal") - number_of("/proc/meminfo", "MemFree");
	m->switches = number_of("/proc/stat", "ctxt");
	m->interrupts = number_of("/proc/stat", "intr");
	m->idle_ns = sum_of("/proc/timer_list", ".idle_sleeptime");
	m->clock_ns = clock_now();
}

static bool is_kernel_thread(const char *pid)
{
	unsigned long flags = 0;
	char path[64], text[512], *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fgets(text, sizeof(text), file) && (at = strrchr(text, ')')))
		sscanf(at, ") %*c %*d %*d %*d %*d %*d %lu", &flags);
	fclose(file);
	return flags & KERNEL_THREAD;
}

void machine_tasks(long *processes, long *kernel)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*processes = *kernel = 0;
	if (!proc)
		fail("/proc");
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0])) {
			*processes += 1;
			*kernel += is_kernel_thread(entry->d_name);
		}
	closedir(proc);
}
