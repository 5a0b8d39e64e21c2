/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: directories and reading them, hard and symbolic links, rename(2) and renameat2(2), unlinking what is open, the *at
 * calls with their flags, resolution of paths, the working directory, umask.
 */
#include "posix.h"

#include <dirent.h>
#include <limits.h>
#include <sys/sysmacros.h>

#define NOREPLACE 1u
#define EXCHANGE 2u

static int renameat2_(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void test_mkdir(void)
{
	struct stat st;

	is_int(mkdir("d", 0751), 0, "mkdir");
	st = stat_of("d");
	ok(S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0751, "makes a directory of this mode");
	is_int(st.st_nlink, 2, "with two links");
	must(mkdir("d/sub", 0700) == 0);
	is_int(stat_of("d").st_nlink, 3, "and one more for each subdirectory's ..");
	is_int(stat_of("d/sub/..").st_ino, st.st_ino, "which leads back");
	is_int(stat_of("d/./sub/.").st_ino, stat_of("d/sub").st_ino, ". is the directory itself");
	is_int(mkdir("slash/", 0700), 0, "mkdir with a slash behind");
	fails(mkdir("d", 0700), EEXIST, "mkdir of what is there");
	fails(mkdir(".", 0700), EEXIST, "mkdir of .");
	fails(mkdir("none/x", 0700), ENOENT, "mkdir below nothing");
	fails(mkdir("", 0700), ENOENT, "mkdir of an empty path");
	fails(rmdir("d"), ENOTEMPTY, "rmdir of a full one");
	fails(rmdir("d/sub/."), EINVAL, "rmdir of x/.");
	fails(rmdir("d/sub/.."), ENOTEMPTY, "rmdir of x/..");
	fails(rmdir("/"), EBUSY, "rmdir of the root");
	fails(unlink("d"), EISDIR, "unlink of a directory");
	fails(unlinkat(AT_FDCWD, "d/sub", 0), EISDIR, "unlinkat without AT_REMOVEDIR");
	is_int(unlinkat(AT_FDCWD, "d/sub", AT_REMOVEDIR), 0, "unlinkat with AT_REMOVEDIR");
	is_int(stat_of("d").st_nlink, 2, "takes the link away again");
	make_file("file", "x");
	fails(rmdir("file"), ENOTDIR, "rmdir of a file");
	fails(mkdir("file/x", 0700), ENOTDIR, "mkdir below a file");
	fails(unlink("file/"), ENOTDIR, "unlink of a file with a slash");
	is_int(mkdir("sticky", 01777) == 0 ? stat_of("sticky").st_mode & 07777 : 0, 01777, "mkdir keeps the sticky bit");
}

/* How many names, dots included, and does each appear once? */
static int names_in(const char *path, const char *wanted)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int count = 0, seen = 0;

	while (dir && (e = readdir(dir))) {
		count++;
		seen += !strcmp(e->d_name, wanted);
	}
	if (dir)
		closedir(dir);
	return seen == 1 ? count : -1;
}

static void test_reading(void)
{
	char name[NAME_MAX + 8], buffer[64];
	int fd, i, left = 0;
	struct dirent *e;
	long where;
	DIR *dir;

	must(mkdir("many", 0700) == 0);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "many/name-%d", i);
		make_file(name, "");
	}
	is_int(names_in("many", "name-299"), 302, "readdir sees each of 300 names, . and ..");
	dir = opendir("many");
	for (i = 0; i < 10; i++)
		must(readdir(dir));
	where = telldir(dir);
	e = readdir(dir);
	must(e);
	snprintf(name, sizeof(name), "%s", e->d_name);
	for (i = 0; i < 50; i++)
		must(readdir(dir));
	seekdir(dir, where);
	e = readdir(dir);
	is_str(e ? e->d_name : NULL, name, "seekdir goes back to where telldir was");
	rewinddir(dir);
	make_file("many/late", "");
	for (i = 0; (e = readdir(dir)); i++)
		left += !strcmp(e->d_name, "late");
	is_int(left, 1, "rewinddir sees a name that came later");
	rewinddir(dir);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' && unlinkat(dirfd(dir), e->d_name, 0))
			break;
	ok(!e && names_in("many", ".") == 2, "names may be removed while one reads");
	closedir(dir);
	fd = open("many", O_RDONLY);
	fails(syscall(SYS_getdents64, fd, buffer, 8), EINVAL, "getdents64 into too small a buffer");
	fails(syscall(SYS_getdents64, 99, buffer, 64), EBADF, "getdents64 of no descriptor");
	ok(syscall(SYS_getdents64, fd, buffer, 64) > 0, "getdents64 of an empty one: the dots");
	must(rmdir("many") == 0);
	lseek(fd, 0, SEEK_SET);
	fails(syscall(SYS_getdents64, fd, buffer, 64), ENOENT, "getdents64 of a removed one");
	fails(openat(fd, "x", O_CREAT | O_WRONLY, 0600), ENOENT, "where nothing can be made any more");
	close(fd);
	fd = open("file", O_RDONLY);
	fails(syscall(SYS_getdents64, fd, buffer, 64), ENOTDIR, "getdents64 of a file");
	close(fd);
	must(symlink("x", "d/l") == 0 && mkfifo("d/p", 0600) == 0 && mkdir("d/d", 0700) == 0);
	make_file("d/f", "");
	dir = opendir("d");
	for (left = 0; (e = readdir(dir));)
		left += (e->d_name[0] == 'l' && e->d_type == DT_LNK) + (e->d_name[0] == 'p' && e->d_type == DT_FIFO) +
			(e->d_name[0] == 'd' && e->d_type == DT_DIR) + (e->d_name[0] == 'f' && e->d_type == DT_REG);
	is_int(left, 4, "d_type says link, FIFO, directory, file");
	closedir(dir);
}

static void test_links(void)
{
	char target[16], name[128];

	memset(target, '#', sizeof(target));
	is_int(link("file", "hard"), 0, "link");
	is_int(stat_of("hard").st_ino, stat_of("file").st_ino, "is the same file");
	fails(link("file", "hard"), EEXIST, "link over what is there");
	fails(link("d", "hard2"), EPERM, "link to a directory");
	fails(link("none", "hard2"), ENOENT, "link to nothing");
	is_int(symlink("file", "soft"), 0, "symlink");
	is_int(readlink("soft", target, sizeof(target)), 4, "readlink");
	ok(!memcmp(target, "file#", 5), "writes no NUL");
	is_int(readlink("soft", target, 2), 2, "cuts");
	fails(readlink("file", target, 4), EINVAL, "readlink of a file");
	fails(syscall(SYS_readlink, "soft", target, 0), EINVAL, "readlink into nothing");
	is_int(stat_of("soft").st_size, 4, "lstat: the target's length");
	is_int(link("soft", "soft2") == 0 && S_ISLNK(stat_of("soft2").st_mode), 1, "link does not follow");
	is_int(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard3", AT_SYMLINK_FOLLOW), 0, "linkat with AT_SYMLINK_FOLLOW does");
	is_int(stat_of("file").st_nlink, 3, "three names now");
	fails(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard4", AT_SYMLINK_NOFOLLOW), EINVAL, "linkat with a wrong flag");
	is_int(unlink("soft"), 0, "unlink removes the link");
	is_str(text_of("file"), "x", "not its target");
	fails(symlink("", "empty"), ENOENT, "symlink to nothing");
	fails(symlink("x", "file"), EEXIST, "symlink over a file");
	must(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
	fails(open("loop1", O_RDONLY), ELOOP, "a circle of links");
	fails(stat_of("loop1/x").st_ino ? 0 : open("loop1/x", O_RDONLY), ELOOP, "in the middle of a path too");
	must(symlink("file", "chain0") == 0);
	for (int i = 1; i < 41; i++) {
		char from[16], to[16];

		snprintf(from, sizeof(from), "chain%d", i - 1);
		snprintf(to, sizeof(to), "chain%d", i);
		must(symlink(from, to) == 0);
	}
	is_str(text_of("chain39"), "x", "40 links in a row are followed");
	fails(open("chain40", O_RDONLY), ELOOP, "41 are not");
	must(symlink("d", "dlink") == 0);
	ok(S_ISLNK(stat_of("dlink").st_mode) && S_ISDIR(stat_of("dlink/").st_mode), "a slash behind a link follows it");
	fails(rmdir("dlink"), ENOTDIR, "rmdir of a link");
	snprintf(name, sizeof(name), "%s/file", posix_folder);
	must(symlink(name, "absolute") == 0);
	is_str(text_of("absolute"), "x", "an absolute target");
}

static void test_rename(void)
{
	make_file("a", "a");
	make_file("b", "b");
	is_int(rename("a", "b"), 0, "rename over a file");
	is_str(text_of("b"), "a", "replaces it");
	ok(!stat_of("a").st_ino, "and the old name is gone");
	is_int(rename("b", "b"), 0, "rename to itself");
	must(link("b", "b2") == 0);
	is_int(rename("b", "b2"), 0, "rename between two names of one file");
	ok(stat_of("b").st_ino && stat_of("b2").st_ino, "leaves both");
	fails(rename("b/", "c"), ENOTDIR, "rename of a file with a slash");
	fails(rename("d", "d/inside"), EINVAL, "a directory into itself");
	fails(rename("d/d", "b"), ENOTDIR, "a directory over a file");
	fails(rename("b", "d/d"), EISDIR, "a file over a directory");
	fails(rename("d/d", "d"), ENOTEMPTY, "a directory over its own parent");
	fails(rename(".", "x"), EBUSY, "rename of .");
	fails(rename("none", "x"), ENOENT, "rename of nothing");
	must(mkdir("p", 0700) == 0 && mkdir("q", 0700) == 0 && mkdir("p/moved", 0700) == 0);
	is_int(rename("p/moved", "q/moved"), 0, "a directory into another");
	ok(stat_of("p").st_nlink == 2 && stat_of("q").st_nlink == 3, "the links of both parents follow");
	is_int(stat_of("q/moved/..").st_ino, stat_of("q").st_ino, "and its ..");
	must(symlink("b", "sl") == 0 && rename("sl", "sl2") == 0);
	ok(S_ISLNK(stat_of("sl2").st_mode), "a link itself is renamed");

	make_file("a", "a");
	fails(renameat2_("a", "b", NOREPLACE), EEXIST, "RENAME_NOREPLACE over a file");
	is_int(renameat2_("a", "a2", NOREPLACE), 0, "RENAME_NOREPLACE to a free name");
	is_int(renameat2_("a2", "q", EXCHANGE), 0, "RENAME_EXCHANGE of a file and a directory");
	ok(S_ISDIR(stat_of("a2").st_mode) && S_ISREG(stat_of("q").st_mode), "exchanges them");
	fails(renameat2_("a2", "none", EXCHANGE), ENOENT, "RENAME_EXCHANGE with nothing");
	fails(renameat2_("a2", "a2/moved", EXCHANGE), EINVAL, "RENAME_EXCHANGE with its own child");
	fails(renameat2_("a2", "q", EXCHANGE | NOREPLACE), EINVAL, "both flags");
	fails(renameat2_("a2", "q", 64), EINVAL, "an unknown flag");
}

static void test_open_and_gone(void)
{
	struct stat st;
	int fd;
	char c;

	make_file("gone", "still");
	fd = open("gone", O_RDWR);
	is_int(unlink("gone"), 0, "unlink of an open file");
	ok(fstat(fd, &st) == 0 && st.st_nlink == 0 && st.st_size == 5, "it lives on without a name");
	ok(pwrite(fd, "S", 1, 0) == 1 && pread(fd, &c, 1, 0) == 1 && c == 'S', "readable and writable");
	make_file("gone", "new");
	is_str(text_of("gone"), "new", "a new file of that name is another");
	close(fd);
	fd = open("gone", O_RDONLY);
	make_file("over", "over");
	must(rename("over", "gone") == 0);
	ok(fstat(fd, &st) == 0 && st.st_nlink == 0 && pread(fd, &c, 1, 0) == 1 && c == 'n', "as is one renamed over");
	close(fd);
}

static void test_at(void)
{
	int dir = open("d", O_RDONLY | O_DIRECTORY), path = open("d", O_PATH), file = open("file", O_RDONLY), fd;
	struct stat st;
	char target[8];

	fd = openat(dir, "made", O_CREAT | O_WRONLY, 0600);
	ok(fd >= 0 && stat_of("d/made").st_ino, "openat makes it below the descriptor");
	close(fd);
	ok(fstatat(path, "made", &st, 0) == 0, "an O_PATH directory is good enough");
	fails(openat(file, "x", O_RDONLY), ENOTDIR, "openat below a file");
	fails(openat(99, "x", O_RDONLY), EBADF, "openat below no descriptor");
	fd = openat(99, "/", O_RDONLY);
	ok(fd >= 0, "an absolute path ignores the descriptor");
	close(fd);
	fails(openat(dir, "", O_RDONLY), ENOENT, "openat of an empty path");
	is_int(fstatat(file, "", &st, AT_EMPTY_PATH) == 0 ? (long)st.st_ino : 0, stat_of("file").st_ino, "AT_EMPTY_PATH: the descriptor");
	fails(fstatat(file, "", &st, 0), ENOENT, "an empty path without it");
	ok(fstatat(dir, "l", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode), "AT_SYMLINK_NOFOLLOW");
	fails(fstatat(dir, "l", &st, 0), ENOENT, "a dangling link otherwise");
	fails(syscall(SYS_newfstatat, dir, "f", &st, 0x40000000), EINVAL, "an unknown flag");
	is_int(mkdirat(dir, "m", 0700), 0, "mkdirat");
	is_int(symlinkat("made", dir, "s"), 0, "symlinkat");
	is_int(readlinkat(dir, "s", target, 8), 4, "readlinkat");
	is_int(linkat(dir, "made", dir, "m/h", 0), 0, "linkat");
	is_int(renameat(dir, "s", AT_FDCWD, "s"), 0, "renameat from one directory to another");
	is_int(fchmodat(dir, "made", 0640, 0) == 0 ? stat_of("d/made").st_mode & 0777 : 0, 0640, "fchmodat");
	is_int(fchownat(dir, "made", 12, 34, 0) == 0 ? stat_of("d/made").st_gid : 0, 34, "fchownat");
	is_int(fchownat(path, "", 5, 6, AT_EMPTY_PATH) == 0 ? stat_of("d").st_uid : 0, 5, "fchownat with AT_EMPTY_PATH");
	is_int(faccessat(dir, "made", R_OK, 0), 0, "faccessat");
	is_int(mknodat(dir, "fifo", S_IFIFO | 0600, 0) == 0 && S_ISFIFO(stat_of("d/fifo").st_mode), 1, "mknodat");
	fails(unlinkat(dir, "made", 77), EINVAL, "unlinkat with an unknown flag");
	is_int(unlinkat(dir, "made", 0), 0, "unlinkat");
	is_int(mknod("reg", S_IFREG | 0600, 0) == 0 && S_ISREG(stat_of("reg").st_mode), 1, "mknod of a regular file");
	fails(mknod("dirnod", S_IFDIR | 0600, 0), EPERM, "mknod of a directory");
	is_int(mknod("null", S_IFCHR | 0600, makedev(1, 3)) == 0 ? stat_of("null").st_rdev : 0, makedev(1, 3), "mknod of a device");
	close(dir);
	close(path);
	close(file);
}

static void test_long_names(void)
{
	char name[300], path[PATH_MAX + 10];

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	is_int(mkdir(name, 0700), 0, "a name of 255 bytes");
	is_int(names_in(".", name) > 0, 1, "which readdir gives back");
	name[255] = 'n', name[256] = '\0';
	fails(mkdir(name, 0700), ENAMETOOLONG, "one of 256");
	fails(open(name, O_RDONLY), ENAMETOOLONG, "opening such");
	memset(path, '/', sizeof(path));
	memcpy(path + PATH_MAX - 6, "/file", 6);
	path[0] = '.';
	is_int(access(path, F_OK), 0, "a path of 4095 bytes");
	memset(path, '/', sizeof(path));
	path[0] = '.';
	path[PATH_MAX] = '\0';
	fails(access(path, F_OK), ENAMETOOLONG, "one of 4096");
}

static void test_working_directory(void)
{
	char cwd[PATH_MAX], want[128];
	int home = open(".", O_RDONLY);

	must(mkdir("w", 0700) == 0 && chdir("w") == 0);
	snprintf(want, sizeof(want), "%s/w", posix_folder);
	is_str(getcwd(cwd, sizeof(cwd)), want, "chdir and getcwd");
	fails(syscall(SYS_getcwd, cwd, 3), ERANGE, "getcwd into too small a buffer");
	must(rename("../w", "../w2") == 0);
	snprintf(want, sizeof(want), "%s/w2", posix_folder);
	is_str(getcwd(cwd, sizeof(cwd)), want, "it follows a rename");
	is_int(rmdir("../w2"), 0, "the working directory can be removed");
	fails(syscall(SYS_getcwd, cwd, sizeof(cwd)), ENOENT, "then it has no path");
	fails(open("x", O_CREAT | O_WRONLY, 0600), ENOENT, "nothing can be made in it");
	fails(mkdir("x", 0700), ENOENT, "no directory either");
	is_int(stat_of(".").st_nlink, 0, ". is still there, without links");
	is_int(fchdir(home), 0, "fchdir");
	fails(chdir("file"), ENOTDIR, "chdir to a file");
	fails(chdir("none"), ENOENT, "chdir to nothing");
	close(home);
	home = open("file", O_RDONLY);
	fails(fchdir(home), ENOTDIR, "fchdir to a file");
	close(home);
	is_int(stat_of("/..").st_ino, stat_of("/").st_ino, ".. of the root is the root");
}

static void test_umask(void)
{
	int old = umask(027);

	is_int(old, 0, "umask gives the old one");
	close(open("masked", O_CREAT | O_WRONLY, 0777));
	is_int(stat_of("masked").st_mode & 0777, 0750, "and holds for open");
	must(mkdir("maskdir", 0777) == 0 && mkfifo("maskfifo", 0666) == 0);
	is_int(stat_of("maskdir").st_mode & 0777, 0750, "for mkdir");
	is_int(stat_of("maskfifo").st_mode & 0777, 0640, "for mkfifo");
	must(symlink("x", "masklink") == 0);
	is_int(stat_of("masklink").st_mode & 0777, 0777, "not for symlink");
	is_int(chmod("masked", 0666) == 0 ? stat_of("masked").st_mode & 0777 : 0, 0666, "nor for chmod");
	is_int(umask(07777), 027, "umask again");
	is_int(umask(0), 0777, "keeps nine bits");
}

int main(void)
{
	enter_folder();
	test_mkdir();
	test_reading();
	test_links();
	test_rename();
	test_open_and_gone();
	test_at();
	test_long_names();
	test_working_directory();
	test_umask();
	return done();
}
