/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that is linked into its kernel, and asks what is around it: its own file, the console, and nothing else. What
 * belongs to a process and to no file system works as everywhere. Arguments: "one", "two  words".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

static char data[4096] = "as it was";
static int shared;

static void *thread(void *arg)
{
	shared = 7;
	return arg;
}

static void its_own_file(const char *name)
{
	struct stat st, by_fd;
	int fd = open(name, O_RDONLY);
	char head[4], *map;
	off_t at;

	must(fd >= 0 && stat(name, &st) == 0 && fstat(fd, &by_fd) == 0);
	ok(S_ISREG(st.st_mode) && st.st_size > 4096 && st.st_ino == by_fd.st_ino, "its own file is there");
	ok(read(fd, head, 4) == 4 && !memcmp(head, "\177ELF", 4), "and can be read");
	is_int(lseek(fd, 0, SEEK_END), st.st_size, "to its end");
	is_int(read(fd, head, 4), 0, "and no further");

	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(map != MAP_FAILED);
	strcpy(data, "changed");
	at = (char *)memmem(map, (size_t)st.st_size, "as it was", 9) - map;
	ok(at > 0 && at < st.st_size, "what it changes of its data, its file does not see");
	map[at] = 'A';
	ok(pread(fd, head, 2, at) == 2 && head[0] == 'a', "nor a private mapping's changes");
	ok(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES, "a shared one is not written");
	fails(open(name, O_RDWR), EROFS, "it cannot be opened to write");
	fails(open(name, O_RDONLY | O_TRUNC), EROFS, "nor emptied");
	fails(open(name, O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST, "nor made anew");
	fails(truncate(name, 0), EROFS, "nor cut off");
	fails(unlink(name), EROFS, "nor removed");
	fails(chmod(name, 0777), EROFS, "nor given other rights");
	ok(access(name, X_OK) == 0, "it may be executed");
	fails(execve(name, (char *[]){NULL}, (char *[]){NULL}), ENOSYS, "but there is one program");
	close(fd);
}

static void nothing_else(void)
{
	char path[64];
	DIR *root = opendir("/");

	ok(getcwd(path, sizeof(path)) && !strcmp(path, "/"), "the working directory is /");
	ok(chdir("/") == 0, "which one can enter");
	ok(root && !readdir(root), "and which shows nothing");
	fails(open("/etc/passwd", O_RDONLY), ENOENT, "there are no files");
	fails(open("/proc/self/maps", O_RDONLY), ENOENT, "nor /proc");
	fails(open("/dev/null", O_WRONLY), ENOENT, "nor devices");
	fails(open("", O_RDONLY), ENOENT, "an empty name is none");
	fails(open("file", O_WRONLY | O_CREAT, 0600), EROFS, "files cannot be made");
	fails(mkdir("/tmp", 0777), EROFS, "nor directories");
	fails(mkdir("/", 0777), EEXIST, "unless they are there");
	fails(symlink("a", "/b"), EROFS, "nor links");
	fails(rename("/a", "/b"), ENOENT, "what is not there has no other name");
	fails(open("/", O_RDWR), EISDIR, "a directory is not written");
	fails(syscall(SYS_memfd_create, "x", 0), ENOSYS, "a file in memory is refused");
}

static void what_needs_no_names(void)
{
	int ends[2], counter = eventfd(3, 0);
	struct pollfd fd;
	pthread_t other;
	uint64_t n = 0;
	char byte = 0;

	must(pipe(ends) == 0);
	fd = (struct pollfd){.fd = ends[0], .events = POLLIN};
	is_int(poll(&fd, 1, 0), 0, "a pipe is empty");
	ok(write(ends[1], "p", 1) == 1 && poll(&fd, 1, -1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'p', "and carries a byte");
	ok(read(counter, &n, 8) == 8 && n == 3, "an eventfd counts");
	must(pthread_create(&other, NULL, thread, NULL) == 0 && pthread_join(other, NULL) == 0);
	is_int(shared, 7, "a thread runs in the same memory");
}

int main(int argc, char **argv)
{
	ok(argc == 3 && !strcmp(argv[1], "one") && !strcmp(argv[2], "two  words"), "arguments come from the command line");
	ok(getenv("PATH") != NULL, "there is an environment");
	its_own_file(argv[0]);
	nothing_else();
	what_needs_no_names();
	return done();
}
