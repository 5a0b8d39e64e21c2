/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races at the edges of life: processes end, exec, stop and are killed while their threads are busy; signals, alarms and
 * pipes meet the end of those they are for. Each verdict is a status or a count that does not depend on who wins.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "kernel.h"

#define PAGE 4096L
#define CROWD 6
#define ROUNDS 4

static int *volatile nowhere = (int *)8;

static void nap_us(long us)
{
	struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&t, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits for `cond` patiently: on a busy host a vCPU may not run for a while. */
#define eventually(cond)                                                                           \
	({                                                                                         \
		double end = now() + 30;                                                           \
		while (!(cond) && now() < end)                                                     \
			nap_us(200);                                                               \
		(cond);                                                                            \
	})

/* ---- a crowd: threads that do what threads do, for ever ---- */

static void *mapper(void *unused)
{
	for (;;) {
		char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			continue;
		for (int i = 0; i < 8; i++)
			p[i * PAGE] = 1;
		mprotect(p, 4 * PAGE, PROT_READ);
		munmap(p, 8 * PAGE);
	}
	return unused;
}

static void *piper(void *unused)
{
	int end[2];
	char c = 0;

	must(pipe(end) == 0);
	for (;;)
		if (write(end[1], &c, 1) == 1 && read(end[0], &c, 1) == 1)
			c++;
	return unused;
}

static void *sleeper(void *unused)
{
	for (;;)
		nap_us(100);
	return unused;
}

static void *blocked_reader(void *unused)
{
	int end[2];
	char c;

	must(pipe(end) == 0);
	while (read(end[0], &c, 1) < 0)
		;
	return unused;
}

static void *looker(void *unused)
{
	struct stat st;

	for (;;)
		stat("/proc/self/status", &st);
	return unused;
}

static void *changer(void *unused)
{
	for (;;)
		syscall(SYS_setresuid, -1, -1, -1);
	return unused;
}

static void crowd_start(void)
{
	static void *(*const work[CROWD])(void *) = {mapper, piper, sleeper, blocked_reader, looker, changer};
	pthread_t thread;

	for (int i = 0; i < CROWD; i++)
		must(pthread_create(&thread, NULL, work[i], NULL) == 0);
}

static void *end_group(void *unused)
{
	nap_us(300);
	syscall(SYS_exit_group, 44);
	return unused;
}

static void *end_exec(void *unused)
{
	char *argv[] = {"self", "exit", "43", NULL};

	nap_us(300);
	execv(SELF, argv);
	return unused;
}

static void *end_fault(void *unused)
{
	nap_us(300);
	*nowhere = 1;
	return unused;
}

static int crowd(const char *end)
{
	pthread_t thread;

	crowd_start();
	if (!strcmp(end, "group")) {
		must(pthread_create(&thread, NULL, end_group, NULL) == 0);
		nap_us(300);
		syscall(SYS_exit, 1); /* at the same time: the group's status counts */
	}
	if (!strcmp(end, "exec"))
		must(pthread_create(&thread, NULL, end_exec, NULL) == 0);
	if (!strcmp(end, "fault"))
		must(pthread_create(&thread, NULL, end_fault, NULL) == 0);
	if (!strcmp(end, "alarm")) {
		struct itimerval often = {{0, 500}, {0, 500}};

		signal(SIGALRM, SIG_IGN);
		setitimer(ITIMER_REAL, &often, NULL);
		nap_us(2000);
		return 45;
	}
	if (write(STDOUT_FILENO, "!", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static int crowd_status(const char *end, int kill_by)
{
	int out[2], saved = dup(STDOUT_FILENO), status = -1;
	char c;

	must(pipe2(out, O_CLOEXEC) == 0);
	dup2(out[1], STDOUT_FILENO);
	close(out[1]);

	pid_t pid = spawn_self("crowd", end);

	dup2(saved, STDOUT_FILENO);
	close(saved);
	if (kill_by && read(out[0], &c, 1) == 1)
		kill(pid, kill_by);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		status &= ~0x80; /* whether a core was dumped */
	close(out[0]);
	return status;
}

static void test_crowd(const char *end, int kill_by, int want, const char *name)
{
	int right = 0;

	for (int i = 0; i < ROUNDS; i++)
		right += crowd_status(end, kill_by) == want;
	is_int(right, ROUNDS, "%s", name);
}

/* ---- stop and continue ---- */

static void *ticker(void *fd)
{
	for (;;) {
		if (write((int)(long)fd, "t", 1) < 0)
			nap_us(500);
	}
	return NULL;
}

static int tick(int fd)
{
	pthread_t thread;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 3; i++)
		must(pthread_create(&thread, NULL, ticker, (void *)(long)fd) == 0);
	for (;;)
		pause();
}

/* Nothing arrives for a while, after what was on its way. */
static int falls_silent(int fd)
{
	char buffer[4096];

	for (int tries = 0; tries < 200; tries++) {
		while (read(fd, buffer, sizeof(buffer)) > 0)
			;
		nap_us(20000);
		if (read(fd, buffer, 1) < 0)
			return 1;
	}
	return 0;
}

static void test_stop(void)
{
	int end[2], status, stopped = 0, silent = 0, continued = 0, ticks = 0;
	char number[16], c;

	must(pipe(end) == 0);
	fcntl(end[0], F_SETFD, FD_CLOEXEC);
	snprintf(number, sizeof(number), "%d", end[1]);

	pid_t pid = spawn_self("tick", number);

	must(pid > 0 && read(end[0], &c, 1) == 1);
	for (int i = 0; i < 3; i++) {
		kill(pid, SIGSTOP);
		stopped += waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
		fcntl(end[0], F_SETFL, O_NONBLOCK);
		silent += falls_silent(end[0]);
		fcntl(end[0], F_SETFL, 0);
		kill(pid, SIGCONT);
		continued += waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status);
		ticks += read(end[0], &c, 1) == 1;
	}
	is_int(stopped, 3, "a process of many threads stops, and tells");
	is_int(silent, 3, "all its threads rest");
	is_int(continued, 3, "it continues, and tells");
	is_int(ticks, 3, "its threads go on");
	for (int i = 0; i < 50; i++) {
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
	}
	kill(pid, SIGSTOP);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "SIGKILL ends a stopped one");
	close(end[0]);
	close(end[1]);
}

/* ---- the ends of pipes ---- */

static int gush(void)
{
	static char much[10000];

	for (;;)
		if (write(STDOUT_FILENO, much, sizeof(much)) < 0)
			return 1;
}

static void test_pipe_death(void)
{
	int right = 0, status;

	for (int i = 0; i < ROUNDS; i++) {
		int end[2], saved = dup(STDOUT_FILENO);
		char buffer[100];

		must(pipe2(end, O_CLOEXEC) == 0);
		dup2(end[1], STDOUT_FILENO);
		close(end[1]);

		pid_t pid = spawn_self("gush", "");

		dup2(saved, STDOUT_FILENO);
		close(saved);
		must(read(end[0], buffer, sizeof(buffer)) > 0);
		close(end[0]);
		right += waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
	}
	is_int(right, ROUNDS, "a writer dies by SIGPIPE when its reader goes away while it writes");
}

/* ---- vfork children that die ---- */

static pid_t vfork_and_die(int how)
{
	pid_t pid = vfork();

	if (pid == 0) {
		if (how == SIGSEGV)
			*nowhere = 1;
		kill(getpid(), how);
		_exit(1);
	}
	return pid;
}

static void test_vfork_death(void)
{
	static const int deaths[] = {SIGKILL, SIGSEGV, SIGTERM};
	int right = 0, status;

	for (int i = 0; i < 3 * ROUNDS; i++) {
		int how = deaths[i % 3];
		pid_t pid = vfork_and_die(how);

		right += waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == how;
	}
	is_int(right, 3 * ROUNDS, "vfork children die by signals, and their parent goes on");
}

/* ---- fork ---- */

static int write_all(volatile int *pages, int value)
{
	for (int i = 0; i < 32; i++)
		pages[i * (PAGE / (long)sizeof(int))] = value;
	for (int i = 0; i < 32; i++)
		if (pages[i * (PAGE / (long)sizeof(int))] != value)
			return 1;
	return 0;
}

static int fork_tree(volatile int *pages, int depth, int value)
{
	pid_t pid[2];
	int bad = 0, status;

	for (int i = 0; depth && i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(fork_tree(pages, depth - 1, 2 * value + i));
	}
	for (int i = 0; i < 4; i++)
		bad |= write_all(pages, value);
	for (int i = 0; depth && i < 2; i++)
		bad |= pid[i] < 0 || waitpid(pid[i], &status, 0) != pid[i] || status;
	return bad || write_all(pages, value);
}

/*
 * Forks as fast as it can, in a group of its own. By the bare call: a C library's fork() blocks all signals meanwhile, and
 * then a signal to the group waits until the child is there, who is not sent it.
 */
static int brood(void)
{
	setpgid(0, 0);
	if (write(STDOUT_FILENO, "!", 1) != 1)
		return 1;
	for (int i = 0; i < 100; i++)
		if (syscall(SYS_fork) == 0)
			break;
	for (;;)
		pause();
}

static void test_group_kill(void)
{
	int gone = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int out[2], saved = dup(STDOUT_FILENO), status;
		char c;

		must(pipe2(out, O_CLOEXEC) == 0);
		dup2(out[1], STDOUT_FILENO);
		close(out[1]);

		pid_t pid = spawn_self("brood", "");

		dup2(saved, STDOUT_FILENO);
		close(saved);
		must(pid > 0 && read(out[0], &c, 1) == 1);
		nap_us(300 * i);
		kill(-pid, i % 2 ? SIGTERM : SIGKILL);
		waitpid(pid, &status, 0);
		gone += eventually(kill(-pid, 0) < 0);
		kill(-pid, SIGKILL);
		close(out[0]);
	}
	is_int(gone, ROUNDS, "a signal to a group also ends the children that are being forked");
}

static atomic_int storm_ended;

static void *storm_writer(void *pages)
{
	int bad = 0;

	for (int i = 0; !storm_ended; i++)
		bad |= write_all(pages, i);
	return (void *)(long)bad;
}

static void test_fork_storm(void)
{
	char *area = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	void *bad;

	must(area != MAP_FAILED && !pthread_create(&thread, NULL, storm_writer, area + 32 * PAGE));
	is_int(fork_tree((volatile int *)area, 4, 1), 0, "a tree of 31 processes: each has its own pages");
	storm_ended = 1;
	pthread_join(thread, &bad);
	ok(!bad, "so has a thread that writes while its process forks");
	munmap(area, 64 * PAGE);
}

/* ---- within one process ---- */

static atomic_int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

/* The alarm may come at every instruction on the way to sleep. */
static void test_alarm(void)
{
	sigset_t alarm_set, none;
	int rounds = 400;

	sigemptyset(&none);
	sigemptyset(&alarm_set);
	sigaddset(&alarm_set, SIGALRM);
	signal(SIGALRM, on_signal);
	sigprocmask(SIG_BLOCK, &alarm_set, NULL);
	handled = 0;
	for (int i = 0; i < rounds; i++) {
		struct itimerval once = {.it_value.tv_usec = 1 + i % 100};

		setitimer(ITIMER_REAL, &once, NULL);
		while (handled == i)
			sigsuspend(&none);
	}
	is_int(handled, rounds, "no alarm is slept through");
	sigprocmask(SIG_UNBLOCK, &alarm_set, NULL);
}

static atomic_int go, sent;

static void *send_to_process(void *unused)
{
	while (!go)
		;
	kill(getpid(), SIGUSR1);
	sent = 1;
	return unused;
}

static atomic_int receiver_stop;

static void *receive(void *unused)
{
	while (!receiver_stop)
		nap_us(1000000);
	return unused;
}

/* The first thread blocks a signal just when it was chosen for it: the other one, which sleeps, has to take it. */
static void test_retarget(void)
{
	pthread_t receiver, sender;
	sigset_t usr1;
	int taken = 0;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	signal(SIGUSR1, on_signal);
	must(!pthread_create(&receiver, NULL, receive, NULL));
	for (int i = 0; i < 100; i++) {
		handled = go = sent = 0;
		must(!pthread_create(&sender, NULL, send_to_process, NULL));
		go = 1;
		for (volatile int spin = 0; spin < i * 20; spin++)
			;
		pthread_sigmask(SIG_BLOCK, &usr1, NULL);
		pthread_join(sender, NULL);
		taken += eventually(handled == 1);
		pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	}
	is_int(taken, 100, "a signal is taken though the thread that was told blocks it");
	receiver_stop = 1;
	pthread_kill(receiver, SIGUSR1);
	pthread_join(receiver, NULL);
}

static void *map_and_check(void *seed)
{
	long bad = 0;

	for (long i = 0; i < 60; i++) {
		long pages = 1 + (i + (long)seed) % 16;
		long *p = mmap(NULL, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			return (void *)1;
		for (long j = 0; j < pages; j++) {
			bad += p[j * PAGE / 8] != 0;
			p[j * PAGE / 8] = (long)seed * 1000 + j;
		}
		if (pages > 2)
			mprotect(p + PAGE / 8, PAGE, PROT_NONE);
		if (pages > 2)
			mprotect(p + PAGE / 8, PAGE, PROT_READ);
		for (long j = 0; j < pages; j++)
			bad += p[j * PAGE / 8] != (long)seed * 1000 + j;
		madvise(p, PAGE, MADV_DONTNEED);
		bad += p[0] != 0;
		munmap(p, (size_t)(pages * PAGE));
	}
	return (void *)bad;
}

static void test_mappings(void)
{
	pthread_t thread[8];
	void *bad;
	int wrong = 0;

	for (long i = 0; i < 8; i++)
		must(!pthread_create(&thread[i], NULL, map_and_check, (void *)(i + 1)));
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &bad);
		wrong += bad != NULL;
	}
	is_int(wrong, 0, "eight threads map, protect and unmap: each finds zeroes, and what it wrote");
}

static int child(int argc, char **argv)
{
	const char *mode = argv[1], *argument = argc > 2 ? argv[2] : "";

	if (!strcmp(mode, "crowd"))
		return crowd(argument);
	if (!strcmp(mode, "tick"))
		return tick(atoi(argument));
	if (!strcmp(mode, "gush"))
		return gush();
	if (!strcmp(mode, "brood"))
		return brood();
	return !strcmp(mode, "exit") ? atoi(argument) : 98;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argc, argv);
	test_mappings();
	test_alarm();
	test_retarget();
	if (can_spawn("many processes")) {
		test_crowd("group", 0, 44 << 8, "exit_group from one thread, exit from another: the group's status");
		test_crowd("exec", 0, 43 << 8, "exec from a thread that is not the first, while others are busy");
		test_crowd("fault", 0, SIGSEGV, "a thread faults while others are busy");
		test_crowd("alarm", 0, 45 << 8, "the end while a periodic alarm fires");
		test_crowd("wait", SIGKILL, SIGKILL, "SIGKILL while all threads are busy");
		test_crowd("wait", SIGTERM, SIGTERM, "SIGTERM while all threads are busy");
		test_stop();
		test_pipe_death();
		test_vfork_death();
	}
	if (can_fork("fork storm")) {
		test_fork_storm();
		test_group_kill();
	}
	crowd_start(); /* and the end of this program meets them too */
	return done();
}
