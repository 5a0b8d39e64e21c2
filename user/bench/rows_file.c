/* SPDX-License-Identifier: BSD-2-Clause */
/* Files made and removed in /tmp. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "/tmp/bench.file"

static int size;

static int folder_prepare(const struct row *row)
{
	size = row->kib * 1024;
	return mkdir("/tmp", 01777) < 0 && errno != EEXIST ? errno : 0;
}

static int create_run(long rounds)
{
	static const char data[4096];

	while (rounds--) {
		int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_EXCL, 0600);

		TRY(fd >= 0);
		TRY(!size || write(fd, data, size) == size);
		TRY(close(fd) == 0 && unlink(FILE_NAME) == 0);
	}
	return 0;
}

static const struct row rows[] = {
    {"create-delete-0K", "an empty file made and removed", 200, folder_prepare, create_run, NULL, 0, 0, 0},
    {"create-delete-4K", "a file of 4 KiB made, written and removed", 200, folder_prepare, create_run, NULL, 0, 4, 0},
};
const struct group files = GROUP("Files", rows);
