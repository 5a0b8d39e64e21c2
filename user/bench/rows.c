/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is measured. Every row calls the kernel directly where a libc might answer by itself. A call
 * that fails in the middle of a row ends the program: a wrong number is worse than none.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096L

static int fd = -1, ends[2], back[2];
static char *memory;
static pthread_t partner;

static void check(int good, const char *what)
{
	if (!good)
		err(1, "%s", what);
}

/* ---- calls ---- */

static void null_run(long rounds)
{
	while (rounds--)
		syscall(SYS_getppid);
}

static int null_device_open(void)
{
	return (fd = open("/dev/null", O_RDWR)) < 0 ? errno : 0;
}

static int zero_device_open(void)
{
	return (fd = open("/dev/zero", O_RDWR)) < 0 ? errno : 0;
}

static void fd_close(void)
{
	close(fd);
}

static void write_run(long rounds)
{
	while (rounds--)
		check(write(fd, "x", 1) == 1, "write");
}

static void read_run(long rounds)
{
	static char buffer[PAGE];

	while (rounds--)
		check(read(fd, buffer, sizeof(buffer)) == sizeof(buffer), "read");
}

static void open_run(long rounds)
{
	while (rounds--) {
		int file = open("/dev/null", O_RDONLY);

		check(file >= 0 && close(file) == 0, "open");
	}
}

static void stat_run(long rounds)
{
	struct stat st;

	while (rounds--)
		check(stat("/dev/null", &st) == 0, "stat");
}

static void yield_run(long rounds)
{
	while (rounds--)
		sched_yield();
}

/* ---- pipes ---- */

static int pipe_open(void)
{
	return pipe(ends) < 0 ? errno : 0;
}

static void pipe_close(void)
{
	close(ends[0]), close(ends[1]);
}

static void pipe_run(long rounds)
{
	char byte;

	while (rounds--)
		check(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1, "pipe");
}

static void *pipe_partner(void *argument)
{
	char byte;

	while (read(ends[0], &byte, 1) == 1)
		check(write(back[1], &byte, 1) == 1, "pipe");
	return argument;
}

static int pipe_partner_start(void)
{
	if (pipe(ends) < 0 || pipe(back) < 0)
		return errno;
	return pthread_create(&partner, NULL, pipe_partner, NULL);
}

static void pipe_partner_stop(void)
{
	close(ends[1]);
	pthread_join(partner, NULL);
	close(ends[0]), close(back[0]), close(back[1]);
}

static void pipe_ping_pong(long rounds)
{
	char byte;

	while (rounds--)
		check(write(ends[1], "x", 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
}

/* ---- futex ---- */

static atomic_uint turn; /* even: ours, odd: the partner's, 3 << 30: the end */
#define TURN_END 0xc0000000u

static void futex_wait(unsigned value)
{
	syscall(SYS_futex, &turn, 128 /* WAIT, private */, value, NULL);
}

static void futex_wake(void)
{
	syscall(SYS_futex, &turn, 129 /* WAKE, private */, 1);
}

static void *futex_partner(void *argument)
{
	for (unsigned now; (now = turn) != TURN_END;) {
		if (now % 2 == 0) {
			futex_wait(now);
			continue;
		}
		turn = (now + 1) % (1u << 30);
		futex_wake();
	}
	return argument;
}

static int futex_partner_start(void)
{
	turn = 0;
	return pthread_create(&partner, NULL, futex_partner, NULL);
}

static void futex_partner_stop(void)
{
	turn = TURN_END;
	futex_wake();
	pthread_join(partner, NULL);
}

static void futex_ping_pong(long rounds)
{
	while (rounds--) {
		turn++;
		futex_wake();
		for (unsigned now; (now = turn) % 2;)
			futex_wait(now);
	}
}

/* ---- memory ---- */

static void mmap_run(long rounds)
{
	while (rounds--) {
		void *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		check(at != MAP_FAILED && munmap(at, 16 * PAGE) == 0, "mmap");
	}
}

#define FAULT_PAGES 256

static int memory_map(void)
{
	memory = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	return memory == MAP_FAILED ? errno : 0;
}

static void memory_unmap(void)
{
	munmap(memory, FAULT_PAGES * PAGE);
}

/* The price of giving the pages back is in the row: one madvise for 256 faults. */
static void fault_run(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		if (i % FAULT_PAGES == 0)
			check(madvise(memory, FAULT_PAGES * PAGE, MADV_DONTNEED) == 0, "madvise");
		((volatile char *)memory)[i % FAULT_PAGES * PAGE] = 1;
	}
}

static void mprotect_run(long rounds)
{
	while (rounds--)
		check(mprotect(memory, PAGE, rounds % 2 ? PROT_READ : PROT_READ | PROT_WRITE) == 0,
		      "mprotect");
}

/* ---- signals ---- */

static void handler_empty(int sig)
{
	(void)sig;
}

static int signal_prepare(void)
{
	struct sigaction action = {.sa_handler = handler_empty};

	return sigaction(SIGUSR1, &action, NULL) < 0 ? errno : 0;
}

static void signal_run(long rounds)
{
	pid_t pid = getpid();

	while (rounds--)
		check(kill(pid, SIGUSR1) == 0, "kill");
}

/* Skips the two bytes of the faulting `mov %al, (%rcx)`. */
static void handler_skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig, (void)info;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static int segv_prepare(void)
{
	struct sigaction action = {.sa_sigaction = handler_skip, .sa_flags = SA_SIGINFO};

	return sigaction(SIGSEGV, &action, NULL) < 0 ? errno : 0;
}

static void segv_run(long rounds)
{
	while (rounds--)
		asm volatile("mov %%al, (%%rcx)" : : "c"(8L) : "memory");
}

static void segv_finish(void)
{
	signal(SIGSEGV, SIG_DFL);
}

/* ---- threads and processes ---- */

static void *thread_main(void *argument)
{
	return argument;
}

static void thread_run(long rounds)
{
	pthread_t thread;

	while (rounds--) {
		errno = pthread_create(&thread, NULL, thread_main, NULL);
		check(errno == 0 && pthread_join(thread, NULL) == 0, "pthread_create");
	}
}

static void child_wait(pid_t pid)
{
	int status;

	check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "child");
}

static int fork_prepare(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	child_wait(pid);
	return 0;
}

static void fork_run(long rounds)
{
	while (rounds--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		child_wait(pid);
	}
}

static int vfork_prepare(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	child_wait(pid);
	return 0;
}

static void exec_run(long rounds)
{
	while (rounds--) {
		pid_t pid = vfork();

		if (pid == 0) {
			execl("/proc/self/exe", "bench", "--exit", NULL);
			_exit(1);
		}
		child_wait(pid);
	}
}

const struct row rows[] = {
    {"null-call", NULL, null_run, NULL},
    {"write-null", null_device_open, write_run, fd_close},
    {"read-zero-4k", zero_device_open, read_run, fd_close},
    {"open-close", NULL, open_run, NULL},
    {"stat", NULL, stat_run, NULL},
    {"pipe-self", pipe_open, pipe_run, pipe_close},
    {"mmap-munmap", NULL, mmap_run, NULL},
    {"page-fault", memory_map, fault_run, memory_unmap},
    {"mprotect", memory_map, mprotect_run, memory_unmap},
    {"signal-self", signal_prepare, signal_run, NULL},
    {"segv-handled", segv_prepare, segv_run, segv_finish},
    {"yield", NULL, yield_run, NULL},
    {"futex-ping-pong", futex_partner_start, futex_ping_pong, futex_partner_stop},
    {"pipe-ping-pong", pipe_partner_start, pipe_ping_pong, pipe_partner_stop},
    {"thread-create-join", NULL, thread_run, NULL},
    {"fork-exit", fork_prepare, fork_run, NULL},
    {"vfork-exec", vfork_prepare, exec_run, NULL},
};
const size_t row_count = sizeof(rows) / sizeof(*rows);
