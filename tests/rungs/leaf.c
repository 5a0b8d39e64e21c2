/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that may run on the application's stack: whatever that stack is, the answer is the same, and no register, flag or byte of
 * the red zone has changed; also when signals and interrupts come down on them. Runs everywhere: Linux has no other answers.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define REGISTERS 12
#define FLAGS 0x2d7 /* IF, SF, ZF, AF, PF, CF, and the bit that is always set */

/* in[] to rbx rbp r12-r15 r8-r10 rdx rdi rsi, and `flags`; the call; out[] the same, then the flags. Its answer. */
long registers_over(long nr, const uint64_t *in, uint64_t *out, long flags);
/* The call with the red zone full of marks: how many are there still. */
long red_zone_over(long nr);

asm(".text\n"
    "registers_over:\n"
    "	push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "	push %rdx\n"
    "	mov %rdi, %rax\n"
    "	push %rcx\n popfq\n"
    "	mov 0(%rsi), %rbx\n mov 8(%rsi), %rbp\n mov 16(%rsi), %r12\n mov 24(%rsi), %r13\n mov 32(%rsi), %r14\n"
    "	mov 40(%rsi), %r15\n mov 48(%rsi), %r8\n mov 56(%rsi), %r9\n mov 64(%rsi), %r10\n mov 72(%rsi), %rdx\n"
    "	mov 80(%rsi), %rdi\n mov 88(%rsi), %rsi\n"
    "	syscall\n"
    "	pushfq\n pop %rcx\n"
    "	mov (%rsp), %r11\n"
    "	mov %rbx, 0(%r11)\n mov %rbp, 8(%r11)\n mov %r12, 16(%r11)\n mov %r13, 24(%r11)\n mov %r14, 32(%r11)\n"
    "	mov %r15, 40(%r11)\n mov %r8, 48(%r11)\n mov %r9, 56(%r11)\n mov %r10, 64(%r11)\n mov %rdx, 72(%r11)\n"
    "	mov %rdi, 80(%r11)\n mov %rsi, 88(%r11)\n mov %rcx, 96(%r11)\n"
    "	cld\n"
    "	pop %rdx\n"
    "	pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "	ret\n"
    "red_zone_over:\n"
    "	mov $16, %ecx\n"
    "1:	neg %rcx\n mov %rcx, (%rsp, %rcx, 8)\n neg %rcx\n loop 1b\n"
    "	mov %rdi, %rax\n"
    "	syscall\n"
    "	xor %eax, %eax\n"
    "	mov $16, %ecx\n"
    "2:	neg %rcx\n cmp %rcx, (%rsp, %rcx, 8)\n jne 3f\n inc %eax\n"
    "3:	neg %rcx\n loop 2b\n"
    "	ret\n");

static long call_on(long nr, uintptr_t rsp)
{
	register long answer asm("rax") = nr;

	asm volatile("mov %%rsp, %%rbx\n mov %1, %%rsp\n syscall\n mov %%rbx, %%rsp" : "+a"(answer) : "r"(rsp) : "rbx", "rcx", "r11", "memory");
	return answer;
}

static volatile sig_atomic_t signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

static bool registers_kept(long nr, long want, long flags)
{
	static const uint64_t in[REGISTERS] = {0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444,
					       0x5555555555555555, 0x6666666666666666, 0x7777777777777777, 0x8888888888888888,
					       0x9999999999999999, 0xaaaaaaaaaaaaaaaa, 0xbbbbbbbbbbbbbbbb, 0xcccccccccccccccc};
	uint64_t out[REGISTERS + 1];

	return registers_over(nr, in, out, flags) == want && !memcmp(in, out, sizeof(in)) && (long)out[REGISTERS] == flags;
}

static void test_stacks(long nr, long want, const char *name)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t middle = (uintptr_t)pages + 4096;

	must(pages != MAP_FAILED && mprotect(pages, 4096, PROT_NONE) == 0 && mprotect(pages + 8192, 4096, PROT_READ) == 0);
	is_int(call_on(nr, middle + 2048), want, "%s on a stack that nobody has touched", name);
	is_int(call_on(nr, middle + 136), want, "%s with just so much room", name);
	is_int(call_on(nr, middle + 135), want, "%s with one byte too little", name);
	is_int(call_on(nr, middle), want, "%s at a stack's end", name);
	is_int(call_on(nr, middle + 4096 + 200), want, "%s on a page that can only be read", name);
	is_int(call_on(nr, 16), want, "%s near address 0", name);
	is_int(call_on(nr, 0), want, "%s at address 0", name);
	is_int(call_on(nr, 0x7fffffffe000 + 64), want, "%s at the end of the application's half", name);
	is_int(call_on(nr, 0x4141414141414141), want, "%s with a stack pointer that is not canonical", name);
	munmap(pages, 3 * 4096);
}

static void test_call(long nr, const char *name)
{
	long want = syscall(nr);

	ok(want >= 0, "%s answers", name);
	ok(registers_kept(nr, want, FLAGS), "%s keeps registers and flags", name);
	ok(registers_kept(nr, want, 0x202), "%s keeps flags that are clear", name);
	ok(registers_kept(nr, want, FLAGS | 0x800), "%s keeps the overflow flag", name);
	ok(registers_kept(nr, want, FLAGS | 0x400), "%s keeps the direction flag", name);
	is_int(red_zone_over(nr), 16, "%s keeps the red zone", name);
	is_int(syscall(nr | 0x500000000), want, "%s by a number with more than 32 bits", name);
	test_stacks(nr, want, name);
}

/* Storms of signals on calls without end: each signal is seen, and no call has another answer. */
static void test_storm(void)
{
	struct itimerval often = {{0, 300}, {0, 300}}, off = {0};
	struct timespec start, now;
	long ppid = syscall(SYS_getppid), pid = syscall(SYS_getpid), calls = 0, wrong = 0;

	signal(SIGALRM, count);
	clock_gettime(CLOCK_MONOTONIC, &start);
	must(setitimer(ITIMER_REAL, &often, NULL) == 0);
	do {
		for (int i = 0; i < 500; i++, calls += 2) {
			wrong += !registers_kept(SYS_getppid, ppid, FLAGS);
			wrong += !registers_kept(SYS_getpid, pid, 0x202);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (signals < 500 && now.tv_sec - start.tv_sec < 20);
	setitimer(ITIMER_REAL, &off, NULL);
	is_int(wrong, 0, "under a storm of signals no call is wrong (%ld calls)", calls);
	ok(signals >= 500, "and every signal comes (%d)", (int)signals);
}

/* One signal, and nothing but leaf calls after it: no other entry or interrupt would make up for one that was not looked for. */
static void test_alone(void)
{
	struct itimerval once = {{0, 0}, {0, 2000}};
	struct timespec start, now;
	int late = 0;

	signal(SIGALRM, count);
	for (int i = 0; i < 40 && !late; i++) {
		signals = 0;
		must(setitimer(ITIMER_REAL, &once, NULL) == 0);
		clock_gettime(CLOCK_MONOTONIC, &start); /* by the vDSO */
		do {
			for (int n = 0; n < 1000; n++)
				syscall(SYS_getppid);
			clock_gettime(CLOCK_MONOTONIC, &now);
			late = now.tv_sec - start.tv_sec > 3;
		} while (!signals && !late);
	}
	is_int(late, 0, "a signal that comes in such a call does not wait for another");
}

static void *other(void *arg)
{
	*(long *)arg = syscall(SYS_gettid);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	long tid = 0;

	test_call(SYS_getpid, "getpid");
	test_call(SYS_getppid, "getppid");
	test_call(SYS_gettid, "gettid");
	must(pthread_create(&thread, NULL, other, &tid) == 0 && pthread_join(thread, NULL) == 0);
	ok(tid > 0 && tid != syscall(SYS_gettid), "each thread has its own id");
	fails(syscall(-1), ENOSYS, "a negative number is no call");
	fails(syscall(100000), ENOSYS, "nor one past the table");
	test_storm();
	test_alone();
	return done();
}
