/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All system calls of abi/linux/syscall.tbl, from two sides. With a kernel address in each place that takes a pointer, one
 * at a time: nothing of the kernel's may be written or read for it. With good arguments: nothing of the kernel's addresses
 * may come back, in registers, or in memory that the call fills.
 */
#include "attacks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define FD 9
#define FILE_NAME "/tmp/attack"
#define BUFFER (2 * PAGE)
#define FILL 0x01 /* in no struct of times a valid one: nothing sleeps for long */

struct call {
	long nr;
	const char *name, *types; /* calls.awk */
};

static const struct call calls[] = {
#include "calls.inc"
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static bool is_one_of(const struct call *c, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(c->name, *names))
			return true;
	return false;
}

/* What would end this process, make another, or change the machine's name, which is the canary. */
static const char *const deadly[] = {"exit", "exit_group", "rt_sigreturn", "fork", "vfork", "clone", "pause",
				     "sethostname", "setdomainname", NULL};
/* With good arguments also what changes what the next calls, or main.c, stand on. */
static const char *const changing[] = {"clone3", "execve", "execveat", "munmap", "mremap",
				       "mprotect", "pkey_mprotect", "reboot", "brk", "kill", "close_range", "setsid", NULL};

/* rbx rcx rdx rsi rdi rbp r8-r15, all as they come back; what they were before is in them too. */
struct registers {
	uint64_t value[14];
};

long call_with_registers(long nr, const long argument[6], struct registers *after);
asm("call_with_registers:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdx\n"
    "	mov %rdi, %rax\n"
    "	mov %rsi, %rbx\n"
    "	mov (%rbx), %rdi; mov 8(%rbx), %rsi; mov 16(%rbx), %rdx; mov 24(%rbx), %r10; mov 32(%rbx), %r8; mov 40(%rbx), %r9\n"
    "	mov $1, %ebx; mov $2, %ebp; mov $3, %r12d; mov $4, %r13d; mov $5, %r14d; mov $6, %r15d\n"
    "	syscall\n"
    "	push %rdx\n"
    "	mov 8(%rsp), %rdx\n"
    "	mov %rbx, (%rdx); mov %rcx, 8(%rdx); mov %rsi, 24(%rdx); mov %rdi, 32(%rdx); mov %rbp, 40(%rdx)\n"
    "	mov %r8, 48(%rdx); mov %r9, 56(%rdx); mov %r10, 64(%rdx); mov %r11, 72(%rdx); mov %r12, 80(%rdx)\n"
    "	mov %r13, 88(%rdx); mov %r14, 96(%rdx); mov %r15, 104(%rdx)\n"
    "	pop %rcx\n"
    "	mov %rcx, 16(%rdx)\n"
    "	pop %rdx; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n");

static uint8_t *buffers;

static void on_alarm(int sig)
{
	(void)sig; /* interrupts what waits */
}

static void set_up(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &sa, NULL);
	signal(SIGXFSZ, SIG_IGN);
	mkdir("/tmp", 01777);
	buffers = mmap(NULL, 6 * BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* One call; argument number `bad`, if there is one, is the kernel's address. `number` is what stands for all numbers. */
static long attempt(const struct call *c, int bad, long number, struct registers *after)
{
	static const struct itimerval soon = {{0, 50000}, {0, 50000}};
	long argument[6] = {0};
	int fd = open(FILE_NAME, O_RDWR | O_CREAT, 0600);

	dup2(fd, FD);
	if (fd != FD)
		close(fd);
	memset(buffers, FILL, 6 * BUFFER);
	for (int i = 0; c->types[i]; i++) {
		switch (c->types[i]) {
		case 'p': argument[i] = (long)(buffers + i * BUFFER); break;
		case 's': argument[i] = (long)FILE_NAME; break;
		case 'f': argument[i] = FD; break;
		case 'z': argument[i] = 8; break;
		default: argument[i] = number;
		}
		if (i == bad)
			argument[i] = (long)kernel_symbol("data");
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	return call_with_registers(c->nr, argument, after);
}

static void syscall_pointers(void)
{
	int tried = 0, faults = 0, accepted = 0;
	char last[32] = "";
	struct registers r;

	set_up();
	for (const struct call *c = calls; c < calls + CALLS; c++) {
		for (int i = 0; c->types[i] && !is_one_of(c, deadly); i++) {
			for (long number = 0; number < 2 && strchr("ps", c->types[i]); number++, tried++) {
				long result = attempt(c, i, number, &r);

				faults += result == -EFAULT;
				accepted += result >= 0;
				if (result > 0 && strstr(c->name, "write")) {
					saw("leaks", "%s wrote %ld bytes of the kernel's memory", c->name, result);
					return;
				}
				if (kernel_changed())
					snprintf(last, sizeof(last), "%s", c->name);
			}
		}
	}
	if (last[0])
		saw("stored", "%s wrote over the kernel's memory", last);
	else
		saw("refused", "%d kernel pointers: %d EFAULT, %d other errors, %d calls that never look at it", tried, faults,
		    tried - faults - accepted, accepted);
}

/* Not one of the negative errnos, nor all bits. */
static bool is_kernels(uint64_t value)
{
	return value >= 0xffff800000000000 && value < 0xfffffffffffff000;
}

/* The same names of registers as in struct registers. */
static const char *leaking_register(const struct registers *r)
{
	static const char *const names[] = {"rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
					    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	static const uint64_t kept[] = {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 4, 5, 6};

	for (int i = 0; i < 14; i++)
		if (is_kernels(r->value[i]) || (kept[i] && r->value[i] != kept[i]))
			return names[i];
	return NULL;
}

static void syscall_leaks(void)
{
	struct registers r;
	int tried = 0;

	set_up();
	for (const struct call *c = calls; c < calls + CALLS; c++) {
		for (long number = 0; number < 2 && !is_one_of(c, deadly) && !is_one_of(c, changing); number++, tried++) {
			long result = attempt(c, -1, number, &r);
			const uint64_t *word = (uint64_t *)buffers;
			const char *in = is_kernels(result) ? "rax" : leaking_register(&r);

			for (size_t i = 0; i < 6 * BUFFER / 8 && !in; i++)
				in = is_kernels(word[i]) ? "memory" : NULL;
			if (in) {
				saw("leaks", "%s: a kernel's address, or another's value, in %s", c->name, in);
				return;
			}
		}
	}
	saw("refused", "nothing in registers and memory after %d calls", tried);
}

const struct attack call_attacks[] = {
	{"syscall-pointers", syscall_pointers},
	{"syscall-leaks", syscall_leaks},
	{NULL, NULL},
};
