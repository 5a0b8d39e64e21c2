/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: everything a program can take is taken until the kernel says no. It must say so with the right errno, or
 * end the process that took the most; nobody else may suffer, and what is given back must be there again. Run in a small
 * machine (tests/user/oom.t): `oom` is the TAP test, `oom touch` dies.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kernel.h"
#include "memory.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define MIB (1l << 20)
#define FILE_PATH "/tmp/hog"
/* What may stay in caches (stacks of ended threads, slabs) after a hog took everything. */
#define TOLERANCE_KIB 3072

static void *map(long size)
{
	return mmap(NULL, size, RW, ANON, -1, 0);
}

static bool is_no_memory(int error)
{
	return error == ENOMEM || error == EAGAIN || error == ENOSPC || error == ENFILE;
}

/* ---- what this program does as its own child, or when asked to ---- */

static void touch(char *at, long size)
{
	for (long i = 0; i < size; i += PAGE)
		at[i] = 1;
}

/* Was promised more than there is, and takes it at its word. */
static int child_touch(void)
{
	static char *at[16];

	for (int i = 0; i < 16; i++)
		must((at[i] = map(16 * MIB)) != MAP_FAILED);
	for (int i = 0; i < 16; i++)
		touch(at[i], 16 * MIB);
	return 3;
}

/* Leaves `argument` KiB to the others, says so, and stays. */
static int child_hold(const char *argument)
{
	char *at;

	while (free_kib() >= atol(argument) + 64 && (at = map(16 * PAGE)) != MAP_FAILED)
		touch(at, 16 * PAGE);
	if (write(STDOUT_FILENO, "h", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* A neighbour: counts, and writes a byte for each million. */
static int child_count(void)
{
	for (volatile long i = 1;; i++)
		if (i % 1000000 == 0 && write(STDOUT_FILENO, "c", 1) != 1)
			return 1;
}

/* The same by read(2): the kernel itself meets the end. */
static int child_read(void)
{
	int fd = open("/dev/zero", O_RDONLY);
	char *at[16];

	for (int i = 0; i < 16; i++)
		must((at[i] = map(16 * MIB)) != MAP_FAILED);
	for (int i = 0; i < 16; i++)
		if (read(fd, at[i], 16 * MIB) < 0)
			return 4; /* an error instead of the end */
	return 3;
}

static int child(int argc, char **argv)
{
	const char *mode = argv[1], *argument = argc > 2 ? argv[2] : "";

	if (!strcmp(mode, "touch"))
		return child_touch();
	if (!strcmp(mode, "read"))
		return child_read();
	if (!strcmp(mode, "hold"))
		return child_hold(argument);
	if (!strcmp(mode, "count"))
		return child_count();
	return strcmp(mode, "exit") ? 98 : atoi(argument);
}

/* ---- is everything there again? ---- */

static long free_at_start;

static void all_is_back(const char *after)
{
	long now = free_kib_at_least(free_at_start - TOLERANCE_KIB);

	if (!ok(now >= free_at_start - TOLERANCE_KIB, "%s: the memory is there again", after))
		printf("#   %ld KiB free at the start, now %ld\n", free_at_start, now);
}

/* ---- hogs inside one process ---- */

static void test_huge_mmap(void)
{
	errno = 0;
	ok(map(1l << 40) == MAP_FAILED && errno == ENOMEM, "a mapping larger than memory is ENOMEM");
	errno = 0;
	ok(map(1l << 60) == MAP_FAILED && errno == ENOMEM, "one larger than the address space too");
}

static void test_brk(void)
{
	uintptr_t start = syscall(SYS_brk, 0), at = start;

	while ((uintptr_t)syscall(SYS_brk, at + 16 * MIB) == at + 16 * MIB && at - start < 1ul << 40)
		at += 16 * MIB;
	ok(at - start < 1ul << 40, "brk ends (after %ld MiB)", (long)((at - start) / MIB));
	ok((uintptr_t)syscall(SYS_brk, start) == start, "and goes back");
}

static void test_regions(void)
{
	static char *at[70000];
	long n = 0;

	/* Neighbours with different rights never become one region. */
	for (; n < 70000; n++) {
		at[n] = mmap(NULL, PAGE, n % 2 ? PROT_READ : RW, ANON, -1, 0);
		if (at[n] == MAP_FAILED)
			break;
	}
	ok(n > 30000 && (n == 70000 || errno == ENOMEM), "%ld small mappings, then ENOMEM if at all", n);
	while (n--)
		munmap(at[n], PAGE);
	all_is_back("many mappings");
}

static void test_descriptors(void)
{
	static int fd[65536];
	struct rlimit limit;
	long n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	while (n < 65536 && (fd[n] = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	ok(n < 65536 && errno == EMFILE, "%ld descriptors, then EMFILE", n);
	is_int(n, (long)limit.rlim_cur - 3, "which is the limit");
	while (n--)
		close(fd[n]);
}

static void test_pipes(void)
{
	static char data[65536];
	static int ends[4096][2];
	struct rlimit limit;
	int n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (; n < 2000 && pipe(ends[n]) == 0; n++) {
		long in = 0, written = 0;

		fcntl(ends[n][1], F_SETFL, O_NONBLOCK);
		while (in < (long)sizeof(data) && (written = write(ends[n][1], data, sizeof(data) - in)) > 0)
			in += written;
		if (in < (long)sizeof(data)) {
			n++;
			break;
		}
	}
	ok(n < 2000 && is_no_memory(errno), "%d full pipes, then %s", n, strerror(errno));
	while (n--) {
		close(ends[n][0]);
		close(ends[n][1]);
	}
	all_is_back("full pipes");
}

static void test_file(void)
{
	static char data[65536];
	int fd = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
	long written = 0, n;

	must(fd >= 0);
	while ((n = write(fd, data, sizeof(data))) > 0 && written < 1l << 30)
		written += n;
	ok(n < 0 && is_no_memory(errno), "a file of %ld KiB, then %s", written / 1024, strerror(errno));
	is_int(lseek(fd, 0, SEEK_END), written, "its size is what was written");
	close(fd);
	is_int(unlink(FILE_PATH), 0, "it can be removed");
	all_is_back("a file that filled memory");
	fd = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
	is_int(write(fd, data, sizeof(data)), sizeof(data), "and then there is room for another");
	close(fd);
	unlink(FILE_PATH);
}

/* Empty files: what is used up is the kernel's own memory. */
static void test_names(void)
{
	char name[64];
	long n = 0;
	int fd;

	for (;; n++) {
		snprintf(name, sizeof(name), "/tmp/empty-%ld", n);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || n == 20000)
			break;
		close(fd);
	}
	ok(fd >= 0 || is_no_memory(errno), "%ld empty files, then no error but one of memory", n);
	close(fd);
	for (; n >= 0; n--) {
		snprintf(name, sizeof(name), "/tmp/empty-%ld", n);
		unlink(name);
	}
	all_is_back("many files");
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static void test_threads(void)
{
	static pthread_t threads[20000];
	pthread_attr_t small;
	int n = 0, error = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 4 * PAGE);
	pthread_mutex_lock(&gate);
	while (n < 20000 && !(error = pthread_create(&threads[n], &small, wait_at_gate, NULL)))
		n++;
	ok(error == EAGAIN, "%d threads, then EAGAIN", n);
	pthread_mutex_unlock(&gate);
	while (n--)
		pthread_join(threads[n], NULL);
	all_is_back("many threads");
}

static sigjmp_buf recursion_end;

static void on_overflow(int sig)
{
	siglongjmp(recursion_end, sig);
}

__attribute__((noinline)) static long recurse(long depth)
{
	volatile char here[3000];

	here[0] = (char)depth;
	return depth ? recurse(depth + 1) + here[0] : 0;
}

static void test_recursion(void)
{
	static char stack[65536];
	stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
	struct rlimit limit = {2 * MIB, 2 * MIB};
	int sig;

	setrlimit(RLIMIT_STACK, &limit);
	sigaltstack(&alternative, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sig = sigsetjmp(recursion_end, 1);
	if (!sig)
		recurse(1);
	is_int(sig, SIGSEGV, "endless recursion ends with SIGSEGV");
	action.sa_handler = SIG_DFL;
	sigaction(SIGSEGV, &action, NULL);
}

/* ---- hogs beside others ---- */

/* Starts `oom MODE ARGUMENT` with its stdout in a pipe, whose other end is *from. */
static pid_t start(const char *mode, const char *argument, int *from)
{
	int ends[2], out = dup(STDOUT_FILENO);
	pid_t pid;

	must(pipe2(ends, O_CLOEXEC) == 0 && fcntl(out, F_SETFD, FD_CLOEXEC) == 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	pid = spawn_self(mode, argument);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(ends[1]);
	*from = ends[0];
	must(pid > 0);
	return pid;
}

static void stop(pid_t pid, int from)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(from);
}

static bool hears(int from)
{
	char c;

	return read(from, &c, 1) == 1;
}

/* What is in the pipe now, then something new: it lives and goes on. */
static bool goes_on(int from)
{
	static char some[65536];

	return read(from, some, sizeof(some)) > 0 && hears(from);
}

static void test_killed(const char *mode, const char *name)
{
	int from, status;
	pid_t neighbour = start("count", "", &from);

	ok(hears(from), "a neighbour counts");
	status = run_self(mode, "");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: killed", name);
	ok(goes_on(from), "and the neighbour counts on");
	is_int(waitpid(neighbour, &status, WNOHANG), 0, "alive");
	stop(neighbour, from);
	all_is_back(name);
}

/* What a vfork child gets from exec: the wait status; when vfork or exec failed, 42 and *error. */
static int exec_self(char **argv, volatile int *error)
{
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		execve(SELF, argv, environ);
		*error = errno;
		_exit(42);
	}
	if (pid < 0) {
		*error = errno;
		return 42 << 8;
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void test_spawn_when_short(void)
{
	static char *argv[] = {"self", "exit", "7", NULL};
	int from, worked = 0, refused = 0, killed = 0, odd = 0;
	pid_t holder = start("hold", "2200", &from);

	ok(hears(from), "nearly all memory is held");
	/* With less at each try, until nothing is left. */
	for (int i = 0; i < 400 && !odd && (i < 20 || refused < 5); i++) {
		volatile int error = 0;
		int status = exec_self(argv, &error);
		char *page = map(PAGE);

		if (page != MAP_FAILED && free_kib() > 400)
			*page = 1;
		if (status == 7 << 8)
			worked++;
		else if (status == 42 << 8 && is_no_memory(error))
			refused++;
		else if (status == SIGKILL)
			killed++;
		else
			odd = status;
	}
	ok(!odd, "exec works (%d), says that there is no memory (%d), or ends the process (%d)", worked, refused, killed);
	if (odd)
		printf("#   status %x\n", odd);
	stop(holder, from);
	is_int(run_self("exit", "7"), 7 << 8, "and it works once there is memory");
	all_is_back("exec without memory");
}

static void test_arguments(void)
{
	static char text[120000], *argv[32] = {"self", "exit", "7"};
	volatile int error = 0;

	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 16; i++)
		argv[3 + i] = text;
	is_int(exec_self(argv, &error), 7 << 8, "nearly 2 MiB of arguments are fine");
	for (int i = 0; i < 20; i++)
		argv[3 + i] = text;
	exec_self(argv, &error);
	is_int(error, E2BIG, "more than 2 MiB are E2BIG");
	/* Pointers count too: eight MiB of them. */
	char **many = map(1000002 * sizeof(*many));

	for (long i = 0; i < 1000000; i++)
		many[i] = "";
	error = 0;
	exec_self(many, &error);
	is_int(error, E2BIG, "a million empty arguments are E2BIG");
	munmap(many, 1000002 * sizeof(*many));
	all_is_back("arguments");
}

/* Half of memory is free, but in single pages: what execve needs room for is not to be one block. */
static void test_arguments_in_pieces(void)
{
	static char text[120000], *argv[32] = {"self", "exit", "7"};
	volatile int error = 0;
	long size = (free_kib() - 2048) * 1024 / PAGE * PAGE;
	char *at = map(size);

	must(at != MAP_FAILED);
	touch(at, size);
	for (long i = 0; i < size; i += 2 * PAGE)
		madvise(at + i, PAGE, MADV_DONTNEED);
	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 16; i++)
		argv[3 + i] = text;
	is_int(exec_self(argv, &error), 7 << 8, "nearly 2 MiB of arguments, and memory in single pages (%s)", strerror(error));
	munmap(at, size);
	all_is_back("arguments in pieces");
}

static void test_fork_when_short(void)
{
	int from, error = 0, n = 0, reaped = 0;
	pid_t holder = start("hold", "3000", &from);
	static pid_t pids[5000];

	ok(hears(from), "much memory is held");
	while (n < 5000 && !error && waitpid(holder, NULL, WNOHANG) == 0) {
		pids[n] = fork();
		if (pids[n] == 0)
			for (;;)
				pause();
		if (pids[n] > 0)
			n++;
		else
			error = errno;
	}
	ok(n < 5000 && (!error || is_no_memory(error)), "%d children, then %s", n,
	   error ? strerror(error) : "the end of who held most");
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < n; i++)
		reaped += waitpid(pids[i], NULL, 0) == pids[i];
	is_int(reaped, n, "all are found by wait");
	stop(holder, from);
	fails(waitpid(-1, NULL, 0), ECHILD, "nobody is left");
	all_is_back("a fork bomb");
}

int main(int argc, char **argv)
{
	if (!kernel_is_orchard() || free_kib() > 200 * 1024) {
		skip("would fill a machine that is not small", "out of memory");
		return done();
	}
	if (argc > 1)
		return child(argc, argv);
	free_at_start = free_kib();
	bool spawns = can_spawn("hogs beside others");

	if (spawns)
		test_arguments();
	test_huge_mmap();
	test_brk();
	test_regions();
	test_descriptors();
	test_pipes();
	test_file();
	test_names();
	test_threads();
	test_recursion();
	free_at_start = free_kib();
	if (spawns) {
		test_killed("touch", "a program that touches all memory");
		test_killed("read", "a program that reads into all memory");
		test_arguments_in_pieces();
		test_spawn_when_short();
	}
	if (can_fork("forking without memory"))
		test_fork_when_short();
	return done();
}
