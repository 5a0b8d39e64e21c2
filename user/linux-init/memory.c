/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory was in use at most, the kernel included: the machine's RAM less what was free before
 * the launch, plus the peak of the program's own memory cgroup. All kernel interfaces are mounted at a
 * private place and are gone from sight before the program starts.
 */
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUP "/.orchard/cgroup"

static int peak_fd = -1;
static long long ram_kib, used_before_kib;

static long long meminfo_kib(const char *key)
{
	char line[128];
	long long kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			kib = atoll(line + strlen(key));
	if (f)
		fclose(f);
	return kib;
}

/* All RAM the machine has: MemTotal would leave out the kernel's own image. */
static long long machine_kib(void)
{
	char line[128];
	unsigned long long from, to;
	long long bytes = 0;
	FILE *f = fopen("/proc/iomem", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " : System RAM") && sscanf(line, "%llx-%llx", &from, &to) == 2)
			bytes += to - from + 1;
	if (f)
		fclose(f);
	return bytes / 1024;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

/* Returns cgroup.procs of the program's cgroup, for the child to join, or -1. */
int memory_watch(void)
{
	int procs = -1;

	mkdir(CGROUP, 0700);
	if (mount("none", CGROUP, "cgroup2", 0, NULL) == 0) {
		put(CGROUP "/cgroup.subtree_control", "+memory");
		mkdir(CGROUP "/program", 0700);
		peak_fd = open(CGROUP "/program/memory.peak", O_RDONLY | O_CLOEXEC);
		if (peak_fd >= 0)
			procs = open(CGROUP "/program/cgroup.procs", O_WRONLY | O_CLOEXEC);
		umount2(CGROUP, MNT_DETACH);
	}
	rmdir(CGROUP);
	ram_kib = machine_kib();
	used_before_kib = ram_kib - meminfo_kib("MemFree:");
	return procs;
}

/* Writes the stats lines about memory. Returns their length. */
size_t memory_report(char *text, size_t size)
{
	char peak[32] = "";
	size_t len = snprintf(text, size, "mem_total_kib=%lld\n", ram_kib);

	if (peak_fd >= 0 && pread(peak_fd, peak, sizeof(peak) - 1, 0) > 0)
		len += snprintf(text + len, size - len, "mem_peak_kib=%lld\n",
				used_before_kib + atoll(peak) / 1024);
	return len;
}
