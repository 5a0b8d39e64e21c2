/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: vfork, posix_spawn, exec and its errors, wait and its variants, orphans, pipes between
 * processes, close-on-exec; and fork with copy-on-write where there is fork.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "kernel.h"

#define PAGE 4096L

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

/* ---- what this program does when it is its own child ---- */

static int child_orphan(void)
{
	/* Starts a grandchild and ends at once; the grandchild waits until its parent is another.
	 */
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return spawn_self("adopted", pid) > 0 ? 0 : 1;
}

static int child_adopted(pid_t old_parent)
{
	struct timespec nap = {.tv_nsec = 5000000};

	for (int i = 0; i < 1000 && getppid() == old_parent; i++)
		nanosleep(&nap, NULL);
	return write(STDOUT_FILENO, getppid() == old_parent ? "0" : "1", 1) != 1;
}

static int child(int argc, char **argv)
{
	const char *mode = argv[1], *argument = argc > 2 ? argv[2] : "";

	if (!strcmp(mode, "exit"))
		return atoi(argument);
	if (!strcmp(mode, "parent"))
		return getppid() == atoi(argument) ? 0 : 1;
	if (!strcmp(mode, "open"))
		return fcntl(atoi(argument), F_GETFD) >= 0;
	if (!strcmp(mode, "env"))
		return getenv("ORCHARD") && !strcmp(getenv("ORCHARD"), argument) ? 0 : 1;
	if (!strcmp(mode, "orphan"))
		return child_orphan();
	if (!strcmp(mode, "adopted"))
		return child_adopted(atoi(argument));
	if (!strcmp(mode, "pause"))
		for (;;)
			pause();
	return 98;
}

/* ---- spawn ---- */

static void test_vfork(void)
{
	static volatile int shared;
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		shared = 42;
		_exit(7);
	}
	is_int(shared, 42, "a vfork child shares memory and runs first");
	is_int(waitpid(pid, &status, 0), pid, "wait finds it");
	is_int(exit_status(status), 7, "with its status");

	pid = vfork();
	if (pid == 0) {
		execl(SELF, "self", "exit", "33", NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	is_int(exit_status(status), 33, "vfork and exec");
	pid = vfork();
	if (pid == 0) {
		execl("/no/such/file", "self", NULL);
		shared = errno;
		_exit(127);
	}
	waitpid(pid, &status, 0);
	is_int(shared, ENOENT, "a failed exec returns to the vfork child");
	is_int(exit_status(status), 127, "which ends by itself");
}

static void test_spawn(void)
{
	char number[16];
	int wrong = 0;

	for (int i = 0; i < 256; i += 15) {
		snprintf(number, sizeof(number), "%d", i);
		wrong += exit_status(run_self("exit", number)) != i;
	}
	is_int(wrong, 0, "exit statuses from 0 to 255 arrive");
	snprintf(number, sizeof(number), "%d", getpid());
	is_int(run_self("parent", number), 0, "a child's parent is this process");
	setenv("ORCHARD", "apple pie", 1);
	is_int(run_self("env", "apple pie"), 0, "the environment reaches the child");
}

static void test_wait(void)
{
	pid_t pids[10], pid;
	int status, sum = 0;

	fails(waitpid(-1, &status, 0), ECHILD, "wait without a child is ECHILD");
	fails(waitpid(getpid(), &status, 0), ECHILD, "oneself is no child");
	for (int i = 0; i < 10; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", i + 1);
		must((pids[i] = spawn_self("exit", number)) > 0);
	}
	is_int(waitpid(pids[5], &status, 0), pids[5], "one of ten is waited for by name");
	is_int(exit_status(status), 6, "and is the right one");
	for (int i = 0; i < 9; i++)
		if (wait(&status) > 0)
			sum += exit_status(status);
	is_int(sum, 55 - 6, "the others come in any order");
	fails(wait(&status), ECHILD, "then there are none");

	struct rusage usage;
	siginfo_t info = {0};

	must((pid = spawn_self("pause", NULL)) > 0);
	is_int(waitpid(pid, &status, WNOHANG), 0, "WNOHANG does not wait");
	kill(pid, SIGTERM);
	is_int(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0, "waitid with WNOWAIT");
	ok(info.si_pid == pid && info.si_code == CLD_KILLED, "tells who and why");
	is_int(wait4(pid, &status, 0, &usage), pid, "wait4 still finds it");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "killed by SIGTERM");
}

static void test_descriptors(void)
{
	char number[16];
	int kept = dup(0), closed = fcntl(0, F_DUPFD_CLOEXEC, 10);

	snprintf(number, sizeof(number), "%d", kept);
	is_int(exit_status(run_self("open", number)), 1, "a descriptor survives exec");
	snprintf(number, sizeof(number), "%d", closed);
	is_int(exit_status(run_self("open", number)), 0, "one with FD_CLOEXEC does not");
	is_int(fcntl(closed, F_GETFD), FD_CLOEXEC, "and is still open here");
	close(kept), close(closed);
}

static void test_orphan(void)
{
	char *argv[] = {"self", "orphan", NULL}, byte = 0;
	posix_spawn_file_actions_t actions;
	int ends[2], status;
	pid_t pid;

	must(pipe2(ends, O_CLOEXEC) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	must(posix_spawn(&pid, SELF, &actions, NULL, argv, environ) == 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	is_int(waitpid(pid, &status, 0), pid, "the parent of a grandchild ends");
	is_int(read(ends[0], &byte, 1), 1, "the orphan lives on");
	is_int(byte, '1', "and gets another parent");
	is_int(read(ends[0], &byte, 1), 0, "when it ends, the pipe ends");
	fails(waitpid(-1, &status, WNOHANG), ECHILD, "an orphan is not our child");
	close(ends[0]);
}

static void test_exec_errors(void)
{
	static const struct {
		const char *content;
		int mode, error;
		const char *name;
	} files[] = {
	    {"hello, no program\n", 0755, ENOEXEC, "a text"},
	    {"\177ELF", 0755, ENOEXEC, "a truncated ELF file"},
	    {"", 0755, ENOEXEC, "an empty file"},
	    {"#!/no/such/interpreter\n", 0755, ENOENT, "a script without its interpreter"},
	    {"echo\n", 0644, EACCES, "a file that is not executable"},
	};
	char path[] = "/tmp/orchard-proc-XXXXXX", script[200];
	int fd, error;
	pid_t pid;

	mkdir("/tmp", 01777);
	must((fd = mkstemp(path)) >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		must((fd = open(path, O_WRONLY | O_TRUNC)) >= 0);
		must(write(fd, files[i].content, strlen(files[i].content)) >= 0);
		must(fchmod(fd, files[i].mode) == 0 && close(fd) == 0);
		fails(execl(path, path, NULL), files[i].error, "exec of %s", files[i].name);
	}
	fails(execl("/no/such/file", "x", NULL), ENOENT, "exec of nothing");
	fails(execl("/tmp", "x", NULL), EACCES, "exec of a directory");
	fails(execl("/dev/null/x", "x", NULL), ENOTDIR, "exec below a file");

	/* A script: its interpreter is this program, which sees INTERPRETER ARGUMENT PATH. */
	char exe[128];
	ssize_t length = readlink(SELF, exe, sizeof(exe) - 1);

	must(length > 0);
	exe[length] = '\0';
	snprintf(script, sizeof(script), "#!%s exit\n", exe);
	must((fd = open(path, O_WRONLY | O_TRUNC)) >= 0);
	must(write(fd, script, strlen(script)) > 0 && fchmod(fd, 0755) == 0 && close(fd) == 0);
	char *argv[] = {"script", "5", NULL};

	error = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	is_int(error, 0, "exec of a #! script");
	if (!error) {
		int status;

		waitpid(pid, &status, 0);
		is_int(exit_status(status), 0, "whose interpreter gets the path as a number: 0");
	}
	unlink(path);
}

/* ---- fork ---- */

static void test_fork_cow(void)
{
	enum { PAGES = 600 };
	long *memory =
	    mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;
	long wrong = 0;

	must((void *)memory != MAP_FAILED);
	for (long i = 0; i < PAGES; i++)
		memory[i * 512] = i;
	for (int round = 0; round < 3; round++) {
		pid = fork();
		must(pid >= 0);
		if (pid == 0) {
			for (long i = 0; i < PAGES; i++)
				if (memory[i * 512] != i + round)
					_exit(1);
			for (long i = 0; i < PAGES; i++)
				memory[i * 512] = -i;
			for (long i = 0; i < PAGES; i++)
				if (memory[i * 512] != -i)
					_exit(2);
			_exit(0);
		}
		for (long i = 0; i < PAGES; i++)
			memory[i * 512]++;
		waitpid(pid, &status, 0);
		is_int(status, 0, "round %d: a child has its own copy", round);
		for (long i = 0; i < PAGES; i++)
			wrong += memory[i * 512] != i + round + 1;
	}
	is_int(wrong, 0, "the parent's copy is its own as well");
	munmap(memory, PAGES * PAGE);
}

static void test_fork_tree(void)
{
	int status, ends[2];
	char bytes[64];
	ssize_t got, total = 0;

	must(pipe(ends) == 0);
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < 4; i++) /* 2^4 processes */
			if (fork() < 0)
				_exit(1);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], bytes, sizeof(bytes))) > 0)
		total += got;
	is_int(total, 16, "a tree of sixteen processes writes sixteen bytes");
	is_int(waitpid(pid, &status, 0), pid, "and ends");
	close(ends[0]);
}

static atomic_bool stop;

static void *busy_main(void *argument)
{
	volatile long *at = argument;

	while (!stop)
		(*at)++;
	return NULL;
}

static void test_fork_threads(void)
{
	static long counters[3 * 512];
	pthread_t threads[3];
	int bad = 0, status;

	for (int i = 0; i < 3; i++)
		must(pthread_create(&threads[i], NULL, busy_main, &counters[i * 512]) == 0);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0) {
			/* Only this thread is here: nobody counts on. */
			long before = counters[0];

			for (int j = 0; j < 3; j++)
				sched_yield();
			_exit(counters[0] != before);
		}
		waitpid(pid, &status, 0);
		bad += status != 0;
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	is_int(bad, 0, "fork from a process with threads copies one thread");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argc, argv);
	if (can_spawn("vfork, exec and wait")) {
		test_vfork();
		test_spawn();
		test_wait();
		test_descriptors();
		test_orphan();
		test_exec_errors();
	}
	if (can_fork("fork and copy-on-write")) {
		test_fork_cow();
		test_fork_tree();
		test_fork_threads();
	}
	return done();
}
