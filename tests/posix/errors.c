/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every call answers to arguments that cannot be: a pointer to nothing, into the kernel, or to memory that may not be
 * written, in each place where a call takes one; a descriptor that is not open; flags nobody knows; numbers of no call.
 * Table-driven: a row is a call with good arguments, and marks for those that are put to the test.
 */
#include "posix.h"

#include <grp.h>
#include <limits.h>
#include <sys/mman.h>

#define PAGE 4096

/* Marks in a row's arguments; what they stand for is made in main(). */
enum {
	IN = -1000,  /* a pointer the call reads from: tested */
	OUT,         /* one it writes to: tested, also as read-only memory */
	BUFFER,      /* good memory, zeroed */
	NAME,        /* "file" */
	NEW,         /* a name that does not exist */
	FD,          /* a regular file, open for both */
	DIR_FD,      /* a directory */
	READ_END, WRITE_END, /* of a pipe with something in it */
	BADFD,       /* no descriptor: tested for EBADF */
};

struct row {
	const char *name;
	long nr;
	long argument[6];
};

#define CALL(name, ...) {#name, SYS_##name, {__VA_ARGS__}}

static const struct row pointer_rows[] = {
	CALL(read, FD, OUT, 8),
	CALL(write, FD, IN, 8),
	CALL(pread64, FD, OUT, 8, 0),
	CALL(pwrite64, FD, IN, 8, 0),
	CALL(readv, FD, IN, 1),
	CALL(writev, FD, IN, 1),
	CALL(preadv, FD, IN, 1, 0, 0),
	CALL(pwritev, FD, IN, 1, 0, 0),
	CALL(preadv2, FD, IN, 1, 0, 0, 0),
	CALL(pwritev2, FD, IN, 1, 0, 0, 0),
	CALL(open, IN, 0, 0),
	CALL(openat, AT_FDCWD, IN, 0, 0),
	CALL(creat, IN, 0600),
	CALL(stat, IN, BUFFER),
	CALL(stat, NAME, OUT),
	CALL(lstat, IN, BUFFER),
	CALL(lstat, NAME, OUT),
	CALL(fstat, FD, OUT),
	CALL(newfstatat, AT_FDCWD, IN, BUFFER, 0),
	CALL(newfstatat, AT_FDCWD, NAME, OUT, 0),
	CALL(statx, AT_FDCWD, IN, 0, 0x7ff, BUFFER),
	CALL(statx, AT_FDCWD, NAME, 0, 0x7ff, OUT),
	CALL(statfs, IN, BUFFER),
	CALL(statfs, NAME, OUT),
	CALL(fstatfs, FD, OUT),
	CALL(poll, OUT, 1, 0),
	CALL(ppoll, OUT, 1, BUFFER, 0, 8),
	CALL(ppoll, BUFFER, 1, IN, 0, 8),
	CALL(ppoll, BUFFER, 1, BUFFER, IN, 8),
	CALL(select, 1, IN, 0, 0, BUFFER),
	CALL(select, 1, 0, IN, 0, BUFFER),
	CALL(select, 1, 0, 0, IN, BUFFER),
	CALL(select, 0, 0, 0, 0, IN),
	CALL(pselect6, 0, 0, 0, 0, IN, 0),
	CALL(pselect6, 1, IN, 0, 0, BUFFER, 0),
	CALL(pipe, OUT),
	CALL(pipe2, OUT, 0),
	CALL(getdents64, DIR_FD, OUT, 512),
	CALL(getdents, DIR_FD, OUT, 512),
	CALL(access, IN, 0),
	CALL(faccessat, AT_FDCWD, IN, 0),
	CALL(faccessat2, AT_FDCWD, IN, 0, 0),
	CALL(truncate, IN, 0),
	CALL(getcwd, OUT, 4096),
	CALL(chdir, IN),
	CALL(chroot, IN),
	CALL(rename, IN, NEW),
	CALL(rename, NAME, IN),
	CALL(renameat, AT_FDCWD, IN, AT_FDCWD, NEW),
	CALL(renameat, AT_FDCWD, NAME, AT_FDCWD, IN),
	CALL(renameat2, AT_FDCWD, IN, AT_FDCWD, NEW, 0),
	CALL(mkdir, IN, 0700),
	CALL(mkdirat, AT_FDCWD, IN, 0700),
	CALL(rmdir, IN),
	CALL(link, IN, NEW),
	CALL(link, NAME, IN),
	CALL(linkat, AT_FDCWD, IN, AT_FDCWD, NEW, 0),
	CALL(linkat, AT_FDCWD, NAME, AT_FDCWD, IN, 0),
	CALL(unlink, IN),
	CALL(unlinkat, AT_FDCWD, IN, 0),
	CALL(symlink, IN, NEW),
	CALL(symlink, NAME, IN),
	CALL(symlinkat, IN, AT_FDCWD, NEW),
	CALL(readlink, IN, BUFFER, 16),
	CALL(readlinkat, AT_FDCWD, IN, BUFFER, 16),
	CALL(readlink, (long)"/proc/self/exe", OUT, 16),
	CALL(mknod, IN, 0600, 0),
	CALL(mknodat, AT_FDCWD, IN, 0600, 0),
	CALL(chmod, IN, 0600),
	CALL(fchmodat, AT_FDCWD, IN, 0600),
	CALL(chown, IN, 0, 0),
	CALL(lchown, IN, 0, 0),
	CALL(fchownat, AT_FDCWD, IN, 0, 0, 0),
	CALL(utime, IN, 0),
	CALL(utime, NAME, IN),
	CALL(utimes, IN, 0),
	CALL(utimes, NAME, IN),
	CALL(futimesat, AT_FDCWD, NAME, IN),
	CALL(utimensat, AT_FDCWD, IN, 0, 0),
	CALL(utimensat, AT_FDCWD, NAME, IN, 0),
	CALL(fcntl, FD, F_GETLK, IN),
	CALL(fcntl, FD, F_SETLK, IN),
	CALL(ioctl, READ_END, 0x541b /* FIONREAD */, OUT),
	CALL(ioctl, READ_END, 0x5421 /* FIONBIO */, IN),
	CALL(sendfile, WRITE_END, FD, IN, 1),
	CALL(copy_file_range, FD, IN, FD, 0, 1, 0),
	CALL(mincore, BUFFER, PAGE, OUT),
	CALL(nanosleep, IN, 0),
	CALL(clock_gettime, 0, OUT),
	CALL(clock_getres, 0, OUT),
	CALL(clock_nanosleep, 0, 0, IN, 0),
	CALL(gettimeofday, OUT, 0),
	CALL(gettimeofday, 0, OUT),
	CALL(time, OUT),
	CALL(times, OUT),
	CALL(setitimer, 0, IN, 0),
	CALL(setitimer, 0, 0, OUT),
	CALL(getitimer, 0, OUT),
	CALL(uname, OUT),
	CALL(sysinfo, OUT),
	CALL(getrlimit, 0, OUT),
	CALL(setrlimit, 0, IN),
	CALL(prlimit64, 0, 0, IN, 0),
	CALL(prlimit64, 0, 0, 0, OUT),
	CALL(getrusage, 0, OUT),
	CALL(getresuid, OUT, BUFFER, BUFFER),
	CALL(getresuid, BUFFER, OUT, BUFFER),
	CALL(getresuid, BUFFER, BUFFER, OUT),
	CALL(getresgid, OUT, BUFFER, BUFFER),
	CALL(getresgid, BUFFER, OUT, BUFFER),
	CALL(getresgid, BUFFER, BUFFER, OUT),
	CALL(setgroups, 1, IN),
	CALL(rt_sigaction, 10, IN, 0, 8),
	CALL(rt_sigaction, 10, 0, OUT, 8),
	CALL(rt_sigprocmask, 0, IN, 0, 8),
	CALL(rt_sigprocmask, 0, 0, OUT, 8),
	CALL(rt_sigpending, OUT, 8),
	CALL(rt_sigtimedwait, IN, 0, BUFFER, 8),
	CALL(rt_sigtimedwait, BUFFER, 0, IN, 8),
	CALL(rt_sigsuspend, IN, 8),
	CALL(sigaltstack, IN, 0),
	CALL(sigaltstack, 0, OUT),
	CALL(sched_setaffinity, 0, 8, IN),
	CALL(sched_getaffinity, 0, 128, OUT),
	CALL(getcpu, OUT, 0, 0),
	CALL(getcpu, 0, OUT, 0),
	CALL(getrandom, OUT, 8, 0),
	CALL(get_robust_list, 0, OUT, BUFFER),
	CALL(get_robust_list, 0, BUFFER, OUT),
	CALL(prctl, 15 /* PR_SET_NAME */, IN),
	CALL(prctl, 16 /* PR_GET_NAME */, OUT),
	CALL(arch_prctl, 0x1003 /* ARCH_GET_FS */, OUT),
	CALL(futex, IN, 0, 0, 0, 0, 0),
	CALL(futex, BUFFER, 0, 0, IN, 0, 0),
	CALL(futex, BUFFER, 3 /* FUTEX_REQUEUE */, 0, 0, IN, 0),
	CALL(getxattr, IN, NAME, 0, 0),
	CALL(lgetxattr, IN, NAME, 0, 0),
	CALL(setxattr, IN, NAME, BUFFER, 1, 0),
	CALL(lsetxattr, IN, NAME, BUFFER, 1, 0),
	CALL(listxattr, IN, BUFFER, 8),
	CALL(llistxattr, IN, BUFFER, 8),
	CALL(sched_setparam, 0, IN),
	CALL(sched_getparam, 0, OUT),
	CALL(sched_setscheduler, 0, 0, IN),
	CALL(sched_rr_get_interval, 0, OUT),
	CALL(getgroups, 32, OUT),
	CALL(settimeofday, IN, 0),
	CALL(settimeofday, 0, IN),
	CALL(clock_settime, 0, IN),
	CALL(timer_create, 0, IN, BUFFER),
	CALL(timer_create, 0, 0, OUT),
	CALL(timer_settime, 12345, 0, IN, 0),
	CALL(timerfd_settime, FD, 0, IN, 0),
	CALL(epoll_ctl, FD, 1 /* EPOLL_CTL_ADD */, FD, IN),
	CALL(signalfd, -1, IN, 8),
	CALL(signalfd4, -1, IN, 8, 0),
	CALL(rt_sigqueueinfo, 1, 10, IN),
	CALL(rt_tgsigqueueinfo, 1, 1, 10, IN),
	CALL(futimesat, AT_FDCWD, IN, 0),
	CALL(symlinkat, NAME, AT_FDCWD, IN),
	CALL(readlinkat, AT_FDCWD, (long)"/proc/self/exe", OUT, 16),
	CALL(pselect6, 1, 0, IN, 0, BUFFER, 0),
	CALL(pselect6, 1, 0, 0, IN, BUFFER, 0),
	CALL(pselect6, 0, 0, 0, 0, BUFFER, IN),
	CALL(renameat2, AT_FDCWD, NAME, AT_FDCWD, IN, 0),
	CALL(copy_file_range, FD, 0, FD, IN, 1, 0),
	CALL(memfd_create, IN, 0),
	CALL(openat2, AT_FDCWD, IN, BUFFER, 24),
	CALL(openat2, AT_FDCWD, NAME, IN, 24),
	CALL(sethostname, IN, 4),
	CALL(setdomainname, IN, 4),
	CALL(clone3, IN, 64),
};

/* The same where programs can be started. */
static const struct row exec_rows[] = {
	CALL(execve, IN, 0, 0),
	CALL(execve, (long)SELF, IN, 0),
	CALL(execve, (long)SELF, 0, IN),
	CALL(execveat, AT_FDCWD, IN, 0, 0, 0),
	CALL(execveat, AT_FDCWD, (long)SELF, IN, 0, 0),
	CALL(execveat, AT_FDCWD, (long)SELF, 0, IN, 0),
};

static const struct row descriptor_rows[] = {
	CALL(read, BADFD, BUFFER, 1),
	CALL(write, BADFD, BUFFER, 1),
	CALL(pread64, BADFD, BUFFER, 1, 0),
	CALL(pwrite64, BADFD, BUFFER, 1, 0),
	CALL(readv, BADFD, BUFFER, 1),
	CALL(writev, BADFD, BUFFER, 1),
	CALL(preadv, BADFD, BUFFER, 1, 0, 0),
	CALL(pwritev, BADFD, BUFFER, 1, 0, 0),
	CALL(preadv2, BADFD, BUFFER, 1, 0, 0, 0),
	CALL(pwritev2, BADFD, BUFFER, 1, 0, 0, 0),
	CALL(close, BADFD),
	CALL(fstat, BADFD, BUFFER),
	CALL(lseek, BADFD, 0, 0),
	CALL(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, BADFD, 0),
	CALL(ioctl, BADFD, 0x5401, BUFFER),
	CALL(dup, BADFD),
	CALL(dup2, BADFD, 77),
	CALL(dup3, BADFD, 77, 0),
	CALL(sendfile, BADFD, FD, 0, 1),
	CALL(sendfile, FD, BADFD, 0, 1),
	CALL(copy_file_range, BADFD, 0, FD, 0, 1, 0),
	CALL(copy_file_range, FD, 0, BADFD, 0, 1, 0),
	CALL(fcntl, BADFD, F_GETFL, 0),
	CALL(fcntl, BADFD, F_DUPFD, 0),
	CALL(fcntl, BADFD, F_GETFD, 0),
	CALL(flock, BADFD, 2),
	CALL(fsync, BADFD),
	CALL(fdatasync, BADFD),
	CALL(syncfs, BADFD),
	CALL(sync_file_range, BADFD, 0, 0, 0),
	CALL(readahead, BADFD, 0, 1),
	CALL(fadvise64, BADFD, 0, 0, 0),
	CALL(fallocate, BADFD, 0, 0, 1),
	CALL(ftruncate, BADFD, 0),
	CALL(getdents, BADFD, BUFFER, 512),
	CALL(getdents64, BADFD, BUFFER, 512),
	CALL(fchdir, BADFD),
	CALL(fchmod, BADFD, 0600),
	CALL(fchown, BADFD, 0, 0),
	CALL(fstatfs, BADFD, BUFFER),
	CALL(fgetxattr, BADFD, NAME, 0, 0),
	CALL(openat, BADFD, NAME, 0, 0),
	CALL(mkdirat, BADFD, NEW, 0700),
	CALL(mknodat, BADFD, NEW, 0600, 0),
	CALL(fchownat, BADFD, NAME, 0, 0, 0),
	CALL(fchownat, BADFD, (long)"", 0, 0, AT_EMPTY_PATH),
	CALL(newfstatat, BADFD, NAME, BUFFER, 0),
	CALL(newfstatat, BADFD, (long)"", BUFFER, AT_EMPTY_PATH),
	CALL(statx, BADFD, NAME, 0, 0x7ff, BUFFER),
	CALL(unlinkat, BADFD, NAME, 0),
	CALL(renameat, BADFD, NAME, AT_FDCWD, NEW),
	CALL(renameat, AT_FDCWD, NAME, BADFD, NEW),
	CALL(renameat2, BADFD, NAME, AT_FDCWD, NEW, 0),
	CALL(linkat, BADFD, NAME, AT_FDCWD, NEW, 0),
	CALL(linkat, AT_FDCWD, NAME, BADFD, NEW, 0),
	CALL(symlinkat, NAME, BADFD, NEW),
	CALL(readlinkat, BADFD, NAME, BUFFER, 16),
	CALL(fchmodat, BADFD, NAME, 0600),
	CALL(faccessat, BADFD, NAME, 0),
	CALL(faccessat2, BADFD, NAME, 0, 0),
	CALL(utimensat, BADFD, NAME, 0, 0),
	CALL(utimensat, BADFD, 0, 0, 0),
	CALL(futimesat, BADFD, NAME, 0),
};

static char *buffer, *read_only, *nowhere;
static int file, directory, pipe_ends[2];

static long value_of(long argument)
{
	switch (argument) {
	case BUFFER:
		return (long)buffer;
	case NAME:
		return (long)"file";
	case NEW:
		return (long)"new";
	case FD:
		return file;
	case DIR_FD:
		return directory;
	case READ_END:
		return pipe_ends[0];
	case WRITE_END:
		return pipe_ends[1];
	}
	return argument;
}

/* The row's call with `bad` in place of its marked argument: its errno, 0 when it did not fail. */
static int call_with(const struct row *row, long mark, long bad)
{
	long a[6];

	memset(buffer, 0, PAGE);
	lseek(file, 0, SEEK_SET);
	lseek(directory, 0, SEEK_SET);
	for (int i = 0; i < 6; i++)
		a[i] = row->argument[i] == mark ? bad : value_of(row->argument[i]);
	errno = 0;
	return syscall(row->nr, a[0], a[1], a[2], a[3], a[4], a[5]) == -1 ? errno : 0;
}

static bool has(const struct row *row, long mark)
{
	for (int i = 0; i < 6; i++)
		if (row->argument[i] == mark)
			return true;
	return false;
}

static int place_of(const struct row *row, long mark)
{
	int i = 0;

	while (row->argument[i] != mark)
		i++;
	return i + 1;
}

static void test_pointers(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		long mark = has(row, OUT) ? OUT : IN;
		int a = call_with(row, mark, (long)nowhere), b = call_with(row, mark, (long)0xffff800000001000ul), c = EFAULT;

		if (mark == OUT)
			c = call_with(row, mark, (long)read_only);
		ok(a == EFAULT && b == EFAULT && c == EFAULT, "%s, argument %d: EFAULT for a pointer to nothing, %s", row->name,
		   place_of(row, mark), mark == OUT ? "to the kernel, to read-only memory" : "to the kernel");
		if (a != EFAULT || b != EFAULT || c != EFAULT)
			printf("#   errno %d, %d, %d\n", a, b, c);
	}
}

static void test_descriptors(void)
{
	for (size_t i = 0; i < sizeof(descriptor_rows) / sizeof(descriptor_rows[0]); i++) {
		const struct row *row = &descriptor_rows[i];
		int a = call_with(row, BADFD, 99), b = call_with(row, BADFD, -1), c = call_with(row, BADFD, INT_MAX);

		ok(a == EBADF && b == EBADF && c == EBADF, "%s, argument %d: EBADF for one not open, -1, INT_MAX", row->name,
		   place_of(row, BADFD));
		if (a != EBADF || b != EBADF || c != EBADF)
			printf("#   errno %d, %d, %d\n", a, b, c);
	}
}

/* Flags that nobody knows. */
static void test_flags(void)
{
	fails(syscall(SYS_pipe2, buffer, 1), EINVAL, "pipe2");
	fails(syscall(SYS_dup3, file, 80, 1), EINVAL, "dup3");
	fails(syscall(SYS_close_range, 90, 91, 64), EINVAL, "close_range");
	fails(syscall(SYS_close_range, 91, 90, 0), EINVAL, "close_range backwards");
	fails(syscall(SYS_unlinkat, AT_FDCWD, "file", 1), EINVAL, "unlinkat");
	fails(syscall(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "new", 1), EINVAL, "linkat");
	fails(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "new", 1 << 20), EINVAL, "renameat2");
	fails(syscall(SYS_fchownat, AT_FDCWD, "file", 0, 0, 1), EINVAL, "fchownat");
	fails(syscall(SYS_faccessat2, AT_FDCWD, "file", 0, 1), EINVAL, "faccessat2");
	fails(syscall(SYS_utimensat, AT_FDCWD, "file", 0, 1), EINVAL, "utimensat");
	fails(syscall(SYS_copy_file_range, file, 0, file, 0, 0, 1), EINVAL, "copy_file_range");
	fails(syscall(SYS_getrandom, buffer, 1, 64), EINVAL, "getrandom");
	fails(syscall(SYS_msync, buffer, PAGE, 128), EINVAL, "msync");
	fails(syscall(SYS_madvise, buffer, PAGE, 12345), EINVAL, "madvise");
	fails(syscall(SYS_rt_sigprocmask, 9, buffer, 0, 8), EINVAL, "rt_sigprocmask");
	fails(syscall(SYS_rt_sigprocmask, 0, buffer, 0, 4), EINVAL, "rt_sigprocmask with another size of set");
	fails(syscall(SYS_rt_sigaction, 65, 0, 0, 8), EINVAL, "rt_sigaction of no signal");
	fails(syscall(SYS_clock_gettime, 12345, buffer), EINVAL, "clock_gettime of no clock");
	fails(syscall(SYS_getrusage, 7, buffer), EINVAL, "getrusage of nobody");
	fails(syscall(SYS_prctl, 0x7654321, 0, 0, 0, 0), EINVAL, "prctl");
	fails(syscall(SYS_flock, file, 64), EINVAL, "flock");
	fails(syscall(SYS_lseek, file, 0, 9), EINVAL, "lseek");
}

/* Not 335: newer kernels of the judge have a trap there. */
static void test_numbers(void)
{
	static const long numbers[] = {400, 423, 600, 1000, 0x40000000 | 1000, -1, LONG_MAX};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		fails(syscall(numbers[i], 0, 0, 0, 0, 0, 0), ENOSYS, "call %ld is none", numbers[i]);
}

static void test_kinds(void)
{
	fails(open("file/x", O_RDONLY), ENOTDIR, "a file as a directory");
	fails(open("none/x", O_RDONLY), ENOENT, "below nothing");
	fails(open(".", O_WRONLY), EISDIR, "a directory as a file");
	fails(mkdir("file", 0700), EEXIST, "over what is there");
	fails(rmdir("file"), ENOTDIR, "rmdir of a file");
	fails(write(directory, "x", 1), EBADF, "write to a directory");
	fails(read(directory, buffer, 1), EISDIR, "read of a directory");
	fails(lseek(pipe_ends[0], 0, SEEK_SET), ESPIPE, "lseek of a pipe");
	fails(fallocate(pipe_ends[1], 0, 0, 1), ESPIPE, "fallocate of a pipe");
	fails(readahead(pipe_ends[0], 0, 1), EINVAL, "readahead of a pipe");
	fails(readahead(pipe_ends[1], 0, 1), EBADF, "of what is not open to be read");
	fails(syscall(SYS_ioctl, file, 0x5401, buffer), ENOTTY, "a terminal's ioctl of a file");
	fails(syscall(SYS_fchdir, file), ENOTDIR, "fchdir to a file");
	fails(syscall(SYS_getdents64, file, buffer, 512), ENOTDIR, "getdents64 of a file");
}

int main(void)
{
	enter_folder();
	make_file("file", "12345678901234567890");
	file = open("file", O_RDWR);
	directory = open(".", O_RDONLY | O_DIRECTORY);
	must(pipe(pipe_ends) == 0 && write(pipe_ends[1], "x", 1) == 1);
	buffer = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(buffer != MAP_FAILED);
	read_only = buffer + PAGE;
	nowhere = buffer + 2 * PAGE;
	must(mprotect(read_only, PAGE, PROT_READ) == 0 && munmap(nowhere, 2 * PAGE) == 0);
	nowhere += 256;
	read_only += 256;
	must(setgroups(1, (gid_t[]){0}) == 0); /* getgroups has something to give */
	test_pointers(pointer_rows, sizeof(pointer_rows) / sizeof(pointer_rows[0]));
	if (can_spawn("exec's pointers"))
		test_pointers(exec_rows, sizeof(exec_rows) / sizeof(exec_rows[0]));
	test_descriptors();
	test_flags();
	test_numbers();
	test_kinds();
	return done();
}
