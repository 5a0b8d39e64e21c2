/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openat2 and its RESOLVE_* rules, the growing structure it is given; and statx: when a file was made, which mount it is of.
 * Sources: openat2(2), statx(2).
 */
#include "posix.h"

#include <stdint.h>
#include <time.h>

struct how {
	uint64_t flags, mode, resolve, more;
};

#define NO_XDEV 1
#define NO_MAGICLINKS 2
#define NO_SYMLINKS 4
#define BENEATH 8
#define IN_ROOT 16
#define CACHED 32

static long call(int dir, const char *path, struct how how, size_t size)
{
	return syscall(SYS_openat2, dir, path, &how, size);
}

/* Opens and closes: 0, or -1 with errno. */
static int opens(int dir, const char *path, uint64_t resolve)
{
	long fd = call(dir, path, (struct how){O_RDONLY, 0, resolve, 0}, 24);

	return fd < 0 ? -1 : close((int)fd);
}

static int opens_how(uint64_t flags, uint64_t mode, uint64_t resolve)
{
	long fd = call(AT_FDCWD, "dir/file", (struct how){flags, mode, resolve, 0}, 24);

	return fd < 0 ? -1 : close((int)fd);
}

static void test_structure(void)
{
	struct how plain = {0}, more = {.more = 1};
	long fd;

	fails(call(AT_FDCWD, "dir/file", plain, 0), EINVAL, "a size of 0");
	fails(call(AT_FDCWD, "dir/file", plain, 23), EINVAL, "less than the first version's");
	fd = call(AT_FDCWD, "dir/file", plain, 24);
	ok(fd >= 0, "the first version's");
	close((int)fd);
	fd = call(AT_FDCWD, "dir/file", plain, 32);
	ok(fd >= 0, "a later one with zeroes");
	close((int)fd);
	fails(call(AT_FDCWD, "dir/file", more, 32), E2BIG, "not with what is not known");
	fails(call(AT_FDCWD, "dir/file", plain, 4097), E2BIG, "nor larger than a page");
	fails(syscall(SYS_openat2, AT_FDCWD, "dir/file", 8, 24), EFAULT, "a structure at no address");
	fails(syscall(SYS_openat2, AT_FDCWD, 8, &plain, 24), EFAULT, "a path at no address");
	fails(opens_how(1ul << 40, 0, 0), EINVAL, "an unknown flag");
	fails(opens_how(0, 0600, 0), EINVAL, "a mode without O_CREAT");
	fails(opens_how(O_CREAT, 010600, 0), EINVAL, "a mode that is none");
	is_int(opens_how(O_CREAT | O_RDWR, 0600, 0), 0, "with O_CREAT");
	fails(opens_how(0, 0, 64), EINVAL, "an unknown rule");
	fails(opens_how(0, 0, BENEATH | IN_ROOT), EINVAL, "two scopes");
	fails(opens_how(O_PATH | O_RDWR, 0, 0), EINVAL, "O_PATH with what it ignores");
	is_int(opens_how(O_PATH | O_CLOEXEC, 0, 0), 0, "O_PATH");
	fails(opens_how(O_CREAT | O_RDWR, 0600, CACHED), EAGAIN, "RESOLVE_CACHED does not make files");
	is_int(opens_how(O_RDONLY, 0, CACHED), 0, "it opens what is in memory");
}

static void test_links(int dir)
{
	is_int(opens(dir, "link", 0), 0, "a symbolic link is followed");
	fails(opens(dir, "link", NO_SYMLINKS), ELOOP, "not with RESOLVE_NO_SYMLINKS");
	fails(opens(dir, "up/file", NO_SYMLINKS), ELOOP, "on the way neither");
	is_int(opens(dir, "file", NO_SYMLINKS), 0, "what is none is opened");
	is_int(opens(dir, "link", NO_MAGICLINKS), 0, "RESOLVE_NO_MAGICLINKS lets it through");
	is_int(opens(AT_FDCWD, "/proc/self/fd/0", 0), 0, "a magic link is followed");
	fails(opens(AT_FDCWD, "/proc/self/cwd", NO_MAGICLINKS), ELOOP, "not with RESOLVE_NO_MAGICLINKS");
	fails(opens(AT_FDCWD, "/proc/self/cwd", NO_SYMLINKS), ELOOP, "nor with RESOLVE_NO_SYMLINKS");
}

static void test_beneath(int dir)
{
	is_int(opens(dir, "file", BENEATH), 0, "RESOLVE_BENEATH: a name below");
	is_int(opens(dir, "sub/../file", BENEATH), 0, "with a .. that stays below");
	fails(opens(dir, "..", BENEATH), EXDEV, "not above");
	fails(opens(dir, "sub/../../dir/file", BENEATH), EXDEV, "not even on the way");
	fails(opens(dir, "/", BENEATH), EXDEV, "nor from the root");
	is_int(opens(dir, "link", BENEATH), 0, "a link that stays below");
	fails(opens(dir, "up/dir/file", BENEATH), EXDEV, "one that does not");
	fails(opens(dir, "absolute", BENEATH), EXDEV, "an absolute one");

	struct how makes = {O_CREAT | O_RDWR, 0600, BENEATH, 0};

	fails(call(dir, "../outside", makes, 24), EXDEV, "nothing is made outside");
	ok(access("outside", F_OK) == -1, "indeed");
	must(close((int)call(dir, "inside", makes, 24)) == 0);
	ok(access("dir/inside", F_OK) == 0, "but inside");
}

static void test_in_root(int dir)
{
	struct stat st;
	long fd = call(dir, "/../..", (struct how){O_PATH, 0, IN_ROOT, 0}, 24);

	must(fd >= 0 && fstat((int)fd, &st) == 0);
	ok(st.st_ino == stat_of("dir").st_ino, "RESOLVE_IN_ROOT: the directory is the root, and above it is itself");
	close((int)fd);
	is_int(opens(dir, "/file", IN_ROOT), 0, "absolute paths begin there");
	is_int(opens(dir, "../../file", IN_ROOT), 0, "none leads out");
	is_int(opens(dir, "inner", IN_ROOT), 0, "an absolute link's target is in there");
	fails(opens(dir, "inner", 0), ENOENT, "which it is not otherwise");
	fails(opens(999, "/file", IN_ROOT), EBADF, "the descriptor matters");
}

static void test_xdev(void)
{
	int root = open("/", O_RDONLY | O_DIRECTORY), proc = open("/proc", O_RDONLY | O_DIRECTORY);

	is_int(opens(root, "proc/self", 0), 0, "into another mount");
	fails(opens(root, "proc/stat", NO_XDEV), EXDEV, "not with RESOLVE_NO_XDEV");
	fails(opens(proc, "..", NO_XDEV), EXDEV, "nor out of one");
	is_int(opens(proc, "stat", NO_XDEV), 0, "inside one");
	is_int(opens(proc, "/", NO_XDEV), 0, "a path may begin at the root");
	close(root);
	close(proc);
}

struct moment {
	int64_t sec;
	uint32_t nsec, pad;
};

/* struct statx of statx(2): this C library has none. */
struct file_status {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct moment atime, btime, ctime, mtime;
	uint32_t devices[4];
	uint64_t mount, spare[13];
};

#define BASIC 0x7ffu
#define BTIME 0x800u
#define MNT_ID 0x1000u
#define MOUNT_ROOT 0x2000u

static struct file_status status_of(const char *path)
{
	struct file_status s;

	must(syscall(SYS_statx, AT_FDCWD, path, 0, BASIC | BTIME | MNT_ID, &s) == 0);
	return s;
}

static long long ns_of(const struct moment *t)
{
	return t->sec * 1000000000ll + t->nsec;
}

static void test_statx(void)
{
	struct file_status a, b, root;
	struct timespec wait = {0, 20000000}, old[2] = {{5, 0}, {6, 0}};

	make_file("born", "");
	nanosleep(&wait, NULL);
	make_file("born", "text");
	a = status_of("born");
	ok(a.mask & BTIME, "STATX_BTIME is known");
	ok(ns_of(&a.btime) + 10000000 < ns_of(&a.mtime), "a file was made before it was changed");
	must(utimensat(AT_FDCWD, "born", old, 0) == 0 && chmod("born", 0600) == 0 && rename("born", "reborn") == 0);
	b = status_of("reborn");
	ok(ns_of(&b.btime) == ns_of(&a.btime), "nothing moves that time");
	unlink("reborn");
	b = status_of("/proc/self/stat");
	ok(!(b.mask & BTIME), "a file of /proc has none");
	ok((a.mask & MNT_ID) && (b.mask & MNT_ID) && a.mount != b.mount, "STATX_MNT_ID tells mounts apart");
	root = status_of("/proc");
	ok((root.attributes_mask & MOUNT_ROOT) && (root.attributes & MOUNT_ROOT), "/proc is the root of a mount");
	ok(!(b.attributes & MOUNT_ROOT), "a file in it is not");
}

int main(void)
{
	int dir;

	enter_folder();
	must(mkdir("dir", 0755) == 0 && mkdir("dir/sub", 0755) == 0);
	make_file("dir/file", "text");
	must(symlink("file", "dir/link") == 0 && symlink("..", "dir/up") == 0 && symlink("/", "dir/absolute") == 0 &&
	     symlink("/sub/../file", "dir/inner") == 0);
	dir = open("dir", O_RDONLY | O_DIRECTORY);
	must(dir >= 0);
	test_structure();
	test_links(dir);
	test_beneath(dir);
	test_in_root(dir);
	test_xdev();
	test_statx();
	close(dir);
	return done();
}
