/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that run as somebody else: the set-user-ID and set-group-ID bits at exec, what they change and what switches them
 * off (PR_SET_NO_NEW_PRIVS), AT_SECURE, dumpability, PR_SET_PDEATHSIG; the ids that files are asked by; and what only user 0 may
 * do to the system: its names, its end. Sources: execve(2), credentials(7), prctl(2), setfsuid(2), sethostname(2), reboot(2).
 */
#include "posix.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#define DIR "/tmp/posix-setid"
#define ALICE 1000
#define BOB 1001
#define STAFF 500
#define USERS 100

/* A copy of this program with an owner and a mode. */
static const char *copy_self(mode_t mode)
{
	static char block[65536];
	int from = open(SELF, O_RDONLY), to = open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0700);
	ssize_t n;

	must(from >= 0 && to >= 0);
	while ((n = read(from, block, sizeof(block))) > 0)
		must(write(to, block, (size_t)n) == n);
	close(from);
	close(to);
	must(chown("copy", ALICE, STAFF) == 0 && chmod("copy", mode) == 0);
	return DIR "/copy";
}

/* ---- the child: is it who argv[2] says? ---- */

/* What the kernel said: this C library's getauxval() makes up its own mind. */
static unsigned long at_secure(void)
{
	unsigned long *word = (unsigned long *)environ;

	while (*word++)
		;
	while (word[0] && word[0] != AT_SECURE)
		word += 2;
	return word[0] ? word[1] : 77;
}

static int check_ids(const char *wanted)
{
	int r, e, s, rg, eg, sg, w[8];

	must(sscanf(wanted, "%d %d %d %d %d %d %d %d", w, w + 1, w + 2, w + 3, w + 4, w + 5, w + 6, w + 7) == 8);
	syscall(SYS_getresuid, &r, &e, &s);
	syscall(SYS_getresgid, &rg, &eg, &sg);
	return (r != w[0]) | (e != w[1]) << 1 | (s != w[2]) << 2 | (rg != w[3] || eg != w[4] || sg != w[5]) << 3 |
	       (at_secure() != (unsigned long)w[6]) << 4 | (prctl(PR_GET_DUMPABLE) != w[7]) << 5 |
	       (getauxval(AT_EUID) != (unsigned long)w[1] || getauxval(AT_EGID) != (unsigned long)w[4]) << 6;
}

static int file_ids(void)
{
	int fd = open("made", O_CREAT | O_EXCL | O_WRONLY, 0600);
	struct stat st;

	return fd < 0 || fstat(fd, &st) || st.st_uid != ALICE;
}

static int death_signal(void)
{
	int sig = -1;

	prctl(PR_GET_PDEATHSIG, &sig);
	return sig;
}

static int child(const char *mode, const char *argument)
{
	int s;

	if (!strcmp(mode, "ids"))
		return check_ids(argument);
	if (!strcmp(mode, "file"))
		return file_ids();
	if (!strcmp(mode, "death"))
		return death_signal();
	if (!strcmp(mode, "nnp"))
		return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (!strcmp(mode, "back")) /* the saved id: away, and back again */
		return syscall(SYS_setresuid, -1, BOB, -1) || syscall(SYS_setresuid, -1, ALICE, -1) || (s = geteuid()) != ALICE;
	return 99;
}

/* ---- the parent ---- */

enum { PLAIN, NO_NEW_PRIVS, DEATH_SIGNAL };

/* path run as (uid, gid), real, effective and saved; its exit status. */
static int run_as(int uid, int gid, int how, const char *path, const char *mode, const char *argument)
{
	char *argv[] = {"self", (char *)mode, (char *)argument, NULL}, *none[] = {NULL};
	int status;
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (pid == 0) {
		if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, gid, gid, gid) ||
		    syscall(SYS_setresuid, uid, uid, uid))
			_exit(98);
		if (how == NO_NEW_PRIVS)
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (how == DEATH_SIGNAL)
			prctl(PR_SET_PDEATHSIG, SIGHUP);
		execve(path, argv, none);
		_exit(97);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_bits(void)
{
	const char *copy = copy_self(0755);

	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1001 1001 100 100 100 0 1"), 0, "without the bits nothing changes");
	copy = copy_self(04755);
	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1000 1000 100 100 100 1 0"), 0,
	       "set-user-ID: effective and saved user are the owner, AT_SECURE, not dumpable");
	is_int(run_as(ALICE, USERS, PLAIN, copy, "ids", "1000 1000 1000 100 100 100 0 1"), 0, "run by its owner: not secure");
	is_int(run_as(0, 0, PLAIN, copy, "ids", "0 1000 1000 0 0 0 1 0"), 0, "user 0 becomes its owner too");
	is_int(run_as(BOB, USERS, PLAIN, copy, "back", ""), 0, "the saved id leads back");
	must(chmod(".", 0777) == 0);
	is_int(run_as(BOB, USERS, PLAIN, copy, "file", ""), 0, "what it makes is the owner's");
	unlink("made");
	copy = copy_self(02755);
	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1001 1001 100 500 500 1 0"), 0, "set-group-ID: the group");
	copy = copy_self(06755);
	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1000 1000 100 500 500 1 0"), 0, "both");
	copy = copy_self(02745);
	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1001 1001 100 100 100 0 1"), 0,
	       "set-group-ID where the group may not execute means nothing");
	copy = copy_self(04701);
	is_int(run_as(BOB, USERS, PLAIN, copy, "ids", "1001 1000 1000 100 100 100 1 0"), 0,
	       "set-user-ID counts, whoever may execute");
}

static void test_off(void)
{
	const char *copy = copy_self(06755);

	is_int(run_as(BOB, USERS, NO_NEW_PRIVS, copy, "ids", "1001 1001 1001 100 100 100 0 1"), 0, "not with no_new_privs");
	is_int(run_as(BOB, USERS, NO_NEW_PRIVS, copy, "nnp", ""), 1, "which exec keeps");
	is_int(run_as(BOB, USERS, DEATH_SIGNAL, copy, "death", ""), 0, "PR_SET_PDEATHSIG is gone after a set-ID exec");
	copy = copy_self(0755);
	is_int(run_as(BOB, USERS, DEATH_SIGNAL, copy, "death", ""), SIGHUP, "but not after another");

	int fd = open("copy", O_WRONLY);

	copy_self(06755);
	must(fd >= 0 && chown("copy", BOB, STAFF) == 0);
	is_int(stat_of("copy").st_mode & 07000, 0, "chown takes the bits away");
	close(fd);
}

/* A script's own bits mean nothing; its interpreter's do. */
static void test_script(void)
{
	copy_self(04755);
	make_file("script", "#!" DIR "/copy ids\n");
	must(chown("script", BOB, USERS) == 0 && chmod("script", 06755) == 0);
	/* argv: copy, "ids", path of the script: which is no list of ids, so it is checked by what the file is made as. */
	make_file("script", "#!" DIR "/copy file\n");
	must(chown("script", BOB, USERS) == 0 && chmod("script", 06755) == 0);
	unlink("made");
	is_int(run_as(77, USERS, PLAIN, DIR "/script", "x", "y"), 0, "a script runs as its interpreter's owner");
	unlink("made");
	unlink("script");
}

static void test_prctl(void)
{
	is_int(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0, "PR_GET_NO_NEW_PRIVS: not set");
	fails(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL, "with an argument");
	fails(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL, "PR_SET_NO_NEW_PRIVS to 0");
	fails(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1), EINVAL, "with a fifth argument");
	is_int(prctl(PR_GET_DUMPABLE), 1, "a process is dumpable");
	is_int(prctl(PR_SET_DUMPABLE, 0), 0, "PR_SET_DUMPABLE 0");
	is_int(prctl(PR_GET_DUMPABLE), 0, "is told");
	fails(prctl(PR_SET_DUMPABLE, 2), EINVAL, "2 is not for programs");
	must(prctl(PR_SET_DUMPABLE, 1) == 0 && syscall(SYS_setresuid, -1, BOB, -1) == 0);
	is_int(prctl(PR_GET_DUMPABLE), 0, "a change of the effective user takes it away");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
}

static void *ask_for_signal(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	*(int *)arg = death_signal();
	return NULL;
}

static void test_death_signal(void)
{
	pthread_t thread;
	int theirs = 0;

	must(pthread_create(&thread, NULL, ask_for_signal, &theirs) == 0 && pthread_join(thread, NULL) == 0);
	is_int(theirs, SIGHUP, "a thread asks for PR_SET_PDEATHSIG");
	is_int(death_signal(), 0, "for itself alone");
	must(prctl(PR_SET_PDEATHSIG, SIGHUP) == 0 && syscall(SYS_setresuid, -1, BOB, -1) == 0);
	is_int(death_signal(), 0, "a change of the effective user ends it");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
}

static void test_fsuid(void)
{
	int fd;

	make_file("secret", "x");
	must(chmod("secret", 0600) == 0 && chmod(".", 0777) == 0);
	is_int(syscall(SYS_setfsuid, -1), 0, "setfsuid(-1) only asks");
	is_int(syscall(SYS_setfsuid, ALICE), 0, "setfsuid answers the one before");
	is_int(syscall(SYS_setfsuid, -1), ALICE, "and it is set");
	is_int(geteuid(), 0, "the effective one stays");
	fails(open("secret", O_RDONLY), EACCES, "files are asked by it");
	fd = open("made", O_CREAT | O_WRONLY, 0600);
	must(fd >= 0 && close(fd) == 0);
	is_int(stat_of("made").st_uid, ALICE, "new ones are its");
	is_int(syscall(SYS_setfsuid, 0), ALICE, "back");
	is_int(syscall(SYS_setfsgid, STAFF), 0, "setfsgid");
	unlink("made");
	fd = open("made", O_CREAT | O_WRONLY, 0600);
	must(fd >= 0 && close(fd) == 0);
	is_int(stat_of("made").st_gid, STAFF, "is the group of new files");
	is_int(syscall(SYS_setfsgid, 0), STAFF, "back");
	must(syscall(SYS_setfsuid, ALICE) == 0 && syscall(SYS_setresuid, -1, BOB, -1) == 0);
	is_int(syscall(SYS_setfsuid, -1), BOB, "it follows the effective id when that changes");
	is_int(syscall(SYS_setfsuid, 77), BOB, "another's id");
	is_int(syscall(SYS_setfsuid, -1), BOB, "is not taken");
	is_int(syscall(SYS_setfsuid, 0), BOB, "the real one is");
	is_int(syscall(SYS_setfsuid, -1), 0, "taken");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
	unlink("made");
	unlink("secret");
}

static void test_names(void)
{
	struct utsname u, before;
	char long_name[65];

	must(uname(&before) == 0);
	memset(long_name, 'x', sizeof(long_name));
	is_int(sethostname("apple.tree", 5), 0, "sethostname");
	is_int(uname(&u) || strcmp(u.nodename, "apple"), 0, "uname tells it");
	is_int(strcmp(text_of("/proc/sys/kernel/hostname"), "apple\n"), 0, "and /proc");
	is_int(syscall(SYS_setdomainname, "example", 7), 0, "setdomainname");
	is_int(uname(&u) || strcmp(u.domainname, "example"), 0, "uname tells it");
	is_int(sethostname(long_name, 64), 0, "64 characters fit");
	fails(sethostname(long_name, 65), EINVAL, "65 do not");
	fails(sethostname(long_name, (size_t)-1), EINVAL, "a negative length");
	fails(syscall(SYS_sethostname, 8, 4), EFAULT, "sethostname of nowhere");
	fails(syscall(SYS_setdomainname, 8, 4), EFAULT, "setdomainname too");
	must(syscall(SYS_setresuid, -1, BOB, -1) == 0);
	fails(sethostname("pear", 4), EPERM, "others may not");
	fails(syscall(SYS_setdomainname, "pear", 4), EPERM, "nor set the domain's");
	fails(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0), EPERM, "nor reboot");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
	fails(syscall(SYS_reboot, 1, 672274793, 0, 0), EINVAL, "reboot without the first magic number");
	fails(syscall(SYS_reboot, 0xfee1dead, 1, 0, 0), EINVAL, "or the second");
	fails(syscall(SYS_reboot, 0xfee1dead, 672274793, 77, 0), EINVAL, "or an order");
	is_int(syscall(SYS_reboot, 0xfee1dead, 85072278, 0, 0), 0, "another second one, and no Ctrl-Alt-Delete");
	sethostname(before.nodename, strlen(before.nodename));
	syscall(SYS_setdomainname, before.domainname, strlen(before.domainname));
}

static void test_personality(void)
{
	is_int(personality(0xffffffff), 0, "personality asks");
	is_int(personality(ADDR_NO_RANDOMIZE), 0, "ADDR_NO_RANDOMIZE");
	is_int(personality(0xffffffff), ADDR_NO_RANDOMIZE, "is kept");
	is_int(personality(PER_LINUX), ADDR_NO_RANDOMIZE, "back");
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return chdir(DIR) ? 96 : child(argv[1], argv[2]);
	must(getuid() == 0);
	mkdir("/tmp", 01777);
	umask(0);
	must((mkdir(DIR, 0755) == 0 || errno == EEXIST) && chdir(DIR) == 0);
	test_prctl();
	test_death_signal();
	test_fsuid();
	test_names();
	test_personality();
	if (can_spawn("set-ID bits")) {
		test_bits();
		test_off();
		test_script();
	}
	unlink("copy");
	must(chdir("/") == 0);
	rmdir(DIR);
	return done();
}
