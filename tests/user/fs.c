/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, folders, links, descriptors, pipes, poll, and what lives in /dev and /proc. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>

#include "kernel.h"

static char folder[] = "/tmp/orchard-fs-XXXXXX"; /* the current folder of all tests */

static int file_make(const char *name, const char *content)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	return fd;
}

/* The whole content of a file, as a string. */
static const char *file_text(const char *name)
{
	static char text[65536];
	int fd = open(name, O_RDONLY);
	size_t length = 0;
	ssize_t got = 0;

	while (fd >= 0 && (got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	if (fd < 0 || got < 0)
		return "(unreadable)";
	close(fd);
	text[length] = '\0';
	return text;
}

static void test_open(void)
{
	int fd = file_make("a", "hello");

	fails(open("a", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST, "O_EXCL of a file that is there");
	fails(open("none", O_RDONLY), ENOENT, "open of nothing is ENOENT");
	fails(open("a/b", O_RDONLY), ENOTDIR, "open below a file is ENOTDIR");
	fails(open(".", O_WRONLY), EISDIR, "a folder is not writable");
	fails(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY of a file is ENOTDIR");
	fails(open("", O_RDONLY), ENOENT, "open of \"\" is ENOENT");
	fails(read(99, NULL, 0), EBADF, "a read of no descriptor is EBADF");
	close(fd);
	fails(close(fd), EBADF, "a second close is EBADF");
	fd = open("a", O_RDONLY);
	fails(write(fd, "x", 1), EBADF, "a write to a read-only descriptor is EBADF");
	close(fd);
	fd = open("a", O_WRONLY | O_APPEND);
	lseek(fd, 0, SEEK_SET);
	is_int(write(fd, " you", 4), 4, "O_APPEND writes");
	close(fd);
	is_str(file_text("a"), "hello you", "at the end");
	fd = open("a", O_WRONLY | O_TRUNC);
	close(fd);
	is_str(file_text("a"), "", "O_TRUNC empties");

	char name[300];

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	fails(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG, "a name of 299 bytes is too long");
	is_int(openat(AT_FDCWD, "a", O_RDONLY) == fd, 1, "the lowest free descriptor is taken");
	close(fd);
}

static void test_seek(void)
{
	int fd = file_make("s", "0123456789");
	char text[16] = "";

	is_int(lseek(fd, 3, SEEK_SET), 3, "SEEK_SET");
	is_int(lseek(fd, 2, SEEK_CUR), 5, "SEEK_CUR");
	is_int(read(fd, text, 2), 2, "a read");
	is_str(text, "56", "continues there");
	is_int(lseek(fd, -1, SEEK_END), 9, "SEEK_END");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "before the start is EINVAL");
	fails(lseek(fd, 0, 99), EINVAL, "a senseless `whence` is EINVAL");
	is_int(pread(fd, text, 3, 1), 3, "pread");
	is_str(text, "123", "reads elsewhere");
	is_int(pwrite(fd, "xy", 2, 4), 2, "pwrite");
	is_int(lseek(fd, 0, SEEK_CUR), 9, "neither moves the offset");
	is_int(read(fd, text, 16), 1, "a read stops at the end");
	is_int(read(fd, text, 16), 0, "and there is 0");
	is_str(file_text("s"), "0123xy6789", "pwrite wrote");

	is_int(lseek(fd, 100000, SEEK_SET), 100000, "an offset may lie behind the end");
	is_int(write(fd, "z", 1), 1, "a write there");
	is_int(lseek(fd, 0, SEEK_END), 100001, "leaves a hole");
	is_int(pread(fd, text, 2, 50000), 2, "which reads");
	is_int(text[0] | text[1], 0, "as zeroes");
	is_int(ftruncate(fd, 4), 0, "ftruncate to 4");
	is_int(ftruncate(fd, 8), 0, "and to 8");
	is_int(pread(fd, text, 16, 0), 8, "leaves eight bytes");
	ok(!memcmp(text, "0123\0\0\0\0", 8), "of which four are zero");
	fails(ftruncate(fd, -1), EINVAL, "a negative length is EINVAL");
	close(fd);
	fails(lseek(fd, 0, SEEK_SET), EBADF, "lseek of no descriptor");
}

static void test_vectors(void)
{
	int fd = file_make("v", "");
	char one[4] = "", two[8] = "";
	struct iovec out[] = {{"abc", 3}, {"", 0}, {"defgh", 5}};
	struct iovec in[] = {{one, 3}, {two, 7}};

	is_int(writev(fd, out, 3), 8, "writev");
	lseek(fd, 0, SEEK_SET);
	is_int(readv(fd, in, 2), 8, "readv");
	ok(!strcmp(one, "abc") && !strcmp(two, "defgh"), "gather and scatter");
	fails(writev(fd, out, -1), EINVAL, "a negative count is EINVAL");
	close(fd);
}

static void test_folders(void)
{
	is_int(mkdir("d", 0755), 0, "mkdir");
	fails(mkdir("d", 0755), EEXIST, "mkdir again is EEXIST");
	fails(mkdir("x/y", 0755), ENOENT, "mkdir below nothing is ENOENT");
	close(file_make("d/f", "1"));
	fails(rmdir("d"), ENOTEMPTY, "rmdir of a full folder is ENOTEMPTY");
	fails(unlink("d"), EISDIR, "unlink of a folder is EISDIR");
	fails(rmdir("d/f"), ENOTDIR, "rmdir of a file is ENOTDIR");
	is_int(unlink("d/f"), 0, "unlink");
	fails(unlink("d/f"), ENOENT, "unlink again is ENOENT");
	is_int(rmdir("d"), 0, "rmdir");
}

static void test_rename(void)
{
	struct stat before, after;

	close(file_make("r1", "one"));
	close(file_make("r2", "two"));
	stat("r1", &before);
	is_int(rename("r1", "r2"), 0, "rename over a file");
	stat("r2", &after);
	is_int(after.st_ino, before.st_ino, "is the same file");
	is_str(file_text("r2"), "one", "with its content");
	fails(access("r1", F_OK), ENOENT, "the old name is gone");
	fails(rename("none", "r3"), ENOENT, "rename of nothing is ENOENT");
	mkdir("rd", 0755), mkdir("rd/in", 0755), mkdir("re", 0755);
	fails(rename("rd", "rd/in/x"), EINVAL, "a folder into itself is EINVAL");
	fails(rename("r2", "rd"), EISDIR, "a file over a folder is EISDIR");
	fails(rename("re", "r2"), ENOTDIR, "a folder over a file is ENOTDIR");
	fails(rename("re", "rd"), ENOTEMPTY, "a folder over a full one is ENOTEMPTY");
	is_int(rename("rd", "re"), 0, "a folder over an empty one");
	is_int(access("re/in", F_OK), 0, "takes its content along");
	rmdir("re/in"), rmdir("re"), unlink("r2");
}

static void test_links(void)
{
	char text[64];
	struct stat st;

	close(file_make("l1", "linked"));
	is_int(link("l1", "l2"), 0, "link");
	stat("l2", &st);
	is_int(st.st_nlink, 2, "two names");
	fails(link("l1", "l2"), EEXIST, "link over a file is EEXIST");
	unlink("l1");
	is_str(file_text("l2"), "linked", "one goes, the file stays");
	is_int(symlink("l2", "sym"), 0, "symlink");
	is_int(readlink("sym", text, sizeof(text)), 2, "readlink");
	ok(!memcmp(text, "l2", 2), "tells the target");
	is_str(file_text("sym"), "linked", "which open follows");
	lstat("sym", &st);
	ok(S_ISLNK(st.st_mode) && st.st_size == 2, "lstat does not");
	fails(open("sym", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW is ELOOP");
	fails(readlink("l2", text, sizeof(text)), EINVAL, "readlink of a file is EINVAL");
	symlink("loop", "loop");
	fails(open("loop", O_RDONLY), ELOOP, "a link to itself is ELOOP");
	symlink("nowhere", "dangling");
	fails(open("dangling", O_RDONLY), ENOENT, "a dangling link is ENOENT");
	unlink("sym"), unlink("loop"), unlink("dangling"), unlink("l2");

	int fd = file_make("gone", "still here");

	unlink("gone");
	is_int(pread(fd, text, 10, 0), 10, "an unlinked open file still reads");
	fstat(fd, &st);
	is_int(st.st_nlink, 0, "with no name left");
	close(fd);
}

static void test_getdents(void)
{
	static char seen[500];
	char name[32];
	int wrong = 0, dots = 0, number;
	struct dirent *entry;
	DIR *dir;

	mkdir("many", 0755);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "many/entry-number-%d", i);
		close(file_make(name, ""));
	}
	must((dir = opendir("many")) != NULL);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			dots++;
		else if (sscanf(entry->d_name, "entry-number-%d", &number) == 1 && !seen[number])
			seen[number] = entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
		else
			wrong++;
	}
	for (int i = 0; i < 500; i++)
		wrong += !seen[i];
	is_int(wrong, 0, "five hundred names are each listed once");
	is_int(dots, 2, ". and .. are there");
	rewinddir(dir);
	ok(readdir(dir) != NULL, "rewinddir starts again");

	/* Removing while reading: what was removed does not hide the others. */
	int removed = 0;

	rewinddir(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			removed += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
	is_int(removed, 500, "a folder is emptied while it is read");
	closedir(dir);
	is_int(rmdir("many"), 0, "and is empty");
}

static void test_stat(void)
{
	struct timespec times[2] = {{1000000, 5}, {2000000, 7}};
	int fd = file_make("st", "12345");
	struct statfs fs;
	struct stat st;

	is_int(fstat(fd, &st), 0, "fstat");
	ok(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0644, "mode is %o", st.st_mode);
	is_int(st.st_size, 5, "size");
	ok(st.st_nlink == 1 && st.st_uid == geteuid() && st.st_ino, "links, owner, inode");
	is_int(chmod("st", 0600) | stat("st", &st), 0, "chmod");
	is_int(st.st_mode & 07777, 0600, "changes the mode");
	is_int(utimensat(AT_FDCWD, "st", times, 0) | stat("st", &st), 0, "utimensat");
	ok(st.st_atim.tv_sec == 1000000 && st.st_mtim.tv_sec == 2000000, "sets the times");
	umask(027);
	mkdir("um", 0777);
	stat("um", &st);
	is_int(st.st_mode & 0777, 0750, "umask applies");
	is_int(umask(022), 027, "and is returned");
	ok(S_ISDIR(st.st_mode), "a folder is one");
	fails(stat("none", &st), ENOENT, "stat of nothing is ENOENT");
	is_int(access("st", R_OK | W_OK), 0, "access");
	fails(access("st", X_OK), EACCES, "a file without x is not executable, even for root");
	is_int(statfs(".", &fs), 0, "statfs");
	ok(fs.f_bsize > 0, "has a block size");
	close(fd), unlink("st"), rmdir("um");
}

static void test_cwd(void)
{
	char text[128];
	int here = open(".", O_RDONLY | O_DIRECTORY);

	is_str(getcwd(text, sizeof(text)), folder, "getcwd");
	mkdir("sub", 0755);
	is_int(chdir("sub"), 0, "chdir");
	ok(getcwd(text, sizeof(text)) && !strcmp(text + strlen(text) - 4, "/sub"), "moves");
	is_int(chdir(".."), 0, "chdir ..");
	is_int(chdir("/"), 0, "chdir /");
	is_str(getcwd(text, sizeof(text)), "/", "is the root");
	chdir("..");
	is_str(getcwd(text, sizeof(text)), "/", "above which there is nothing");
	is_int(fchdir(here), 0, "fchdir");
	is_str(getcwd(text, sizeof(text)), folder, "comes back");
	fails(getcwd(text, 3) ? 0 : -1, ERANGE, "a small buffer is ERANGE");
	fails(chdir("none"), ENOENT, "chdir to nothing is ENOENT");
	close(here), rmdir("sub");
}

static void test_dup(void)
{
	int fd = file_make("dup", "abcdef"), other, flags;
	char byte;

	other = dup(fd);
	lseek(fd, 2, SEEK_SET);
	is_int(read(other, &byte, 1) == 1 && byte == 'c', 1, "dup shares the offset");
	is_int(dup2(fd, 50), 50, "dup2 to 50");
	is_int(fcntl(50, F_GETFD), 0, "without FD_CLOEXEC");
	is_int(dup2(fd, fd), fd, "dup2 to itself is nothing");
	fails(dup2(99, 98), EBADF, "dup2 of nothing is EBADF");
	fails(dup3(fd, fd, 0), EINVAL, "dup3 to itself is EINVAL");
	is_int(dup3(fd, 51, O_CLOEXEC), 51, "dup3");
	is_int(fcntl(51, F_GETFD), FD_CLOEXEC, "sets FD_CLOEXEC");
	is_int(fcntl(fd, F_DUPFD, 60), 60, "F_DUPFD takes the next free one");
	is_int(fcntl(fd, F_DUPFD_CLOEXEC, 60), 61, "F_DUPFD_CLOEXEC as well");
	is_int(fcntl(fd, F_SETFD, FD_CLOEXEC) | (fcntl(fd, F_GETFD) - 1), 0, "F_SETFD");
	is_int(fcntl(other, F_GETFD), 0, "is not shared");
	flags = fcntl(fd, F_GETFL);
	is_int(flags & O_ACCMODE, O_RDWR, "F_GETFL");
	is_int(fcntl(fd, F_SETFL, flags | O_APPEND), 0, "F_SETFL");
	ok(fcntl(other, F_GETFL) & O_APPEND, "is shared");
	close(fd), close(other), close(50), close(51), close(60), close(61);
}

static void test_pipe(void)
{
	static char block[4096];
	int ends[2];
	long total = 0;
	ssize_t got;

	is_int(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0, "pipe2");
	fails(read(ends[0], block, 1), EAGAIN, "an empty pipe is EAGAIN");
	while ((got = write(ends[1], block, sizeof(block))) > 0)
		total += got;
	ok(got < 0 && errno == EAGAIN, "a full one as well");
	is_int(total, 65536, "it holds 64 KiB");
	is_int(fcntl(ends[0], F_GETPIPE_SZ), 65536, "and says so");
	fails(write(ends[1], "x", 1), EAGAIN, "a full pipe takes not one byte");
	is_int(read(ends[0], block, 4096), 4096, "one page is read");
	is_int(write(ends[1], block, 4096), 4096, "one page fits");
	fails(lseek(ends[0], 0, SEEK_SET), ESPIPE, "a pipe does not seek");
	close(ends[1]);
	for (total = 0; (got = read(ends[0], block, sizeof(block))) > 0;)
		total += got;
	ok(got == 0 && total == 65536, "what was written is read, then comes the end");
	close(ends[0]);
}

static void *late_writer(void *argument)
{
	struct timespec nap = {.tv_nsec = 20000000};

	nanosleep(&nap, NULL);
	must(write(*(int *)argument, "x", 1) == 1);
	return NULL;
}

static long elapsed_ms(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void test_poll(void)
{
	int ends[2], file = file_make("poll", "x"), closed;
	struct timespec start;
	struct pollfd fds[3];
	pthread_t thread;

	must(pipe(ends) == 0);
	closed = dup(file);
	close(closed);
	fds[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	fds[1] = (struct pollfd){.fd = ends[1], .events = POLLOUT};
	fds[2] = (struct pollfd){.fd = -1, .events = POLLIN, .revents = 77};
	is_int(poll(fds, 3, 0), 1, "an empty pipe: one is ready");
	ok(!fds[0].revents && fds[1].revents == POLLOUT && !fds[2].revents, "its writing end");
	clock_gettime(CLOCK_MONOTONIC, &start);
	is_int(poll(fds, 1, 30), 0, "poll times out");
	ok(elapsed_ms(&start) >= 30, "not before its time");
	must(pthread_create(&thread, NULL, late_writer, &ends[1]) == 0);
	is_int(poll(fds, 1, 20000), 1, "poll wakes when a byte comes");
	is_int(fds[0].revents, POLLIN, "with POLLIN");
	pthread_join(thread, NULL);
	close(ends[1]);
	is_int(poll(fds, 1, -1) == 1 ? fds[0].revents : -1, POLLIN | POLLHUP,
	       "the other end closed");
	read(ends[0], &closed, 1);
	is_int(poll(fds, 1, -1) == 1 ? fds[0].revents : -1, POLLHUP, "and nothing left: POLLHUP");
	close(ends[0]);
	fds[0].fd = ends[0];
	is_int(poll(fds, 1, -1) == 1 ? fds[0].revents : -1, POLLNVAL,
	       "a closed descriptor: POLLNVAL");
	fds[0] = (struct pollfd){.fd = file, .events = POLLIN | POLLOUT};
	is_int(poll(fds, 1, -1) == 1 ? fds[0].revents : -1, POLLIN | POLLOUT,
	       "a file is always ready");
	must(pipe(ends) == 0);
	close(ends[0]);
	fds[0] = (struct pollfd){.fd = ends[1], .events = POLLOUT};
	is_int(poll(fds, 1, -1) == 1 ? fds[0].revents & POLLERR : -1, POLLERR,
	       "a pipe without a reader: POLLERR");
	is_int(poll(NULL, 0, 10), 0, "poll of nothing is a sleep");
	close(ends[1]), close(file);
}

static void test_devices(void)
{
	char bytes[64], again[64];
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	int full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDONLY);
	struct stat st;

	must(null >= 0 && zero >= 0 && full >= 0 && random >= 0);
	is_int(read(null, bytes, 64), 0, "/dev/null reads as empty");
	is_int(write(null, bytes, 64), 64, "and takes all");
	memset(bytes, 1, sizeof(bytes));
	is_int(read(zero, bytes, 64), 64, "/dev/zero reads");
	is_int(bytes[0] | bytes[63], 0, "zeroes");
	is_int(write(zero, bytes, 64), 64, "and takes all");
	is_int(read(full, bytes, 64), 64, "/dev/full reads");
	fails(write(full, bytes, 1), ENOSPC, "and takes nothing: ENOSPC");
	is_int(read(random, bytes, 64) + read(random, again, 64), 128, "/dev/urandom reads");
	ok(memcmp(bytes, again, 64), "something else each time");
	ok(fstat(null, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3),
	   "/dev/null is character device 1:3");
	is_int(close(random), 0, "closed");
	ok((random = open("/dev/random", O_RDONLY)) >= 0 && read(random, bytes, 8) == 8,
	   "/dev/random reads");
	fails(ioctl(null, TCGETS, bytes), ENOTTY, "/dev/null is no terminal");
	is_int(isatty(null), 0, "isatty says the same");
	is_int(access("/dev/tty", F_OK) | access("/dev/console", F_OK), 0,
	       "/dev/tty and /dev/console");
	close(null), close(zero), close(full), close(random);
}

static void test_proc(void)
{
	char path[64], exe[256], name[64], state;
	const char *text;
	int pid, ppid, fd;
	ssize_t length;
	long value;

	text = file_text("/proc/self/stat");
	is_int(sscanf(text, "%d (%63[^)]) %c %d", &pid, name, &state, &ppid), 4, "/proc/self/stat");
	ok(pid == getpid() && ppid == getppid() && state == 'R', "is ours, and running");
	ok(strstr(file_text("/proc/self/status"), "\nPid:\t") != NULL,
	   "/proc/self/status has a Pid");
	ok(strstr(file_text("/proc/self/maps"), " r-xp ") != NULL, "/proc/self/maps has code");
	length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[length < 0 ? 0 : length] = '\0';
	ok(length > 0 && exe[0] == '/' && access(exe, X_OK) == 0, "/proc/self/exe is '%s'", exe);
	fd = file_make("named", "");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, exe, sizeof(exe) - 1);
	exe[length < 0 ? 0 : length] = '\0';
	ok(length > 6 && !strcmp(exe + length - 6, "/named"), "/proc/self/fd names a file: '%s'",
	   exe);
	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	is_int(atoi(file_text(path)), getpid(), "/proc/<pid>/stat");
	text = file_text("/proc/meminfo");
	ok(sscanf(text, "MemTotal: %ld kB", &value) == 1 && value > 1000,
	   "/proc/meminfo has MemTotal");
	ok(strstr(text, "MemFree:") && strstr(text, "MemAvailable:"), "MemFree and MemAvailable");
	text = file_text("/proc/cpuinfo");
	ok(!strncmp(text, "processor", 9) && strstr(text, "flags"), "/proc/cpuinfo");
	ok(atof(file_text("/proc/uptime")) > 0, "/proc/uptime runs");
	fails(open("/proc/999999999", O_RDONLY), ENOENT, "a process that is not there is ENOENT");
	close(fd);
}

static void test_sendfile(void)
{
	int from = file_make("from", "0123456789"), to = file_make("to", "");
	off_t offset = 3;

	is_int(sendfile(to, from, &offset, 4), 4, "sendfile");
	is_int(offset, 7, "moves the given offset");
	is_str(file_text("to"), "3456", "and copies");
	is_int(sendfile(to, from, &offset, 100), 3, "it stops at the end");
	close(from), close(to);
}

/* All that the tests left behind. */
static void clean_up(void)
{
	static const char *names[] = {"a", "s", "v", "dup", "poll", "named", "from", "to"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	chdir("/");
	is_int(rmdir(folder), 0, "nothing is left");
}

int main(void)
{
	mkdir("/tmp", 01777);
	umask(022);
	must(mkdtemp(folder) && chdir(folder) == 0);
	test_open();
	test_seek();
	test_vectors();
	test_folders();
	test_rename();
	test_links();
	test_getdents();
	test_stat();
	test_cwd();
	test_dup();
	test_pipe();
	test_poll();
	test_devices();
	test_proc();
	test_sendfile();
	clean_up();
	return done();
}
