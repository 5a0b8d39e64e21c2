/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked and answered. A request is one line of 64 bytes in the manner of HTTP; to answer it is to find two numbers
 * in it, to look one up in the table, and to sum up all bytes (FNV-1a, Fowler, Noll and Vo, 64 bits): some hundred instructions.
 */
#include "serve.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FNV_OFFSET 14695981039346656037ull
#define FNV_PRIME 1099511628211ull

char requests[2 * DISTINCT][REQUEST_SIZE];

static uint64_t *items;
static long item_count;

void requests_make(void)
{
	char line[REQUEST_SIZE + 1];

	for (int i = 0; i < 2 * DISTINCT; i++) {
		unsigned n = i % DISTINCT + 1;

		snprintf(line, sizeof(line), "GET /item/%05u?unit=%03u HTTP/1.0 agent=orchard-serve id=%06u\n",
			 7919 * n % 100000u, n % 1000u, 104729 * n % 1000000u);
		memcpy(requests[i], line, REQUEST_SIZE);
	}
}

uint64_t request_sum(const char *request)
{
	uint64_t sum = FNV_OFFSET;

	for (int i = 0; i < REQUEST_SIZE; i++)
		sum = (sum ^ (unsigned char)request[i]) * FNV_PRIME;
	return sum;
}

/* The decimal number behind `word`, or -1. */
static long number_behind(const char *request, const char *word)
{
	size_t length = strlen(word);
	long number = -1;

	for (const char *at = request; at + length < request + REQUEST_SIZE; at++) {
		if (*at != *word || memcmp(at, word, length))
			continue;
		for (at += length; at < request + REQUEST_SIZE && *at >= '0' && *at <= '9'; at++)
			number = (number < 0 ? 0 : number * 10) + (*at - '0');
		break;
	}
	return number;
}

long request_number(const char *request)
{
	long item, unit;

	if (memcmp(request, "GET ", 4))
		return -1;
	item = number_behind(request, "/item/");
	unit = number_behind(request, "?unit=");
	return item < 0 || unit < 0 ? -1 : item * 1000 + unit;
}

void state_make(long kib)
{
	if (!kib)
		return;
	items = mmap(NULL, kib << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (items == MAP_FAILED)
		err(1, "%ld KiB of state", kib);
	item_count = (kib << 10) / (long)sizeof(*items);
	for (long i = 0; i < item_count; i++)
		items[i] = i * FNV_PRIME;
}

uint64_t state_item(long number)
{
	return item_count ? items[number % item_count] : 0;
}

void write_all(int fd, const void *from, size_t size)
{
	ssize_t n = write(fd, from, size);

	if (n != (ssize_t)size)
		err(1, "write: %zd of %zu bytes", n, size);
}

int read_all(int fd, void *to, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t n = read(fd, (char *)to + got, size - got);

		if (n == 0 && got == 0)
			return 0;
		if (n <= 0)
			err(1, "read: %zd, %zu of %zu bytes were there", n, got, size);
		got += n;
	}
	return 1;
}
