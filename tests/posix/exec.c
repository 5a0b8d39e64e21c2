/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec: what the new program finds on its stack, what it keeps of the old one and what not, scripts, programs by descriptor,
 * and each way to be refused. Sources: execve(2), execveat(2), getauxval(3), POSIX.1-2017 XSH exec.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "handler.h"

#define DIR "/tmp/posix-exec"

/* What a child does between vfork and exec; it answers by its exit status, 100 and more for an error of exec. */
struct order {
	const char *path;
	char *const *argv, *const *envp;
	int fd, flags; /* execveat; fd -1: execve */
	void (*before)(void);
};

static int status_after(const struct order *o)
{
	volatile int error = 0;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (pid == 0) {
		if (o->before)
			o->before();
		if (o->fd >= 0)
			syscall(SYS_execveat, o->fd, o->path, o->argv, o->envp, o->flags);
		else
			syscall(SYS_execve, o->path, o->argv, o->envp);
		error = errno;
		_exit(127);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	errno = error;
	return error ? -1 : status;
}

static char *none[] = {NULL};
static char *plain[] = {"program", "exit", "0", NULL};

static int run(const char *path, char *const *argv)
{
	struct order o = {.path = path, .argv = argv, .envp = none, .fd = -1};

	return status_after(&o);
}

static int run_at(int fd, const char *path, char *const *argv, int flags)
{
	struct order o = {.path = path, .argv = argv, .envp = none, .fd = fd, .flags = flags};

	return status_after(&o);
}

static void make(const char *name, const char *text, size_t size, unsigned mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, text, size) == (ssize_t)size && fchmod(fd, mode) == 0 && close(fd) == 0);
}

static void copy_self(const char *name)
{
	static char bytes[1 << 20];
	int fd = open(SELF, O_RDONLY);
	ssize_t size = read(fd, bytes, sizeof(bytes));

	must(size > 0 && size < (ssize_t)sizeof(bytes) && close(fd) == 0);
	make(name, bytes, (size_t)size, 0755);
}

/* ---- what is refused ---- */

static void test_errors(void)
{
	static char long_name[5000], component[300];

	memset(long_name, 'a', sizeof(long_name) - 1);
	memset(component, 'b', sizeof(component) - 1);
	make(DIR "/plain", "not a program\n", 14, 0644);
	make(DIR "/text", "not a program\n", 14, 0755);
	make(DIR "/empty", "", 0, 0755);
	make(DIR "/elf", "\177ELF", 4, 0755);
	must(symlink("loop", DIR "/loop") == 0);
	fails(run(DIR "/missing", plain), ENOENT, "a file that is not there is ENOENT");
	fails(run("", plain), ENOENT, "so is the empty name");
	fails(run(DIR "/plain", plain), EACCES, "one without permission to execute is EACCES, also for root");
	fails(run(DIR, plain), EACCES, "so is a directory");
	fails(run("/dev/null", plain), EACCES, "and a device");
	fails(run(DIR "/text", plain), ENOEXEC, "text is ENOEXEC");
	fails(run(DIR "/empty", plain), ENOEXEC, "an empty file as well");
	fails(run(DIR "/elf", plain), ENOEXEC, "and half a header");
	fails(run(DIR "/text/below", plain), ENOTDIR, "a file as a directory is ENOTDIR");
	fails(run(DIR "/loop", plain), ELOOP, "a link to itself is ELOOP");
	fails(run(long_name, plain), ENAMETOOLONG, "a name of 5,000 bytes is ENAMETOOLONG");
	fails(run(component, plain), ENAMETOOLONG, "and a component of 299");
	fails(run((char *)8, plain), EFAULT, "a bad path is EFAULT");
	fails(run(SELF, (char **)8), EFAULT, "bad arguments too");
	fails(run(SELF, (char *[]){(char *)8, NULL}), EFAULT, "and one bad argument");
}

static void test_too_big(void)
{
	static char big[128 * 1024 + 1], *many[40];
	size_t limit = sizeof(big) - 1;

	memset(big, 'x', limit);
	fails(run(SELF, (char *[]){"program", big, NULL}), E2BIG, "an argument of 128 KiB is E2BIG");
	big[limit - 1] = '\0';
	is_int(run(SELF, (char *[]){"program", "length", "131071", big, NULL}), 0, "one byte less arrives whole");
	for (int i = 0; i < 39; i++)
		many[i] = big;
	fails(run(SELF, many), E2BIG, "five MiB of arguments are E2BIG");
}

static char *busy_argv[] = {"program", "exit", "3", NULL};

static void test_busy(void)
{
	int fd;

	copy_self(DIR "/busy");
	fd = open(DIR "/busy", O_RDWR);
	fails(run(DIR "/busy", busy_argv), ETXTBSY, "a program that is open for writing is ETXTBSY");
	close(fd);
	is_int(WEXITSTATUS(run(DIR "/busy", busy_argv)), 3, "closed again it runs");
	fails(open(SELF, O_WRONLY), ETXTBSY, "a running program cannot be opened for writing");
	fails(open(SELF, O_RDONLY | O_TRUNC), ETXTBSY, "nor emptied");
	fails(truncate(SELF, 0), ETXTBSY, "nor cut");
	fd = open(SELF, O_RDONLY);
	ok(fd >= 0, "but read");
	close(fd);
}

/* ---- what a program finds ---- */

static void test_stack(void)
{
	char *words[] = {"zeroth", "words", "one", "", "two words", NULL}, *environment[] = {"A=1", "EMPTY=", "B=two", NULL};
	struct order o = {.path = SELF, .argv = words, .envp = environment, .fd = -1};

	is_int(status_after(&o), 0, "arguments and environment arrive as they were");
	is_int(run(SELF, (char *[]){"program", "auxv", NULL}), 0, "the auxiliary vector is true");
	is_int(WEXITSTATUS(run(SELF, NULL)), 55, "without arguments a program finds one, which is empty");
	copy_self(DIR "/a-very-long-program-name");
	is_int(run(DIR "/a-very-long-program-name", (char *[]){"x", "name", "a-very-long-pro", NULL}), 0, "the thread's name is the file's, cut");
	is_int(run(DIR "/a-very-long-program-name", (char *[]){"x", "execfn", DIR "/a-very-long-program-name", NULL}), 0,
	       "AT_EXECFN is the path");
}

static int check_words(int argc, char **argv)
{
	int wrong = argc != 5 || strcmp(argv[0], "zeroth") || strcmp(argv[2], "one") || *argv[3] || strcmp(argv[4], "two words") || argv[5];

	return wrong | (strcmp(environ[0], "A=1") || strcmp(environ[1], "EMPTY=") || strcmp(environ[2], "B=two") || environ[3]) << 1;
}

static int check_auxv(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	int wrong = 0, loads = 0;

	wrong |= getauxval(AT_PAGESZ) != 4096;
	wrong |= (getauxval(AT_UID) != getuid() || getauxval(AT_EUID) != geteuid()) << 1;
	wrong |= (getauxval(AT_GID) != getgid() || getauxval(AT_EGID) != getegid()) << 2;
	wrong |= (getauxval(AT_SECURE) != 0) << 3;
	wrong |= (getauxval(AT_CLKTCK) != 100) << 4;
	wrong |= (!getauxval(AT_RANDOM) || *(uint64_t *)getauxval(AT_RANDOM) == 0) << 5;
	for (unsigned i = 0; i < getauxval(AT_PHNUM); i++)
		loads += phdr[i].p_type == PT_LOAD;
	wrong |= (getauxval(AT_PHENT) != sizeof(Elf64_Phdr) || !loads) << 6;
	wrong |= (!getauxval(AT_ENTRY) || getauxval(AT_BASE) != 0) << 7;
	return wrong;
}

/* ---- what it keeps ---- */

static void prepare(void)
{
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	struct itimerval far = {.it_value = {.tv_sec = 1000}};

	on(SIGUSR1, counter, SA_RESTART);
	on(SIGUSR2, SIG_IGN, 0);
	on(SIGCHLD, SIG_IGN, 0);
	block(SIGTERM);
	block(SIGHUP);
	raise(SIGTERM);
	sigaltstack(&stack, NULL);
	setitimer(ITIMER_REAL, &far, NULL);
	umask(0137);
	must(chdir("/tmp") == 0);
	setpriority(PRIO_PROCESS, 0, 4);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	must(dup2(1, 42) == 42 && dup2(1, 43) == 43);
	fcntl(43, F_SETFD, FD_CLOEXEC);
}

static int check_kept(pid_t parent)
{
	struct sigaction now;
	struct itimerval timer;
	stack_t stack;
	char path[64];
	int wrong = 0, signal = 0;

	sigaction(SIGUSR1, NULL, &now);
	wrong |= now.sa_handler != SIG_DFL;
	sigaction(SIGUSR2, NULL, &now);
	wrong |= (now.sa_handler != SIG_IGN) << 1;
	wrong |= (!is_blocked(SIGTERM) || !is_blocked(SIGHUP) || !is_pending(SIGTERM)) << 2;
	sigaltstack(NULL, &stack);
	wrong |= (stack.ss_flags != SS_DISABLE) << 3;
	getitimer(ITIMER_REAL, &timer);
	wrong |= (timer.it_value.tv_sec < 900) << 4;
	wrong |= (umask(0) != 0137 || strcmp(getcwd(path, sizeof(path)), "/tmp")) << 5;
	prctl(PR_GET_PDEATHSIG, &signal);
	wrong |= (getppid() != parent || getpriority(PRIO_PROCESS, 0) != 4 || signal != SIGHUP) << 6;
	wrong |= (fcntl(42, F_GETFD) != 0 || fcntl(43, F_GETFD) != -1) << 7;
	return wrong;
}

static void exec_myself(const char *mode)
{
	char parent[16];

	snprintf(parent, sizeof(parent), "%d", getppid());
	execl(SELF, "self", mode, parent, NULL);
	_exit(99);
}

static void *exec_in_thread(void *arg)
{
	exec_myself(arg);
	return NULL;
}

static void test_kept(void)
{
	int status = run_self("prepare", "0"), wrong = WEXITSTATUS(status);

	must(WIFEXITED(status));
	is_int(wrong & 1, 0, "a caught signal gets its default");
	is_int(wrong & 2, 0, "an ignored one stays ignored");
	is_int(wrong & 4, 0, "mask and pending signals stay");
	is_int(wrong & 8, 0, "the alternate stack is gone");
	is_int(wrong & 16, 0, "an interval timer goes on");
	is_int(wrong & 32, 0, "umask and directory stay");
	is_int(wrong & 64, 0, "so do parent, niceness and PR_SET_PDEATHSIG");
	is_int(wrong & 128, 0, "descriptors too, but those with FD_CLOEXEC");
	status = run_self("thread", "0");
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "exec from another thread: it becomes the process, the others end");
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int thread_mode(void)
{
	pthread_t threads[3];
	char id[16];

	snprintf(id, sizeof(id), "%d", getpid());
	setenv("ID", id, 1);
	for (int i = 0; i < 2; i++)
		must(pthread_create(&threads[i], NULL, sleep_for_ever, NULL) == 0);
	must(pthread_create(&threads[2], NULL, exec_in_thread, "alone") == 0);
	pthread_join(threads[2], NULL);
	return 98;
}

/* ---- scripts ---- */

static void script(const char *name, const char *first_line)
{
	char text[400];

	make(name, text, (size_t)snprintf(text, sizeof(text), "#!%s\n", first_line), 0755);
}

static void test_scripts(void)
{
	static char deep[64], line[64];

	copy_self(DIR "/inter");
	script(DIR "/s1", DIR "/inter script1");
	script(DIR "/s2", " \t" DIR "/inter  script2 and more \t");
	script(DIR "/s3", DIR "/inter");
	script(DIR "/nested", DIR "/s1");
	script(DIR "/nowhere", DIR "/not-there");
	script(DIR "/none", "");
	script(DIR "/bad", DIR "/text");
	is_int(run(DIR "/s1", (char *[]){"own name", "arg", NULL}), 0, "#! with an argument: interpreter, argument, script, arguments");
	is_int(run(DIR "/s2", (char *[]){"own name", "arg", NULL}), 0, "blanks go, words after the first are one argument");
	is_int(WEXITSTATUS(run(DIR "/s3", (char *[]){"own name", "arg", NULL})), 56, "without an argument the script comes first");
	is_int(WEXITSTATUS(run(DIR "/nested", (char *[]){"own name", NULL})), 57, "a script as interpreter");
	fails(run(DIR "/nowhere", plain), ENOENT, "an interpreter that is not there is ENOENT");
	fails(run(DIR "/none", plain), ENOEXEC, "none at all is ENOEXEC");
	fails(run(DIR "/bad", plain), ENOEXEC, "one that is text as well");
	for (int i = 0; i < 6; i++) {
		snprintf(deep, sizeof(deep), DIR "/deep%d", i);
		snprintf(line, sizeof(line), i ? DIR "/deep%d" : DIR "/inter", i - 1);
		script(deep, line);
	}
	fails(run(DIR "/deep5", plain), ELOOP, "six scripts on top of each other are ELOOP");
}

/* ---- by descriptor ---- */

static void test_execveat(void)
{
	int dir = open(DIR, O_RDONLY | O_DIRECTORY), fd = open(DIR "/inter", O_RDONLY);
	int path = open(DIR "/inter", O_PATH), text = open(DIR "/s1", O_RDONLY);
	char *seven[] = {"program", "exit", "7", NULL};

	must(dir >= 0 && fd >= 0 && path >= 0 && text >= 0);
	is_int(WEXITSTATUS(run_at(dir, "inter", seven, 0)), 7, "execveat below a directory");
	is_int(WEXITSTATUS(run_at(AT_FDCWD, DIR "/inter", seven, 0)), 7, "with AT_FDCWD");
	is_int(WEXITSTATUS(run_at(fd, "", seven, AT_EMPTY_PATH)), 7, "a descriptor itself: AT_EMPTY_PATH");
	is_int(WEXITSTATUS(run_at(path, "", seven, AT_EMPTY_PATH)), 7, "also one of O_PATH");
	fails(run_at(fd, "", seven, 0), ENOENT, "without AT_EMPTY_PATH the empty name is ENOENT");
	fails(run_at(99, "inter", seven, 0), EBADF, "no descriptor is EBADF");
	fails(run_at(fd, "inter", seven, 0), ENOTDIR, "a name below a file is ENOTDIR");
	fails(run_at(dir, "inter", seven, 0x4000), EINVAL, "an unknown flag is EINVAL");
	must(symlink("inter", DIR "/link") == 0);
	is_int(WEXITSTATUS(run_at(dir, "link", seven, 0)), 7, "a link is followed");
	fails(run_at(dir, "link", seven, AT_SYMLINK_NOFOLLOW), ELOOP, "with AT_SYMLINK_NOFOLLOW it is ELOOP");
	is_int(WEXITSTATUS(run_at(text, "", (char *[]){"x", "fd", NULL}, AT_EMPTY_PATH)), 58, "a script by descriptor is /dev/fd/N");
	fcntl(text, F_SETFD, FD_CLOEXEC);
	fails(run_at(text, "", seven, AT_EMPTY_PATH), ENOENT, "which the interpreter could not open if exec closed it");
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	is_int(WEXITSTATUS(run_at(fd, "", seven, AT_EMPTY_PATH)), 7, "a program does not mind");
	close(dir), close(fd), close(path), close(text);
}

/* ---- the programs that are run ---- */

static int interpreted(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "script1") && !strcmp(argv[2], DIR "/s1") && !strcmp(argv[3], "arg"))
		return 0;
	if (argc == 4 && !strcmp(argv[1], "script2 and more") && !strcmp(argv[2], DIR "/s2") && !strcmp(argv[3], "arg"))
		return 0;
	if (argc == 3 && !strcmp(argv[1], DIR "/s3") && !strcmp(argv[2], "arg"))
		return 56;
	if (argc == 4 && !strcmp(argv[1], "script1") && !strcmp(argv[2], DIR "/s1") && !strcmp(argv[3], DIR "/nested"))
		return 57;
	if (argc == 4 && !strcmp(argv[1], "script1") && !strncmp(argv[2], "/dev/fd/", 8) && !strcmp(argv[3], "fd"))
		return 58;
	return 60;
}

static int child(int argc, char **argv)
{
	const char *mode = argv[1], *argument = argc > 2 ? argv[2] : "";
	char name[16];

	if (!strcmp(mode, "exit"))
		return atoi(argument);
	if (!strcmp(mode, "length"))
		return (int)strlen(argv[3]) != atoi(argument);
	if (!strcmp(mode, "words"))
		return check_words(argc, argv);
	if (!strcmp(mode, "auxv"))
		return check_auxv();
	if (!strcmp(mode, "name"))
		return prctl(PR_GET_NAME, name) || strcmp(name, argument);
	if (!strcmp(mode, "execfn"))
		return strcmp((char *)getauxval(AT_EXECFN), argument) != 0;
	if (!strcmp(mode, "prepare"))
		prepare(), exec_myself("kept");
	if (!strcmp(mode, "kept"))
		return check_kept(atoi(argument));
	if (!strcmp(mode, "thread"))
		return thread_mode();
	if (!strcmp(mode, "alone"))
		return getpid() != atoi(getenv("ID")) || syscall(SYS_gettid) != getpid() || access("/proc/self/task", F_OK) != 0;
	return interpreted(argc, argv);
}

static void clean(void)
{
	static const char *const names[] = {"plain", "text", "empty", "elf", "loop", "busy", "a-very-long-program-name", "inter", "s1",
					    "s2", "s3", "nested", "nowhere", "none", "bad", "link", "deep0", "deep1", "deep2",
					    "deep3", "deep4", "deep5"};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), DIR "/%s", names[i]);
		unlink(path);
	}
	rmdir(DIR);
}

int main(int argc, char **argv)
{
	if (argc == 1 && !*argv[0])
		return 55;
	if (argc > 1)
		return child(argc, argv);
	if (!can_spawn("exec"))
		return done();
	clean();
	must(mkdir(DIR, 0755) == 0);
	test_errors();
	test_too_big();
	test_busy();
	test_stack();
	test_kept();
	test_scripts();
	test_execveat();
	clean();
	return done();
}
