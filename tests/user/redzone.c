/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live data in the red zone, the 128 bytes below the stack pointer that a leaf function may use
 * without moving it, must survive whatever interrupts the function: timer interrupts, page faults,
 * signals that arrive at any instruction, and signals that arrive at a system call.
 *
 * redzone [COUNT]   events of each kind; `redzone full` is a million.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel.h"

/*
 * All loops fill sixteen words below rsp with a pattern, let something happen, and compare.
 * They return 0, or 1 when a word has changed.
 *	redzone_spin(rounds, pattern)			waits a while in each round
 *	redzone_touch(base, pages, pattern)		writes one byte in each page
 *	redzone_syscall(rounds, nr, a, b, c)		does a system call in each round
 */
long redzone_spin(uint64_t rounds, uint64_t pattern);
long redzone_touch(void *base, uint64_t pages, uint64_t pattern);
long redzone_syscall(uint64_t rounds, long nr, long a, long b, long c);

asm(".macro fill\n"
    "	.irp at, 8,16,24,32,40,48,56,64,72,80,88,96,104,112,120,128\n"
    "	mov %r8, -\\at(%rsp)\n"
    "	inc %r8\n"
    "	.endr\n"
    "	sub $16, %r8\n"
    ".endm\n"
    ".macro compare\n"
    "	.irp at, 8,16,24,32,40,48,56,64,72,80,88,96,104,112,120,128\n"
    "	cmp %r8, -\\at(%rsp)\n"
    "	jne 9f\n"
    "	inc %r8\n"
    "	.endr\n"
    ".endm\n"
    ".macro finish\n"
    "	xor %eax, %eax\n"
    "	ret\n"
    "9:	mov $1, %eax\n"
    "	ret\n"
    ".endm\n"

    "redzone_spin:\n"
    "	mov %rsi, %r8\n"
    "1:	fill\n"
    "	mov $200, %ecx\n"
    "2:	dec %ecx\n"
    "	jnz 2b\n"
    "	compare\n"
    "	dec %rdi\n"
    "	jnz 1b\n"
    "	finish\n"

    "redzone_touch:\n"
    "	mov %rdx, %r8\n"
    "1:	fill\n"
    "	movb $1, (%rdi)\n"
    "	compare\n"
    "	add $4096, %rdi\n"
    "	dec %rsi\n"
    "	jnz 1b\n"
    "	finish\n"

    "redzone_syscall:\n"
    "	mov %rdi, %r9\n"
    "	mov %rsi, %r10\n"
    "	mov %rdx, %rdi\n"
    "	mov %rcx, %rsi\n"
    "	mov %r8, %rdx\n"
    "	mov %r10, %r8\n"
    "1:	fill\n"
    "	mov %r10, %rax\n"
    "	syscall\n"
    "	compare\n"
    "	dec %r9\n"
    "	jnz 1b\n"
    "	finish\n");

static long count = 400;
static atomic_long events;
static atomic_bool stop;

/* Spins with a live red zone until the helper thread has made `wanted` events. */
static void spin_against(void *(*helper)(void *), long wanted, const char *name)
{
	time_t limit = time(NULL) + 60 + wanted / 50;
	uint64_t pattern = 0x0123456789abcdef;
	pthread_t thread;
	long bad = 0;

	events = 0;
	stop = false;
	must(pthread_create(&thread, NULL, helper, (void *)(uintptr_t)getpid()) == 0);
	while (!bad && events < wanted && time(NULL) < limit)
		bad = redzone_spin(20, pattern += 0x1000000010001);
	stop = true;
	pthread_join(thread, NULL);
	is_int(bad, 0, "the red zone survives %s", name);
	ok(events >= wanted, "%ld %s happened in time (%ld wanted)", (long)events, name, wanted);
}

/* Each wake-up is a timer interrupt. */
static void *sleeper(void *argument)
{
	struct timespec nap = {.tv_nsec = 20000};

	(void)argument;
	while (!stop) {
		nanosleep(&nap, NULL);
		events++;
	}
	return NULL;
}

/* Both threads on one CPU, so that its timer interrupts hit the loop; elsewhere they may not. */
static void test_timer(void)
{
	cpu_set_t all, one;
	bool pinned;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	pinned = sched_getaffinity(0, sizeof(all), &all) == 0 &&
		 sched_setaffinity(0, sizeof(one), &one) == 0;
	printf("# pinned to one CPU: %s\n", pinned ? "yes" : "no");
	spin_against(sleeper, count, "timer interrupts");
	if (pinned)
		sched_setaffinity(0, sizeof(all), &all);
}

static void test_faults(void)
{
	size_t pages = 256;
	char *base =
	    mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long bad = 0, done_faults = 0;

	must(base != MAP_FAILED);
	while (!bad && done_faults < count) {
		bad = redzone_touch(base, pages, 0xfeedface00000000 + done_faults);
		done_faults += pages;
		must(madvise(base, pages * 4096, MADV_DONTNEED) == 0);
	}
	is_int(bad, 0, "the red zone survives %ld page faults", done_faults);
	ok(base[0] == 0, "the last faults were real: the pages are new");
	munmap(base, pages * 4096);
}

/* Uses more stack than the red zone, and writes all of it. */
static void handler(int sig)
{
	volatile char scratch[1024];

	for (size_t i = 0; i < sizeof(scratch); i++)
		scratch[i] = (char)(sig + i);
	events++;
}

static void *signaller(void *argument)
{
	pid_t pid = (pid_t)(uintptr_t)argument;

	while (!stop) {
		long before = events;

		syscall(SYS_tgkill, pid, pid, SIGUSR1);
		for (int i = 0; i < 1000 && events == before && !stop; i++)
			sched_yield();
	}
	return NULL;
}

static void test_signals(void)
{
	struct sigaction action = {.sa_handler = handler};
	long bad;

	must(sigaction(SIGUSR1, &action, NULL) == 0);
	spin_against(signaller, count / 10 + 1, "signals from another thread");
	events = 0;
	bad = redzone_syscall(count, SYS_tgkill, getpid(), getpid(), SIGUSR1);
	is_int(bad, 0, "the red zone survives signals at a system call");
	is_int(events, count, "each of them was delivered at once");
}

static void test_syscalls(void)
{
	is_int(redzone_syscall(count, SYS_getppid, 0, 0, 0), 0,
	       "the red zone survives %ld system calls", count);
	is_int(redzone_syscall(count, SYS_sched_yield, 0, 0, 0), 0,
	       "the red zone survives %ld yields", count);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		count = strcmp(argv[1], "full") ? atol(argv[1]) : 1000000;
	must(count > 0);
	test_timer();
	test_faults();
	test_signals();
	test_syscalls();
	return done();
}
