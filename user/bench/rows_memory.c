/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings and page faults. A fault's row maps 256 pages, touches each once and unmaps them: the price of the mapping
 * is in the row, a 256th of it in each fault. Linux maps up to 16 pages of a file at one read fault.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES 256
#define FILE_NAME "/tmp/bench.map"

static char *page;
static int file = -1;

static int mmap_run(long rounds)
{
	while (rounds--) {
		void *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		TRY(at != MAP_FAILED && munmap(at, 16 * PAGE) == 0);
	}
	return 0;
}

static int page_map(const struct row *row)
{
	(void)row;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY(page != MAP_FAILED);
	*page = 1;
	return 0;
}

static void page_unmap(void)
{
	munmap(page, PAGE);
}

static int mprotect_run(long rounds)
{
	while (rounds--)
		TRY(mprotect(page, PAGE, rounds % 2 ? PROT_READ : PROT_READ | PROT_WRITE) == 0);
	return 0;
}

static int touch(long rounds, int flags, int writes)
{
	while (rounds > 0) {
		volatile char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, file, 0);

		TRY(at != MAP_FAILED);
		for (long i = 0; i < PAGES && rounds > 0; i++, rounds--) {
			if (writes)
				at[i * PAGE] = 1;
			else
				(void)at[i * PAGE];
		}
		TRY(munmap((void *)at, PAGES * PAGE) == 0);
	}
	return 0;
}

static int zero_run(long rounds)
{
	return touch(rounds, MAP_ANONYMOUS, 1);
}

static int file_prepare(const struct row *row)
{
	static const char data[PAGE] = {1};

	(void)row;
	mkdir("/tmp", 01777);
	TRY((file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0);
	TRY(unlink(FILE_NAME) == 0);
	for (int i = 0; i < PAGES; i++)
		TRY(write(file, data, PAGE) == PAGE);
	return 0;
}

static void file_finish(void)
{
	if (file >= 0)
		close(file);
	file = -1;
}

static int file_run(long rounds)
{
	return touch(rounds, 0, 0);
}

static int copy_run(long rounds)
{
	return touch(rounds, 0, 1);
}

static const struct row rows[] = {
    {"mmap-munmap", "mmap and munmap of 64 KiB, not touched", 500, NULL, mmap_run, NULL, 0, 0, 0},
    {"mprotect", "mprotect of one page in use", 500, page_map, mprotect_run, page_unmap, 0, 0, 0},
    {"fault-zero", "first store to a page: demand zero", 1024, NULL, zero_run, NULL, 0, 0, 0},
    {"fault-file", "first load from a page of a mapped file", 1024, file_prepare, file_run, file_finish, 0, 0, 0},
    {"fault-cow", "first store to a page of a private file mapping: a copy", 1024, file_prepare, copy_run,
     file_finish, 0, 0, 0},
};
const struct group memory = GROUP("Memory", rows);
