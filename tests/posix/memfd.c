/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memfd_create: files in memory that are in no directory; the seals one puts on them, and what each forbids to write, ftruncate,
 * fallocate and mmap. Sources: memfd_create(2), fcntl(2).
 */
#include "posix.h"

#include <sys/mman.h>

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static int make(unsigned flags)
{
	int fd = (int)syscall(SYS_memfd_create, "fruit", flags);

	must(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	return fd;
}

static void *map(int fd, int prot, int flags)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0);
}

/* What cannot be mapped leaves errno for fails(). */
static int maps(int fd, int prot, int flags)
{
	void *p = map(fd, prot, flags);

	return p == MAP_FAILED ? -1 : munmap(p, PAGE);
}

static void test_create(void)
{
	char name[300], path[64], link[64] = "";
	struct stat st;
	int fd;

	memset(name, 'n', sizeof(name));
	name[249] = '\0';
	fd = (int)syscall(SYS_memfd_create, name, 0);
	ok(fd >= 0, "a name of 249 bytes");
	close(fd);
	name[249] = 'n', name[250] = '\0';
	fails(syscall(SYS_memfd_create, name, 0), EINVAL, "not of 250");
	fails(syscall(SYS_memfd_create, "x", 0x100), EINVAL, "an unknown flag");
	fails(syscall(SYS_memfd_create, 8, 0), EFAULT, "a name at no address");
	fd = (int)syscall(SYS_memfd_create, "fruit", 0);
	must(fd >= 0 && fstat(fd, &st) == 0);
	ok(S_ISREG(st.st_mode) && st.st_size == 0 && st.st_nlink == 0, "an empty regular file without a name");
	is_int(st.st_mode & 07777, 0777, "of mode 0777");
	is_int(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR, "to read and write");
	is_int(fcntl(fd, F_GETFD), 0, "that exec does not close");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(readlink(path, link, sizeof(link) - 1) > 0);
	is_int(strcmp(link, "/memfd:fruit (deleted)"), 0, "/proc tells its name");
	is_int(pwrite(fd, "pear", 4, 0), 4, "it is written");

	int again = open(path, O_RDONLY);
	char text[5] = "";

	ok(again >= 0 && read(again, text, 4) == 4 && !strcmp(text, "pear"), "and opened again by /proc");
	close(again);
	is_int(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL, "without MFD_ALLOW_SEALING it is sealed against seals");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "so none is added");
	close(fd);
	fd = (int)syscall(SYS_memfd_create, "fruit", 1 /* MFD_CLOEXEC */);
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "MFD_CLOEXEC");
	close(fd);
}

static void test_sizes(void)
{
	char page[PAGE] = "";
	int fd = make(2);

	is_int(fcntl(fd, F_GET_SEALS), 0, "MFD_ALLOW_SEALING: no seals yet");
	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "F_SEAL_SHRINK");
	fails(ftruncate(fd, PAGE), EPERM, "does not shrink");
	is_int(ftruncate(fd, 2 * PAGE), 0, "may stay as long");
	is_int(ftruncate(fd, 3 * PAGE), 0, "or grow");
	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0, "F_SEAL_GROW");
	is_int(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW, "seals add up");
	fails(ftruncate(fd, 4 * PAGE), EPERM, "does not grow");
	fails(fallocate(fd, 0, 0, 4 * PAGE), EPERM, "by fallocate neither");
	is_int(fallocate(fd, 0, 0, 3 * PAGE), 0, "which may fill it");
	fails(pwrite(fd, page, PAGE, 3 * PAGE), EPERM, "nor by a write behind the end");
	is_int(pwrite(fd, page, PAGE, 2 * PAGE), PAGE, "one before it is fine");
	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0, "F_SEAL_SEAL");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "ends it");
	close(fd);
}

static void test_write(void)
{
	int fd = make(2);
	char *shared = map(fd, RW, MAP_SHARED), *private;

	fails(fcntl(fd, F_ADD_SEALS, 0x4000), EINVAL, "an unknown seal");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "F_SEAL_WRITE while it is mapped to be written");
	is_int(fcntl(fd, F_GET_SEALS), 0, "did not happen");
	must(pwrite(fd, "pear", 4, 0) == 4 && munmap(shared, PAGE) == 0);
	shared = map(fd, PROT_READ, MAP_SHARED);
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "a mapping that could be made writable counts");
	munmap(shared, PAGE);
	private = map(fd, RW, MAP_PRIVATE);
	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "a private one does not");
	private[0] = 'b';
	fails(pwrite(fd, "x", 1, 0), EPERM, "no write");
	fails(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, PAGE), EPERM, "no hole");
	is_int(ftruncate(fd, PAGE), 0, "ftruncate is another matter");
	fails(maps(fd, RW, MAP_SHARED), EPERM, "no shared mapping to write");
	is_int(maps(fd, RW, MAP_PRIVATE), 0, "a private one");

	char text[5] = "";

	is_int(pread(fd, text, 4, 0) == 4 && !strcmp(text, "pear"), 1, "the file is what it was");
	munmap(private, PAGE);
	close(fd);
}

static void test_future(void)
{
	int fd = make(2);
	char *before = map(fd, RW, MAP_SHARED), *after, text[2] = "";

	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0, "F_SEAL_FUTURE_WRITE while it is mapped");
	before[0] = 'x';
	is_int(pread(fd, text, 1, 0) == 1 && text[0] == 'x', 1, "the old mapping writes on");
	fails(pwrite(fd, "y", 1, 0), EPERM, "write does not");
	fails(maps(fd, RW, MAP_SHARED), EPERM, "nor a new mapping");
	after = map(fd, PROT_READ, MAP_SHARED);
	ok(after != MAP_FAILED && after[0] == 'x', "it reads");
	fails(mprotect(after, PAGE, RW), EACCES, "and cannot be made to write");
	munmap(after, PAGE);
	munmap(before, PAGE);
	close(fd);
}

static void test_others(void)
{
	char path[64];
	int fd = make(2), p[2], null = open("/dev/null", O_RDWR);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	int reader = open(path, O_RDONLY);

	fails(fcntl(reader, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "seals need a descriptor that may write");
	is_int(fcntl(reader, F_GET_SEALS), 0, "not so the question");
	is_int(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "the file is sealed");
	is_int(fcntl(reader, F_GET_SEALS), F_SEAL_WRITE, "for all its descriptors");
	close(reader);
	close(fd);
	must(pipe(p) == 0);
	fails(fcntl(p[0], F_GET_SEALS), EINVAL, "pipes have none");
	fails(fcntl(null, F_ADD_SEALS, F_SEAL_WRITE), EINVAL, "devices neither");
	close(p[0]), close(p[1]), close(null);
}

int main(void)
{
	test_create();
	test_sizes();
	test_write();
	test_future();
	test_others();
	return done();
}
