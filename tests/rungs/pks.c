/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's data beside a program in ring 0: closed by its key, again after each way back from the kernel, for every thread;
 * and open for whoever executes WRMSR, until the kernel is entered next. With an argument of "off" it says what a kernel
 * without the rung allows. For Orchard alone: where its map of memory lies, and a register of the processor's.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define KERNEL ((volatile char *)0xffff800000100000) /* DIRECT_MAP, behind the first MiB */
#define MSR_PKRS 0x6e1

static __thread sigjmp_buf back;
static bool off;

static void on_segv(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

static bool can_read(void)
{
	if (sigsetjmp(back, 0))
		return false;
	(void)*KERNEL;
	return true;
}

/* Without changing it. */
static bool can_write(void)
{
	if (sigsetjmp(back, 0))
		return false;
	asm volatile("lock orb $0, %0" : "+m"(*KERNEL));
	return true;
}

static void open_it(void)
{
	asm volatile("wrmsr" : : "c"(MSR_PKRS), "a"(0), "d"(0) : "memory");
}

static void nothing(int sig)
{
	(void)sig;
}

/* Until an interrupt has closed it: reads without entering the kernel, as the clock does not either. */
static bool closes_by_itself(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	open_it();
	if (sigsetjmp(back, 0))
		return true;
	do {
		for (int i = 0; i < 1000; i++)
			(void)*KERNEL;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 5);
	return false;
}

static void *in_a_thread(void *arg)
{
	bool *closed = arg;

	*closed = !can_read();
	for (int i = 0; i < 100; i++) {
		getppid();
		*closed = *closed && !can_write();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct itimerval often = {{0, 2000}, {0, 2000}}, never = {0};
	pthread_t threads[4];
	bool closed[4];

	struct sigaction action = {.sa_handler = on_segv, .sa_flags = SA_NODEFER};

	off = argc > 1 && !strcmp(argv[1], "off");
	must(sigaction(SIGSEGV, &action, NULL) == 0);
	is_int(can_read(), off, "a load from the kernel's memory");
	is_int(can_write(), off, "a store into it");
	getppid();
	is_int(can_read(), off, "after a system call");
	signal(SIGUSR1, nothing);
	raise(SIGUSR1);
	is_int(can_read(), off, "after a handler's return");
	if (off)
		return done();

	open_it();
	ok(can_read() && can_write(), "who executes WRMSR is not stopped");
	getppid();
	ok(!can_read(), "a system call closes it behind him");
	ok(closes_by_itself(), "so does an interrupt");
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 4; i++)
		must(pthread_create(&threads[i], NULL, in_a_thread, &closed[i]) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ok(closed[i], "thread %d, amid signals", i);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return done();
}
