/* SPDX-License-Identifier: BSD-2-Clause */
/* How much memory is free, for tests that use it up or must not lose any. */
#ifndef MEMORY_H
#define MEMORY_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

/* A line of /proc/meminfo, in KiB; read without stdio, so that reading takes nothing that stays. */
__attribute__((unused)) static long meminfo(const char *key)
{
	char text[1024], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	long n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strstr(text, key);
	return at ? strtol(at + strlen(key) + 1, NULL, 10) : -1;
}

__attribute__((unused)) static long free_kib(void)
{
	return meminfo("MemFree");
}

/* Waits up to a second for `want` KiB to be free (what has ended is freed a little later); what is free then. */
__attribute__((unused)) static long free_kib_at_least(long want)
{
	struct timespec nap = {.tv_nsec = 10000000};
	long now = free_kib();

	for (int i = 0; i < 100 && now < want; i++) {
		nanosleep(&nap, NULL);
		now = free_kib();
	}
	return now;
}

#endif
