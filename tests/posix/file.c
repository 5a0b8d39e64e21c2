/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One open file: the flags of open(2) one by one, offsets and holes, vectors, descriptors, locks, copies inside the kernel,
 * what stat(2) says, and which call changes which time.
 */
#include "posix.h"

#include <stdint.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif
#define RWF_APPEND_BIT 0x10
#define PAGE 4096

/* statx(2)'s answer, which this libc does not know yet. */
struct statx_time {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t pad;
};
struct statx_buffer {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint64_t rest[16];
};

static int flags_of(int fd)
{
	return fcntl(fd, F_GETFL);
}

static void test_open_flags(void)
{
	struct stat st;
	char c;
	int fd = open("new", O_RDWR | O_CREAT | O_EXCL, 0640);

	ok(fd >= 0 && fstat(fd, &st) == 0 && st.st_mode == (S_IFREG | 0640), "O_CREAT|O_EXCL makes it, with this mode");
	is_int(flags_of(fd) & ~0100000, O_RDWR, "F_GETFL shows neither O_CREAT nor O_EXCL");
	must(symlink("nowhere", "dangling") == 0 && symlink("new", "link") == 0);
	fails(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST, "O_EXCL does not follow a dangling link");
	fails(open("link", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW of a symbolic link");
	close(open("dangling", O_CREAT | O_WRONLY, 0600));
	ok(stat_of("nowhere").st_ino, "O_CREAT through a dangling link makes its target");
	must(write(fd, "12345", 5) == 5);
	close(open("new", O_RDONLY | O_CREAT, 0));
	is_int(stat_of("new").st_size, 5, "O_CREAT of what is there changes nothing");
	close(open("new", O_WRONLY | O_TRUNC));
	is_int(stat_of("new").st_size, 0, "O_TRUNC");
	close(fd);
	fd = open("ro", O_RDWR | O_CREAT, 0);
	ok(fd >= 0 && write(fd, "x", 1) == 1, "a mode without rights does not bind the descriptor that makes the file");
	fails(open("ro/", O_RDONLY), ENOTDIR, "a slash behind a file");
	fails(open("fresh/", O_CREAT | O_WRONLY, 0600), EISDIR, "O_CREAT of a name with a slash");
	fails(open(".", O_RDWR), EISDIR, "a directory opens for reading only");
	close(fd);

	fd = open("new", O_WRONLY | O_APPEND);
	must(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "de", 2) == 2);
	is_int(lseek(fd, 0, SEEK_CUR), 5, "O_APPEND moves the offset behind what it wrote");
	must(fcntl(fd, F_SETFL, 0) == 0 && pwrite(fd, "A", 1, 0) == 1);
	is_str(text_of("new"), "Abcde", "F_SETFL takes O_APPEND away");
	must(fcntl(fd, F_SETFL, O_APPEND) == 0 && pwrite(fd, "f", 1, 0) == 1);
	is_str(text_of("new"), "Abcdef", "on Linux pwrite appends under O_APPEND (pwrite(2), BUGS)");
	is_int(fcntl(fd, F_SETFL, O_RDWR | O_TRUNC | O_NONBLOCK), 0, "F_SETFL with an access mode");
	is_int(flags_of(fd) & (O_ACCMODE | O_TRUNC | O_NONBLOCK), O_WRONLY | O_NONBLOCK, "changes status flags only");
	fails(read(fd, &c, 1), EBADF, "and the file still cannot be read");
	close(fd);

	fd = open("new", O_RDONLY | O_CLOEXEC);
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "O_CLOEXEC");
	is_int(flags_of(fd) & O_CLOEXEC, 0, "is no status flag");
	close(fd);
	fd = open(".", O_RDONLY | O_DIRECTORY);
	ok(fd >= 0, "O_DIRECTORY of a directory");
	fails(read(fd, &c, 1), EISDIR, "which read(2) does not read");
	close(fd);
}

static void test_path_only(void)
{
	struct stat st;
	char c, name[64];
	int fd = open("new", O_PATH), again, link_fd;

	ok(fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == stat_of("new").st_ino, "O_PATH names the file for fstat");
	fails(read(fd, &c, 1), EBADF, "O_PATH: read");
	fails(write(fd, &c, 1), EBADF, "O_PATH: write");
	fails(lseek(fd, 0, SEEK_SET), EBADF, "O_PATH: lseek");
	fails(syscall(SYS_fchmod, fd, 0600), EBADF, "O_PATH: fchmod");
	fails(ioctl(fd, FIONREAD, &again), EBADF, "O_PATH: ioctl");
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0, EBADF, "O_PATH: mmap");
	fails(flock(fd, LOCK_SH), EBADF, "O_PATH: flock");
	is_int(flags_of(fd) & O_PATH, O_PATH, "F_GETFL says O_PATH");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = open(name, O_RDONLY);
	ok(again >= 0 && read(again, &c, 1) == 1, "opened again through /proc/self/fd it reads");
	close(again);
	link_fd = open("link", O_PATH | O_NOFOLLOW);
	ok(link_fd >= 0 && fstat(link_fd, &st) == 0 && S_ISLNK(st.st_mode), "O_PATH|O_NOFOLLOW opens the link itself");
	is_int(readlinkat(link_fd, "", name, sizeof(name)), 3, "which readlinkat with an empty path reads");
	close(link_fd);
	close(fd);
}

static void test_tmpfile(void)
{
	struct stat st;
	char name[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	ok(fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0 && S_ISREG(st.st_mode), "O_TMPFILE: a file without a name");
	is_int(write(fd, "hidden", 6), 6, "that is written");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	is_int(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0, "linkat through /proc names it");
	is_str(text_of("named"), "hidden", "with its content");
	is_int(stat_of("named").st_nlink, 1, "and one link");
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	fails(linkat(AT_FDCWD, name, AT_FDCWD, "never", AT_SYMLINK_FOLLOW), ENOENT, "with O_EXCL it never gets one");
	close(fd);
	fails(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL, "O_TMPFILE for reading only");
	fails(open("new", O_TMPFILE | O_RDWR, 0600), ENOTDIR, "O_TMPFILE in what is no directory");
}

static void test_offsets(void)
{
	int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct stat st;
	char c = 1;

	must(pwrite(fd, "data", 4, 4 * PAGE) == 4);
	is_int(lseek(fd, 0, SEEK_CUR), 0, "pwrite leaves the offset");
	is_int(lseek(fd, 0, SEEK_DATA), 4 * PAGE, "SEEK_DATA goes over the hole");
	is_int(lseek(fd, 4 * PAGE, SEEK_HOLE), 4 * PAGE + 4, "SEEK_HOLE finds the end");
	is_int(lseek(fd, PAGE + 1, SEEK_HOLE), PAGE + 1, "or stays inside a hole");
	fails(lseek(fd, 4 * PAGE + 4, SEEK_DATA), ENXIO, "SEEK_DATA at the end");
	fails(lseek(fd, 9 * PAGE, SEEK_HOLE), ENXIO, "SEEK_HOLE behind the end");
	ok(pread(fd, &c, 1, PAGE) == 1 && c == 0, "a hole reads as zeros");
	must(fstat(fd, &st) == 0);
	ok(st.st_blocks > 0 && st.st_blocks < st.st_size / 512, "st_blocks counts data, not holes");
	is_int(pread(fd, &c, 1, 1 << 20), 0, "a read behind the end is 0");
	fails(pread(fd, &c, 1, -1), EINVAL, "pread before the start");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "lseek before the start");
	fails(lseek(fd, -(5 * PAGE), SEEK_END), EINVAL, "by SEEK_END too");
	fails(lseek(fd, 0, 77), EINVAL, "lseek with a wrong whence");
	is_int(ftruncate(fd, 4 * PAGE + 2), 0, "ftruncate cuts");
	is_int(ftruncate(fd, 4 * PAGE + 8), 0, "and lengthens");
	ok(pread(fd, &c, 1, 4 * PAGE + 2) == 1 && c == 0, "what was cut off reads as zero");
	fails(ftruncate(fd, -1), EINVAL, "a negative length");
	fails(truncate(".", 0), EISDIR, "truncate of a directory");
	close(fd);
	fd = open("holes", O_RDONLY);
	fails(ftruncate(fd, 0), EINVAL, "ftruncate of a file that is open for reading");
	close(fd);
}

static void test_fallocate(void)
{
	int fd = open("alloc", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char c;

	is_int(fallocate(fd, 0, 0, 3 * PAGE), 0, "fallocate");
	is_int(stat_of("alloc").st_size, 3 * PAGE, "lengthens");
	ok(stat_of("alloc").st_blocks >= 24, "and allocates");
	is_int(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE), 0, "FALLOC_FL_KEEP_SIZE");
	is_int(stat_of("alloc").st_size, 3 * PAGE, "leaves the length");
	ok(stat_of("alloc").st_blocks >= 32, "and allocates behind it");
	must(pwrite(fd, "w", 1, 0) == 1 && pwrite(fd, "x", 1, PAGE) == 1 && pwrite(fd, "yz", 2, 2 * PAGE - 1) == 2);
	is_int(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE), 0, "FALLOC_FL_PUNCH_HOLE");
	ok(pread(fd, &c, 1, PAGE) == 1 && c == 0, "leaves zeros");
	ok(pread(fd, &c, 1, 2 * PAGE) == 1 && c == 'z', "and what is behind");
	is_int(lseek(fd, 0, SEEK_HOLE), PAGE, "a hole for SEEK_HOLE");
	is_int(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, 10), 0, "a hole of a few bytes");
	ok(pread(fd, &c, 1, 2 * PAGE) == 1 && c == 0, "is zeros too");
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE), EOPNOTSUPP, "a hole must keep the size");
	fails(fallocate(fd, 0, 0, 0), EINVAL, "fallocate of nothing");
	fails(fallocate(fd, 0, -1, 1), EINVAL, "before the start");
	close(fd);
	fd = open("alloc", O_RDONLY);
	fails(fallocate(fd, 0, 0, 1), EBADF, "of a file open for reading");
	close(fd);
}

static void test_vectors(void)
{
	char a[4] = "", b[8] = "";
	struct iovec out[3] = {{"one", 3}, {"", 0}, {"two", 3}}, in[2] = {{a, 2}, {b, 8}};
	struct iovec bad = {a, (size_t)-1};
	int fd = open("vector", O_RDWR | O_CREAT | O_TRUNC, 0644), i;
	struct iovec many[1025];

	for (i = 0; i < 1025; i++)
		many[i] = (struct iovec){a, 0};
	is_int(writev(fd, out, 3), 6, "writev with an empty part");
	is_int(pwritev(fd, out, 1, 6), 3, "pwritev");
	is_int(preadv(fd, in, 2, 1), 8, "preadv");
	ok(!memcmp(a, "ne", 2) && !memcmp(b, "twoone", 6), "scatters in order");
	is_int(lseek(fd, 0, SEEK_CUR), 6, "neither moves the offset");
	is_int(syscall(SYS_pwritev2, fd, out, 1, -1L, 0L, 0), 3, "pwritev2 at -1 uses the offset");
	is_int(lseek(fd, 0, SEEK_CUR), 9, "and moves it");
	is_int(syscall(SYS_pwritev2, fd, out + 2, 1, 0L, 0L, RWF_APPEND_BIT), 3, "pwritev2 RWF_APPEND");
	is_str(text_of("vector"), "onetwoonetwo", "appends");
	is_int(syscall(SYS_preadv2, fd, in, 1, 9L, 0L, 0), 2, "preadv2");
	fails(syscall(SYS_preadv2, fd, in, 1, 0L, 0L, 0x40000000), EOPNOTSUPP, "preadv2 with an unknown flag");
	fails(syscall(SYS_preadv2, fd, in, 1, -2L, 0L, 0), EINVAL, "preadv2 before the start");
	fails(writev(fd, &bad, 1), EINVAL, "a length beyond SSIZE_MAX");
	fails(syscall(SYS_readv, fd, in, -1), EINVAL, "a negative count");
	fails(readv(fd, many, 1025), EINVAL, "more than IOV_MAX parts");
	is_int(readv(fd, many, 1024), 0, "IOV_MAX parts");
	is_int(readv(fd, in, 0), 0, "no part at all");
	close(fd);
}

static void test_descriptors(void)
{
	int fd = open("new", O_RDWR | O_CLOEXEC), other = open("new", O_RDONLY), d;

	d = dup(fd);
	is_int(fcntl(d, F_GETFD), 0, "dup drops close-on-exec");
	must(lseek(fd, 3, SEEK_SET) == 3);
	is_int(lseek(d, 0, SEEK_CUR), 3, "shares the offset");
	is_int(lseek(other, 0, SEEK_CUR), 0, "which a second open does not");
	must(fcntl(d, F_SETFL, O_APPEND) == 0);
	ok(flags_of(fd) & O_APPEND, "and the status flags");
	close(d);
	is_int(fcntl(fd, F_DUPFD, 50), 50, "F_DUPFD takes the lowest from there");
	is_int(fcntl(fd, F_DUPFD_CLOEXEC, 50), 51, "F_DUPFD_CLOEXEC the next");
	is_int(fcntl(51, F_GETFD), FD_CLOEXEC, "with close-on-exec");
	is_int(dup2(other, 50), 50, "dup2 replaces");
	fails(write(50, "x", 1), EBADF, "by the other file");
	is_int(dup2(50, 50), 50, "dup2 onto itself");
	fails(dup2(99, 50), EBADF, "dup2 of nothing");
	is_int(lseek(50, 0, SEEK_CUR), 0, "leaves the target alone");
	fails(syscall(SYS_dup3, 50, 50, 0), EINVAL, "dup3 onto itself");
	fails(syscall(SYS_dup3, 50, 52, O_APPEND), EINVAL, "dup3 with a wrong flag");
	is_int(dup3(50, 52, O_CLOEXEC) == 52 ? fcntl(52, F_GETFD) : -1, FD_CLOEXEC, "dup3 with O_CLOEXEC");
	is_int(fcntl(52, F_SETFD, 0) == 0 ? fcntl(52, F_GETFD) : -1, 0, "F_SETFD clears it");
	fails(fcntl(fd, F_DUPFD, -1), EINVAL, "F_DUPFD below 0");
	fails(fcntl(fd, F_DUPFD, 1 << 30), EINVAL, "F_DUPFD above the limit");
	fails(fcntl(fd, 9999), EINVAL, "an unknown command");
	is_int(syscall(SYS_close_range, 50, 52, 4), 0, "close_range with CLOSE_RANGE_CLOEXEC");
	is_int(fcntl(50, F_GETFD), FD_CLOEXEC, "marks");
	is_int(syscall(SYS_close_range, 50, 60, 0), 0, "close_range");
	fails(fcntl(51, F_GETFD), EBADF, "closes");
	close(fd);
	close(other);
}

static struct flock range(short type, off_t start, off_t len)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
}

static void test_locks(void)
{
	int fd = open("lock", O_RDWR | O_CREAT, 0644), other = open("lock", O_RDWR), reader = open("lock", O_RDONLY);
	struct flock l = range(F_WRLCK, 0, 10);

	is_int(fcntl(fd, F_SETLK, &l), 0, "F_SETLK");
	is_int(fcntl(other, F_SETLK, &l), 0, "a process does not stand in its own way");
	is_int(fcntl(fd, F_GETLK, &l) == 0 ? l.l_type : -1, F_UNLCK, "nor does F_GETLK see its own");
	l = range(F_WRLCK, 0, 1);
	fails(fcntl(reader, F_SETLK, &l), EBADF, "a write lock on a file open for reading");
	l = range(9, 0, 1);
	fails(fcntl(fd, F_SETLK, &l), EINVAL, "an unknown lock type");
	l = range(F_RDLCK, 0, -1);
	fails(fcntl(fd, F_SETLK, &l), EINVAL, "a range that begins before the file");

	l = range(F_WRLCK, 100, 10);
	is_int(fcntl(fd, F_OFD_SETLK, &l), 0, "F_OFD_SETLK");
	l = range(F_WRLCK, 105, 1);
	fails(fcntl(other, F_OFD_SETLK, &l), EAGAIN, "belongs to the open file: another one is refused");
	fails(fcntl(other, F_SETLK, &l), EAGAIN, "and so are record locks");
	l = range(F_RDLCK, 0, 0);
	is_int(fcntl(other, F_OFD_GETLK, &l) == 0 ? l.l_pid : 0, getpid(), "F_OFD_GETLK sees the process's record lock first");
	l = range(F_RDLCK, 50, 0);
	ok(fcntl(other, F_OFD_GETLK, &l) == 0 && l.l_type == F_WRLCK && l.l_start == 100 && l.l_len == 10 && l.l_pid == -1,
	   "and an open file's with pid -1");
	l.l_pid = 1;
	fails(fcntl(other, F_OFD_SETLK, &l), EINVAL, "l_pid must be 0");
	l = range(F_UNLCK, 103, 2);
	is_int(fcntl(fd, F_OFD_SETLK, &l), 0, "F_UNLCK in the middle");
	l = range(F_WRLCK, 103, 2);
	is_int(fcntl(other, F_OFD_SETLK, &l), 0, "makes room there");
	close(reader);
	l = range(F_WRLCK, 0, 10);
	is_int(fcntl(other, F_OFD_SETLK, &l), 0, "closing any descriptor drops the process's record locks");
	close(fd);
	l = range(F_WRLCK, 100, 3);
	is_int(fcntl(other, F_OFD_SETLK, &l), 0, "an open file's go with its last descriptor");

	fd = open("lock", O_RDONLY);
	is_int(flock(fd, LOCK_EX | LOCK_NB), 0, "flock needs no write access");
	fails(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK, "and excludes another open file");
	is_int(flock(fd, LOCK_SH | LOCK_NB), 0, "until it becomes a shared one");
	is_int(flock(other, LOCK_SH | LOCK_NB), 0, "that both may have");
	fails(flock(fd, LOCK_SH | LOCK_EX), EINVAL, "flock of both kinds");
	is_int(flock(fd, LOCK_UN), 0, "LOCK_UN");
	close(fd);
	close(other);
}

/* A second process sees the record lock, and cannot take it: mode "locker". */
static int locker(void)
{
	int fd = open("lock2", O_RDWR);
	struct flock l = range(F_WRLCK, 5, 1);

	if (fd < 0 || fcntl(fd, F_SETLK, &l) != -1 || errno != EAGAIN)
		return 1;
	if (fcntl(fd, F_GETLK, &l) || l.l_pid != getppid() || l.l_start != 0 || l.l_len != 10 || l.l_type != F_RDLCK)
		return 2;
	l = range(F_RDLCK, 5, 1);
	if (fcntl(fd, F_SETLK, &l))
		return 3;
	return 0;
}

static void test_locks_between(void)
{
	const char *name = "a record lock between two processes: refused, described, shared";
	int fd = open("lock2", O_RDWR | O_CREAT, 0644);
	struct flock l = range(F_RDLCK, 0, 10);

	if (!can_spawn(name))
		return;
	must(fcntl(fd, F_SETLK, &l) == 0);
	is_int(run_self("locker", posix_folder), 0, "%s", name);
	close(fd);
}

static void test_copies(void)
{
	int in, out = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644), append = open("copy", O_WRONLY | O_APPEND);
	off_t from = 2, to = 4;

	make_file("source", "0123456789");
	in = open("source", O_RDWR);
	is_int(sendfile(out, in, &from, 4), 4, "sendfile from an offset");
	is_int(from, 6, "which it advances");
	is_int(lseek(in, 0, SEEK_CUR), 0, "leaving the file's own");
	is_int(sendfile(out, in, NULL, 100), 10, "sendfile to the end");
	is_int(lseek(in, 0, SEEK_CUR), 10, "advances the file's own");
	is_int(sendfile(out, in, NULL, 1), 0, "and then there is nothing left");
	is_str(text_of("copy"), "23450123456789", "the copy");
	fails(sendfile(append, in, NULL, 1), EINVAL, "sendfile to an O_APPEND file");
	from = 0;
	is_int(copy_file_range(in, &from, out, &to, 3, 0), 3, "copy_file_range");
	ok(from == 3 && to == 7, "advances both offsets");
	is_str(text_of("copy"), "23450123456789", "the same bytes again");
	from = 0, to = 2;
	fails(copy_file_range(in, &from, in, &to, 5, 0), EINVAL, "overlapping ranges of one file");
	fails(copy_file_range(in, &from, out, &to, 5, 1), EINVAL, "copy_file_range with a flag");
	fails(copy_file_range(in, NULL, append, NULL, 1, 0), EBADF, "to an O_APPEND file");
	is_int(fsync(out), 0, "fsync");
	is_int(fdatasync(out), 0, "fdatasync");
	is_int(sync_file_range(out, 0, 4, SYNC_FILE_RANGE_WRITE), 0, "sync_file_range");
	fails(sync_file_range(out, 0, 4, 64), EINVAL, "with an unknown flag");
	fails(sync_file_range(out, -1, 4, 0), EINVAL, "before the start");
	is_int(readahead(in, 0, 4), 0, "readahead");
	fails(readahead(append, 0, 4), EBADF, "of a file that cannot be read");
	is_int(posix_fadvise(in, 0, 0, POSIX_FADV_WILLNEED), 0, "posix_fadvise");
	is_int(posix_fadvise(in, 0, 0, 99), EINVAL, "with unknown advice");
	close(in);
	close(out);
	close(append);
}

static void test_statx(void)
{
	struct stat st = stat_of("source");
	struct statx_buffer x;

	is_int(syscall(SYS_statx, AT_FDCWD, "source", 0, 0x7ffu, &x), 0, "statx");
	ok((x.stx_mask & 0x7ff) == 0x7ff, "gives all basic fields");
	ok(x.stx_ino == st.st_ino && x.stx_size == 10 && x.stx_mode == (S_IFREG | 0644) && x.stx_nlink == 1 &&
		   x.stx_uid == st.st_uid && x.stx_mtime.tv_nsec == st.st_mtim.tv_nsec,
	   "as stat(2) does");
	fails(syscall(SYS_statx, AT_FDCWD, "source", 0, 0x80000000u, &x), EINVAL, "statx with a reserved mask");
	fails(syscall(SYS_statx, AT_FDCWD, "source", 0x6000, 0, &x), EINVAL, "statx with both sync types");
	is_int(major(makedev(7, 300)), 7, "device numbers");
	must(link("source", "source2") == 0);
	is_int(stat_of("source").st_nlink, 2, "a hard link counts");
	must(unlink("source2") == 0);
	is_int(stat_of("source").st_nlink, 1, "until it is gone");
}

static long long nanoseconds(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The three times put into the past, so that whatever is set anew shows. */
static void age(const char *name)
{
	struct timespec past[2] = {{1000, 5}, {2000, 7}};

	must(utimensat(AT_FDCWD, name, past, 0) == 0);
	usleep(20000); /* a clock tick of the judge's: its ctime is that coarse */
}

static int changed(const char *name, struct stat old)
{
	struct stat st = stat_of(name);

	return (nanoseconds(st.st_atim) != nanoseconds(old.st_atim)) |
	       (nanoseconds(st.st_mtim) != nanoseconds(old.st_mtim)) << 1 |
	       (nanoseconds(st.st_ctim) != nanoseconds(old.st_ctim)) << 2;
}

enum { ATIME = 1, MTIME = 2, CTIME = 4 };

#define changes(call, which, ...)                                                                  \
	({                                                                                         \
		age("times");                                                                      \
		struct stat changes_old = stat_of("times");                                        \
		must((call) >= 0);                                                                 \
		is_int(changed("times", changes_old), (which), __VA_ARGS__);                       \
	})

static void test_times(void)
{
	struct timespec t[2] = {{50, 60}, {70, 80}}, omit[2] = {{0, UTIME_OMIT}, {9, 9}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
	struct timespec bad[2] = {{0, 1000000000}, {0, 0}};
	struct stat st;
	int fd;
	char c;

	make_file("times", "text");
	fd = open("times", O_RDWR);
	must(utimensat(AT_FDCWD, "times", t, 0) == 0);
	st = stat_of("times");
	ok(nanoseconds(st.st_atim) == 50000000060 && nanoseconds(st.st_mtim) == 70000000080, "utimensat to the nanosecond");
	changes(pread(fd, &c, 1, 0), ATIME, "read: atime");
	changes(pwrite(fd, "T", 1, 0), MTIME | CTIME, "write: mtime, ctime");
	changes(pwrite(fd, "T", 0, 0), 0, "a write of nothing: none");
	changes(ftruncate(fd, 3), MTIME | CTIME, "ftruncate: mtime, ctime");
	changes(chmod("times", 0600), CTIME, "chmod: ctime");
	changes(chown("times", -1, -1), CTIME, "chown of nothing: ctime");
	changes(link("times", "times2"), CTIME, "link: ctime");
	changes(unlink("times2"), CTIME, "unlink of the other name: ctime");
	changes(rename("times", "times3") | rename("times3", "times"), CTIME, "rename: ctime");
	changes(utimensat(AT_FDCWD, "times", omit, 0), MTIME | CTIME, "UTIME_OMIT leaves atime");
	changes(futimens(fd, now), ATIME | CTIME, "UTIME_NOW, by the descriptor");
	fails(utimensat(AT_FDCWD, "times", bad, 0), EINVAL, "a billion nanoseconds");
	must(symlink("times", "timelink") == 0 && utimensat(AT_FDCWD, "timelink", t, AT_SYMLINK_NOFOLLOW) == 0);
	is_int(stat_of("timelink").st_mtime, 70, "AT_SYMLINK_NOFOLLOW sets the link's own");
	fails(utimensat(AT_FDCWD, "times", t, 0x4000000), EINVAL, "utimensat with an unknown flag");
	close(fd);
	fd = open("times", O_RDONLY | O_NOATIME);
	changes(pread(fd, &c, 1, 0), 0, "O_NOATIME");
	close(fd);
	must(mkdir("timedir", 0755) == 0 && rename("times", "timedir/f") == 0);
	st = stat_of("timedir");
	usleep(20000);
	make_file("timedir/g", "");
	is_int(changed("timedir", st), MTIME | CTIME, "a new name: the directory's mtime, ctime");
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "locker"))
		return chdir(argv[2]) ? 9 : locker();
	enter_folder();
	test_open_flags();
	test_path_only();
	test_tmpfile();
	test_offsets();
	test_fallocate();
	test_vectors();
	test_descriptors();
	test_locks();
	test_locks_between();
	test_copies();
	test_statx();
	test_times();
	return done();
}
