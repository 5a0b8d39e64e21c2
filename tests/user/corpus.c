/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs damaged programs one after another: `corpus BASE LIST` makes each case that tests/corpus/elf.py listed from the file
 * BASE and executes it, while a neighbour works. For each it prints a line `NAME RESULT` with what became of it: the errno that
 * execve gave, `exit N`, `signal N`, or `alarm` when it had to be stopped. tests/user/corpus.t judges them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "neighbour.h"

#define CASE "/tmp/case"

static char *base;
static long base_size;
static int nowhere; /* where damaged programs write */

static char *read_file(const char *path, long *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;

	must(fd >= 0 && fstat(fd, &st) == 0);
	bytes = malloc(st.st_size + 1);
	must(bytes && read(fd, bytes, st.st_size) == st.st_size);
	bytes[st.st_size] = '\0';
	*size = st.st_size;
	close(fd);
	return bytes;
}

static void write_file(const char *path, const char *bytes, long n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	must(fd >= 0 && write(fd, bytes, n) == n);
	close(fd);
}

/* One patch, "OFFSET:HEX" up to a comma or the end; where the next begins, or NULL. */
static char *patch(int fd, char *text)
{
	static char bytes[8192];
	long at = strtol(text, &text, 16), n = 0;
	unsigned byte;

	for (text++; sscanf(text, "%2x", &byte) == 1; text += 2)
		bytes[n++] = (char)byte;
	must(pwrite(fd, bytes, n, at) == n);
	return *text == ',' ? text + 1 : NULL;
}

static void make_case(long size, char *patches)
{
	int fd;

	unlink(CASE); /* a program that still ends has the old one open */
	write_file(CASE, base, base_size < size ? base_size : size);
	fd = open(CASE, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && ftruncate(fd, size) == 0);
	for (char *p = *patches == '-' ? NULL : patches; p;)
		p = patch(fd, p);
	close(fd);
}

static const char *name_of(int error)
{
	static char number[16];

	switch (error) {
	case ENOEXEC: return "ENOEXEC";
	case ENOMEM: return "ENOMEM";
	case EINVAL: return "EINVAL";
	case ENOENT: return "ENOENT";
	case EACCES: return "EACCES";
	case ELIBBAD: return "ELIBBAD";
	case EIO: return "EIO";
	case ENOTDIR: return "ENOTDIR";
	case ENAMETOOLONG: return "ENAMETOOLONG";
	case ELOOP: return "ELOOP";
	case EISDIR: return "EISDIR";
	}
	snprintf(number, sizeof(number), "E%d", error);
	return number;
}

static const char *execute(void)
{
	static char result[64];
	static volatile int error;
	char *argv[] = {"case", NULL};
	int status;
	pid_t pid;

	error = 0;
	pid = vfork();
	if (pid == 0) {
		struct itimerval limit = {.it_value.tv_usec = 400000};

		for (int fd = 0; fd < 3; fd++)
			dup2(nowhere, fd);
		setitimer(ITIMER_REAL, &limit, NULL);
		execve(CASE, argv, environ);
		error = errno;
		_exit(99);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (error)
		snprintf(result, sizeof(result), "%s", name_of(error));
	else if (WIFEXITED(status))
		snprintf(result, sizeof(result), "exit %d", WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGALRM)
		return "alarm";
	else
		snprintf(result, sizeof(result), "signal %d", WTERMSIG(status));
	return result;
}

int main(int argc, char **argv)
{
	struct neighbour neighbour;
	char *list, *line, *end;
	long size;

	if (argc > 1 && neighbour_main(argv[1]))
		return 1;
	must(argc == 3);
	base = read_file(argv[1], &base_size);
	list = read_file(argv[2], &size);
	write_file("/tmp/text", "a text\n", 7);
	write_file("/tmp/empty", "", 0);
	must((nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0);
	neighbour_start(&neighbour);
	for (line = list; (end = strchr(line, '\n')); line = end + 1) {
		char *name = strtok(line, " "), *length = strtok(NULL, " ");

		*end = '\0';
		make_case(atol(length), strtok(NULL, " "));
		printf("%s %s\n", name, execute());
	}
	printf("neighbour %s\n", neighbour_stop(&neighbour) ? "worked" : "lost");
	return 0;
}
