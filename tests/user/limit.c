/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits on what a user, or a process, may have: threads and processes (RLIMIT_NPROC), queued signals (RLIMIT_SIGPENDING), regions
 * of memory (vm.max_map_count). Each to the number, as on Linux. Source: getrlimit(2), mmap(2).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kernel.h"

#define SOMEBODY 4242 /* a user with no other process */
#define FEW 7
#define PAGE 4096
#define MAP_COUNT 65530

static void set_limit(int resource, long value)
{
	struct rlimit limit = {value, value};

	must(setrlimit(resource, &limit) == 0);
}

/* ---- threads and processes of one user ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

/* Threads until there may be no more: how many, and why not. */
static int start_threads(pthread_t *thread, int *n)
{
	int error = 0;

	for (*n = 0; *n < 2 * FEW && !error; *n += !error)
		error = pthread_create(&thread[*n], NULL, wait_at_gate, NULL);
	return error;
}

static void test_threads(const char *when, int want)
{
	int error = 0, n = 0;

	/* A joined thread may be counted a moment longer: then once more. */
	for (int tries = 0; tries < 50 && n != want; tries++) {
		pthread_t thread[2 * FEW];

		usleep(tries * 10000);
		pthread_mutex_lock(&gate);
		error = start_threads(thread, &n);
		pthread_mutex_unlock(&gate);
		for (int i = 0; i < n; i++)
			pthread_join(thread[i], NULL);
	}
	ok(n == want && error == (want < 2 * FEW ? EAGAIN : 0), "%s: %d threads beside the first, then %s", when, n, strerror(error));
}

static pid_t spawn_soon(const char *mode)
{
	pid_t pid;

	for (int i = 0; (pid = spawn_self(mode, NULL)) < 0 && errno == EAGAIN && i < 100; i++)
		usleep(10000);
	return pid;
}

static void test_processes(void)
{
	pid_t pid[2 * FEW];
	siginfo_t info;
	int n = 0;

	while (n < 2 * FEW && (pid[n] = n ? spawn_self("sleep", NULL) : spawn_soon("sleep")) > 0)
		n++;
	ok(n == FEW - 1 && errno == EAGAIN, "%d children of one user, then %s", n, strerror(errno));
	pthread_t thread;

	is_int(pthread_create(&thread, NULL, wait_at_gate, NULL), EAGAIN, "and no thread either");
	kill(pid[0], SIGKILL);
	must(waitid(P_PID, pid[0], &info, WEXITED | WNOWAIT) == 0);
	fails(spawn_self("sleep", NULL), EAGAIN, "a zombie counts");
	must(waitpid(pid[0], NULL, 0) == pid[0]);
	pid[0] = spawn_soon("sleep");
	ok(pid[0] > 0, "until it is waited for");
	while (n--) {
		kill(pid[n], SIGKILL);
		waitpid(pid[n], NULL, 0);
	}
}

/* A child of user 0 becomes one of a user that has `others`: if those were too many already, its execve fails. */
static void test_exec(int others)
{
	static volatile int error;
	char *argv[] = {"self", "exit", NULL};
	pid_t pid[FEW + 1], child;
	int status;

	for (int i = 0; i < others; i++)
		must((pid[i] = spawn_self("somebody", NULL)) > 0);
	usleep(50000 * (others + 1)); /* until they are somebody */
	error = 0;
	child = vfork();
	if (child == 0) {
		if (syscall(SYS_setresuid, SOMEBODY, SOMEBODY, SOMEBODY))
			_exit(1);
		execve(SELF, argv, environ);
		error = errno;
		_exit(2);
	}
	must(child > 0 && waitpid(child, &status, 0) == child);
	is_int(error, others <= FEW ? 0 : EAGAIN, "execve of one more beside %d of a user: %s", others, strerror(error));
	for (int i = 0; i < others; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

static void test_nproc(bool spawns)
{
	set_limit(RLIMIT_NPROC, FEW);
	test_threads("user 0 has no limit", 2 * FEW);
	if (spawns) {
		test_exec(FEW);
		test_exec(FEW + 1);
	}
	must(setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0);
	test_threads("another user", FEW - 1);
	if (spawns)
		test_processes();
	test_threads("again", FEW - 1);
}

/* ---- queued signals ---- */

static sigset_t realtime(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return set;
}

static int queue_one(void)
{
	return (int)syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), SIGRTMIN);
}

static int take_all(void)
{
	struct timespec now = {0};
	sigset_t set = realtime();
	int n = 0;

	while (sigtimedwait(&set, NULL, &now) == SIGRTMIN)
		n++;
	return n;
}

static void test_sigpending(void)
{
	sigset_t set = realtime();
	int n = 0;

	sigprocmask(SIG_BLOCK, &set, NULL);
	set_limit(RLIMIT_SIGPENDING, FEW);
	while (n < 100 && queue_one() == 0)
		n++;
	ok(n == FEW && errno == EAGAIN, "%d real-time signals are queued, then %s", n, strerror(errno));
	is_int(kill(getpid(), SIGRTMIN), 0, "kill says no more than a number, so it may");
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	is_int(kill(getpid(), SIGUSR1), 0, "as it may for an ordinary signal");
	ok(take_all() >= FEW, "all come");
	for (n = 0; n < 100 && queue_one() == 0; n++)
		;
	is_int(n, FEW - 1, "and there is room again, but for the ordinary one");
	take_all();
}

/* ---- regions ---- */

/* Without stdio, which would want a mapping. */
static int count_regions(void)
{
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY), lines = 0;
	long got;

	must(fd >= 0);
	while ((got = read(fd, text, sizeof(text))) > 0)
		for (long i = 0; i < got; i++)
			lines += text[i] == '\n';
	must(got == 0);
	close(fd);
	return lines;
}

static void test_map_count(void)
{
	static char *at[MAP_COUNT + 10];
	int n = 0;
	char *three = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (; n < MAP_COUNT + 10; n++) {
		/* Neighbours with different rights never become one. */
		int prot = n % 2 ? PROT_READ : PROT_READ | PROT_WRITE;

		at[n] = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at[n] == MAP_FAILED)
			break;
	}
	ok(n < MAP_COUNT && errno == ENOMEM, "%d small mappings, then %s", n, strerror(errno));

	int regions = count_regions();

	/* Linux shows the vsyscall page too, and counts it not. */
	ok(regions >= MAP_COUNT && regions <= MAP_COUNT + 2, "%d regions", regions);
	fails(mprotect(three + PAGE, PAGE, PROT_NONE), ENOMEM, "nor can one become three");
	fails(munmap(three + PAGE, PAGE), ENOMEM, "or two");
	munmap(at[0], PAGE);
	munmap(at[1], PAGE);
	munmap(at[2], PAGE);
	is_int(mprotect(three + PAGE, PAGE, PROT_NONE), 0, "until others are gone");
	while (--n > 2)
		munmap(at[n], PAGE);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	if (argc > 1 && !strcmp(argv[1], "somebody")) {
		must(setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0);
		for (;;)
			pause();
	}
	test_map_count();
	if (getuid()) {
		skip("only user 0 can become another", "threads, processes and signals of a user");
	} else {
		test_nproc(can_spawn("processes of a user"));
		test_sigpending();
	}
	return done();
}
