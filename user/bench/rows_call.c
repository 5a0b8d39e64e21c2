/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that do little or nothing. Each goes straight to the kernel where a libc might answer by itself. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fd = -1;

static int null_run(long rounds)
{
	while (rounds--)
		syscall(SYS_getppid);
	return 0;
}

static int null_device_open(const struct row *row)
{
	(void)row;
	return (fd = open("/dev/null", O_RDWR)) < 0 ? errno : 0;
}

static int zero_device_open(const struct row *row)
{
	(void)row;
	return (fd = open("/dev/zero", O_RDWR)) < 0 ? errno : 0;
}

static void fd_close(void)
{
	close(fd);
}

static int read_run(long rounds)
{
	char byte;

	while (rounds--)
		TRY(read(fd, &byte, 1) == 1);
	return 0;
}

static int write_run(long rounds)
{
	while (rounds--)
		TRY(write(fd, "x", 1) == 1);
	return 0;
}

static int stat_run(long rounds)
{
	struct stat st;

	while (rounds--)
		TRY(stat("/dev/null", &st) == 0);
	return 0;
}

static int fstat_run(long rounds)
{
	struct stat st;

	while (rounds--)
		TRY(fstat(fd, &st) == 0);
	return 0;
}

static int open_run(long rounds)
{
	while (rounds--) {
		int file = open("/dev/null", O_RDONLY);

		TRY(file >= 0 && close(file) == 0);
	}
	return 0;
}

static int yield_run(long rounds)
{
	while (rounds--)
		TRY(sched_yield() == 0);
	return 0;
}

static const struct row rows[] = {
    {"null-call", "getppid", 1000, NULL, null_run, NULL, 0, 0, 0},
    {"read", "one byte from /dev/zero", 1000, zero_device_open, read_run, fd_close, 0, 0, 0},
    {"write", "one byte to /dev/null", 1000, null_device_open, write_run, fd_close, 0, 0, 0},
    {"stat", "stat of /dev/null", 500, NULL, stat_run, NULL, 0, 0, 0},
    {"fstat", "fstat of /dev/null", 500, null_device_open, fstat_run, fd_close, 0, 0, 0},
    {"open-close", "open and close of /dev/null", 500, NULL, open_run, NULL, 0, 0, 0},
    {"yield", "sched_yield, alone", 1000, NULL, yield_run, NULL, 0, 0, 0},
};
const struct group calls = GROUP("Calls", rows);
