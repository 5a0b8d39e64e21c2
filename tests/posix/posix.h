/* SPDX-License-Identifier: BSD-2-Clause */
/* What the file and memory groups share: a folder of their own, and files made in one line. */
#ifndef POSIX_H
#define POSIX_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../user/kernel.h"

static char posix_folder[64];

TAP_UNUSED static void remove_folder(void)
{
	char command[128];

	if (chdir("/") == 0 && !strncmp(posix_folder, "/", 1)) {
		/* Best effort: a guest ends with the test, the judge's own machine has rm. */
		snprintf(command, sizeof(command), "rm -rf %s", posix_folder);
		if (access("/bin/rm", X_OK) == 0 && system(command))
			printf("# %s stays behind\n", posix_folder);
	}
}

/* A fresh folder in memory (holes, O_TMPFILE: what tmpfs has), the working directory from now on. Empty umask. */
TAP_UNUSED static void enter_folder(void)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	mkdir("/tmp", 01777);
	snprintf(posix_folder, sizeof(posix_folder), "%s/orchard-XXXXXX", where);
	must(mkdtemp(posix_folder) && chmod(posix_folder, 0755) == 0 && chdir(posix_folder) == 0);
	umask(0);
	atexit(remove_folder);
}

/* A file with this text, mode 0644. */
TAP_UNUSED static void make_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* The first bytes of a file as a string. */
TAP_UNUSED static const char *text_of(const char *name)
{
	static char text[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? "(unreadable)" : text;
}

TAP_UNUSED static struct stat stat_of(const char *name)
{
	struct stat st = {0};

	if (lstat(name, &st))
		st.st_ino = 0;
	return st;
}

#endif
