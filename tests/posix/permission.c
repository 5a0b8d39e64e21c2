/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights: what the modes of files and directories give to their owner, group and others; what user 0 may all the same; the
 * sticky, set-user-ID and set-group-ID bits; chmod, chown; and the ids of a process. Runs as user 0, and becomes others on
 * the way: by raw calls, since rights are asked of the calling thread alone, and there is one.
 */
#include "posix.h"

#include <grp.h>

#define ALICE 1000
#define BOB 1001
#define STAFF 500

static int set_ids(int uid, int gid)
{
	return syscall(SYS_setresgid, -1, gid, -1) || syscall(SYS_setresuid, -1, uid, -1) ? -1 : 0;
}

/* The effective ids until become_root(). */
static void become(int uid, int gid)
{
	must(set_ids(uid, gid) == 0);
}

static void become_root(void)
{
	must(syscall(SYS_setresuid, -1, 0, -1) == 0 && syscall(SYS_setresgid, -1, 0, -1) == 0);
}

/* What open(2) in these modes answers: bit 0 reading, bit 1 writing. */
static int may_open(const char *name)
{
	int r = open(name, O_RDONLY), w = open(name, O_WRONLY);

	if (r >= 0)
		close(r);
	if (w >= 0)
		close(w);
	return (r >= 0) | (w >= 0) << 1;
}

static void make_owned(const char *name, int uid, int gid, mode_t mode)
{
	make_file(name, "text");
	must(chown(name, uid, gid) == 0 && chmod(name, mode) == 0);
}

static int mode_of(const char *name)
{
	return stat_of(name).st_mode & 07777;
}

static void test_classes(void)
{
	make_owned("f", ALICE, STAFF, 0640);
	is_int(may_open("f"), 3, "user 0 reads and writes");
	become(ALICE, 99);
	is_int(may_open("f"), 3, "the owner by the first three bits");
	become_root();
	become(BOB, STAFF);
	is_int(may_open("f"), 1, "the group by the next");
	become_root();
	become(BOB, 99);
	is_int(may_open("f"), 0, "others by the last");
	fails(open("f", O_RDONLY), EACCES, "with EACCES");
	become_root();
	must(chmod("f", 0077) == 0);
	become(ALICE, STAFF);
	is_int(may_open("f"), 0, "the owner has no more rights than the owner's bits give");
	become_root();
	must(chmod("f", 0707) == 0);
	become(BOB, STAFF);
	is_int(may_open("f"), 0, "nor has the group");
	become_root();
	must(chmod("f", 0) == 0);
	is_int(may_open("f"), 3, "mode 0 does not stop user 0");

	gid_t groups[2] = {77, STAFF};

	must(chmod("f", 0040) == 0 && setgroups(2, groups) == 0);
	become(BOB, 99);
	is_int(may_open("f"), 1, "a supplementary group counts");
	become_root();
	must(setgroups(0, groups) == 0);
}

static void test_access(void)
{
	make_owned("x", ALICE, STAFF, 0500);
	is_int(access("x", F_OK), 0, "access F_OK");
	fails(access("none", F_OK), ENOENT, "of nothing");
	fails(access("x", 8), EINVAL, "with an unknown mode");
	is_int(access("x", R_OK | W_OK | X_OK), 0, "user 0: all, since someone may execute it");
	must(chmod("x", 0600) == 0);
	fails(access("x", X_OK), EACCES, "user 0 does not execute what nobody may");
	must(chmod("x", 0500) == 0 && syscall(SYS_setresuid, BOB, ALICE, 0) == 0);
	fails(syscall(SYS_access, "x", R_OK), EACCES, "access asks by the real user");
	is_int(syscall(SYS_faccessat2, AT_FDCWD, "x", R_OK, AT_EACCESS), 0, "AT_EACCESS by the effective one");
	fails(syscall(SYS_faccessat2, AT_FDCWD, "x", W_OK, AT_EACCESS), EACCES, "which may not write");
	must(syscall(SYS_setresuid, 0, 0, 0) == 0);
	fails(syscall(SYS_faccessat2, AT_FDCWD, "x", R_OK, 0x8000), EINVAL, "faccessat2 with an unknown flag");
}

static void test_directories(void)
{
	must(mkdir("search", 0700) == 0 && mkdir("search/in", 0777) == 0 && chown("search", ALICE, STAFF) == 0);
	make_owned("search/f", BOB, STAFF, 0666);
	become(BOB, 99);
	fails(open("search/f", O_RDONLY), EACCES, "no search right: nothing below can be reached");
	fails(open("search/none", O_RDONLY), EACCES, "not even whether it is there");
	fails(chdir("search"), EACCES, "nor chdir");
	fails(open("search", O_RDONLY), EACCES, "nor reading the directory");
	become_root();
	must(chmod("search", 0711) == 0);
	become(BOB, 99);
	is_int(may_open("search/f"), 3, "search right alone reaches what one can name");
	fails(open("search", O_RDONLY), EACCES, "but does not list");
	fails(unlink("search/f"), EACCES, "nor remove one's own file there");
	fails(open("search/new", O_CREAT | O_WRONLY, 0600), EACCES, "nor make one");
	fails(mkdir("search/new", 0700), EACCES, "mkdir");
	fails(symlink("x", "search/new"), EACCES, "symlink");
	fails(link("search/f", "search/new"), EACCES, "link");
	fails(rename("search/f", "search/new"), EACCES, "rename");
	fails(mkfifo("search/new", 0600), EACCES, "mkfifo");
	fails(rmdir("search/in"), EACCES, "rmdir");
	become_root();
	must(chmod("search", 0704) == 0);
	become(BOB, 99);
	ok(open("search", O_RDONLY) >= 0, "read right lists");
	fails(open("search/f", O_RDONLY), EACCES, "but does not reach");
	become_root();
	must(chmod("search", 0) == 0);
	is_int(may_open("search/f"), 3, "directories do not stop user 0");
	must(chmod("search", 0777) == 0);
	become(ALICE, 99);
	is_int(unlink("search/f"), 0, "a writable directory: anyone's file goes");
	become_root();
	close(3);
}

static void test_sticky(void)
{
	must(mkdir("sticky", 0777) == 0 && chmod("sticky", 01777) == 0);
	make_owned("sticky/bob", BOB, STAFF, 0666);
	make_owned("sticky/alice", ALICE, STAFF, 0666);
	become(ALICE, 99);
	fails(unlink("sticky/bob"), EPERM, "the sticky bit: not another's file");
	fails(rename("sticky/bob", "sticky/mine"), EPERM, "nor rename it");
	fails(rename("sticky/alice", "sticky/bob"), EPERM, "nor rename over it");
	is_int(rename("sticky/alice", "sticky/alice2"), 0, "one's own is renamed");
	is_int(unlink("sticky/alice2"), 0, "and removed");
	become_root();
	must(chown("sticky", ALICE, STAFF) == 0);
	become(ALICE, 99);
	is_int(unlink("sticky/bob"), 0, "the directory's owner removes anyone's");
	become_root();
}

static void test_chmod(void)
{
	make_owned("m", ALICE, STAFF, 0644);
	is_int(chmod("m", 07777) == 0 ? mode_of("m") : -1, 07777, "user 0 sets all twelve bits");
	is_int(chmod("m", 0170644) == 0 ? mode_of("m") : -1, 0644, "and no others");
	become(BOB, STAFF);
	fails(chmod("m", 0666), EPERM, "only the owner changes a mode");
	become_root();
	become(ALICE, 99);
	is_int(chmod("m", 06755) == 0 ? mode_of("m") : -1, 04755, "set-group-ID needs membership: dropped silently");
	become_root();
	become(ALICE, STAFF);
	is_int(chmod("m", 02755) == 0 ? mode_of("m") : -1, 02755, "kept for a member");
	become_root();
	fails(chmod("none", 0600), ENOENT, "chmod of nothing");
	must(symlink("m", "mlink") == 0 && chmod("mlink", 0600) == 0);
	is_int(mode_of("m"), 0600, "chmod follows a link");
}

static void test_chown(void)
{
	make_owned("o", ALICE, STAFF, 0644);
	become(ALICE, STAFF);
	fails(chown("o", BOB, -1), EPERM, "nobody gives a file away");
	fails(chown("o", -1, 77), EPERM, "nor to a group that is not its own");
	is_int(chown("o", ALICE, STAFF), 0, "to whom it belongs already: fine");
	become_root();
	gid_t groups[1] = {77};
	must(setgroups(1, groups) == 0);
	become(ALICE, STAFF);
	is_int(chown("o", -1, 77) == 0 ? (int)stat_of("o").st_gid : -1, 77, "to another of the owner's groups");
	become_root();
	must(setgroups(0, groups) == 0);
	become(BOB, STAFF);
	fails(chown("o", -1, STAFF), EPERM, "not by others");
	become_root();
	must(symlink("o", "olink") == 0 && lchown("olink", BOB, 9) == 0);
	ok(stat_of("olink").st_uid == BOB && stat_of("o").st_uid == ALICE, "lchown changes the link");
	must(chown("olink", BOB, 9) == 0);
	is_int(stat_of("o").st_uid, BOB, "chown what it leads to");
	must(chmod("o", 06755) == 0 && chown("o", -1, -1) == 0);
	is_int(mode_of("o"), 0755, "chown clears set-user-ID and set-group-ID, for user 0 too");
	must(chmod("o", 02644) == 0 && chown("o", -1, -1) == 0);
	is_int(mode_of("o"), 02644, "but not a set-group-ID that nobody of the group may execute");
	must(mkdir("od", 0755) == 0 && chmod("od", 06755) == 0 && chown("od", BOB, 9) == 0);
	is_int(mode_of("od"), 06755, "and not those of a directory");
}

static void test_set_id_bits(void)
{
	int fd;

	make_owned("s", ALICE, STAFF, 06777);
	become(BOB, 99);
	fd = open("s", O_WRONLY);
	must(fd >= 0 && write(fd, "x", 1) == 1);
	is_int(mode_of("s"), 0777, "a write by another clears both");
	close(fd);
	become_root();
	must(chmod("s", 06777) == 0);
	fd = open("s", O_WRONLY);
	must(write(fd, "x", 1) == 1);
	is_int(mode_of("s"), 06777, "one by user 0 does not");
	close(fd);
	become(BOB, 99);
	fd = open("s", O_WRONLY);
	must(ftruncate(fd, 0) == 0);
	is_int(mode_of("s"), 0777, "ftruncate clears them");
	close(fd);
	become_root();
	must(mkdir("sg", 0755) == 0 && chown("sg", ALICE, STAFF) == 0 && chmod("sg", 02777) == 0);
	become(BOB, 99);
	make_file("sg/f", "");
	must(mkdir("sg/d", 0755) == 0);
	become_root();
	ok(stat_of("sg/f").st_gid == STAFF && stat_of("sg/f").st_uid == BOB, "what is made in a set-group-ID directory has its group");
	is_int(mode_of("sg/d"), 02755, "and a directory the bit as well");
	become(BOB, 99);
	make_file("sg/../plain", "");
	become_root();
}

static void test_ownership_of_new(void)
{
	must(mkdir("open", 0777) == 0);
	become(ALICE, STAFF);
	make_file("open/f", "");
	must(mkdir("open/d", 0700) == 0 && symlink("x", "open/l") == 0 && mkfifo("open/p", 0600) == 0);
	fails(mknod("open/null", S_IFCHR | 0600, 259), EPERM, "a device only by user 0");
	fails(chroot("open"), EPERM, "chroot too");
	become_root();
	ok(stat_of("open/f").st_uid == ALICE && stat_of("open/f").st_gid == STAFF, "a new file has the effective ids");
	ok(stat_of("open/d").st_uid == ALICE && stat_of("open/l").st_uid == ALICE && stat_of("open/p").st_gid == STAFF,
	   "and so have directory, link, FIFO");
}

static void test_times_and_flags(void)
{
	struct timespec t[2] = {{5, 0}, {6, 0}};

	make_owned("t", ALICE, STAFF, 0646);
	become(BOB, 99);
	fails(utimensat(AT_FDCWD, "t", t, 0), EPERM, "only the owner sets times");
	is_int(utimensat(AT_FDCWD, "t", NULL, 0), 0, "who may write sets them to now");
	fails(open("t", O_RDONLY | O_NOATIME), EPERM, "O_NOATIME is the owner's");
	become_root();
	must(chmod("t", 0644) == 0);
	become(BOB, 99);
	fails(utimensat(AT_FDCWD, "t", NULL, 0), EACCES, "who may not write does not");
	fails(truncate("t", 0), EACCES, "truncate takes the right to write");
	fails(open("t", O_RDONLY | O_TRUNC), EACCES, "and so does O_TRUNC");
	become_root();
	is_int(stat_of("t").st_size, 4, "which did nothing");
	make_owned("opened", ALICE, STAFF, 0600);

	int fd = open("opened", O_RDWR);

	become(BOB, 99);
	is_int(write(fd, "x", 1), 1, "rights are asked at open: the descriptor stays good");
	fails(fchmod(fd, 0666), EPERM, "for data, not for the mode");
	become_root();
	close(fd);
}

static int ids_are(int r, int e, int s)
{
	int a = 0, b = 0, c = 0;

	syscall(SYS_getresuid, &a, &b, &c);
	return a == r && b == e && c == s;
}

static void test_ids(void)
{
	is_int(syscall(SYS_setresuid, 1, 2, 0), 0, "setresuid of three");
	ok(ids_are(1, 2, 0), "getresuid gives them");
	is_int(syscall(SYS_geteuid), 2, "geteuid");
	fails(syscall(SYS_setresuid, 5, -1, -1), EPERM, "others only to one of the three");
	is_int(syscall(SYS_setresuid, -1, 1, -1), 0, "the real one");
	is_int(syscall(SYS_setuid, 0), 0, "setuid to the saved one");
	ok(ids_are(1, 0, 0), "changes the effective one only");
	is_int(syscall(SYS_setreuid, 3, 4), 0, "setreuid of user 0");
	ok(ids_are(3, 4, 4), "sets the saved one too");
	fails(syscall(SYS_setuid, 0), EPERM, "and then there is no way back");
	is_int(syscall(SYS_setreuid, 4, 3), 0, "setreuid swaps");
	fails(syscall(SYS_setgroups, 0, NULL), EPERM, "setgroups is user 0's");
	fails(syscall(SYS_setresgid, 5, 5, 5), EPERM, "setresgid to a foreign group");
	is_int(syscall(SYS_setuid, 4), 0, "setuid of another to the real one");
	fails(syscall(SYS_setuid, -1), EINVAL, "setuid to -1");
}

int main(void)
{
	must(getuid() == 0);
	enter_folder();
	must(chmod(".", 0777) == 0);
	test_classes();
	test_access();
	test_directories();
	test_sticky();
	test_chmod();
	test_chown();
	test_set_id_bits();
	test_ownership_of_new();
	test_times_and_flags();
	is_int(chdir("/"), 0, "back");
	remove_folder();
	test_ids(); /* last: there is no way back */
	return done();
}
