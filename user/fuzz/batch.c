/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of one batch. They are made by threads without a C library (raw clone(2), no TLS): whatever a call does to the
 * thread, its descriptors or its signals, it goes on. The thread that started them looks every two milliseconds whether they
 * go on, and ends a wait by a signal.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define STACK (64ul << 10)
#define TICK_NS 2000000
#define PATIENCE 5000 /* ticks without a step: ten seconds */

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static struct stream streams[THREADS];
static uint8_t *stacks[THREADS];

long raw(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	register uint64_t r10 asm("r10") = d;
	register uint64_t r8 asm("r8") = e;
	register uint64_t r9 asm("r9") = f;
	long result;

	asm volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}

/* The same for calls that return twice: the child, which may have no stack of its own, ends at once. */
static long raw_twice(long nr, const uint64_t *arg)
{
	register uint64_t r10 asm("r10") = arg[3];
	register uint64_t r8 asm("r8") = arg[4];
	register uint64_t r9 asm("r9") = arg[5];
	long result;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "mov %[yield], %%eax\n\t"
		     "syscall\n\t"
		     "mov %[exit], %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n"
		     "1:"
		     : "=a"(result)
		     : "a"(nr), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]), "r"(r10), "r"(r8), "r"(r9), [yield] "i"(SYS_sched_yield),
		       [exit] "i"(SYS_exit)
		     : "rcx", "r11", "memory");
	return result;
}

/* ---- signals ---- */

extern char fuzz_restore[];
asm("fuzz_restore: mov $15, %eax\n\tsyscall");

static _Atomic unsigned signals_without_call;

/* A timer may leave no time for anything but its handler: on Linux too, if its period is 1 us. Then it has done its part. */
static void stop_timer(const siginfo_t *info)
{
	static const struct itimerval off;

	raw(SYS_setitimer, ITIMER_REAL, (uint64_t)&off, 0, 0, 0, 0);
	if (info->si_code == SI_TIMER)
		raw(SYS_timer_delete, info->si_timerid, 0, 0, 0, 0, 0);
}

/* A fault of the fuzzer itself would repeat for ever; one signal more or less is nobody's business. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	unsigned n = ++signals_without_call;

	(void)sig, (void)context;
	if (n % 1000 == 0)
		stop_timer(info);
	if (n > 100000)
		raw(SYS_exit_group, 99, 0, 0, 0, 0, 0);
}

uint64_t batch_handler(void)
{
	return (uint64_t)on_signal;
}

uint64_t batch_restorer(void)
{
	return (uint64_t)fuzz_restore;
}

static void catch_all(void)
{
	struct kernel_action action = {on_signal, HANDLER_FLAGS, fuzz_restore, 0};

	for (int sig = 1; sig <= 64; sig++)
		raw(SYS_rt_sigaction, sig, (uint64_t)&action, 0, 8, 0, 0);
}

/* ---- memory ---- */

/* `size` bytes with pages around them that nothing may touch. */
static uint8_t *guarded(size_t size)
{
	uint8_t *at = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + PAGE, size, PROT_READ | PROT_WRITE))
		_exit(98);
	return at + PAGE;
}

void batch_init(void)
{
	for (int i = 0; i < THREADS; i++) {
		stacks[i] = guarded(STACK);
		streams[i].scratch = guarded(SCRATCH);
	}
	child_stack = guarded(CHILD_STACK);
	arena = guarded(ARENA);
	args_init();
}

/* ---- the calls ---- */

static bool returns_twice(long nr)
{
	return nr == SYS_clone || nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone3;
}

/* No error has a number above EHWPOISON; those from 512 are the kernel's own and must not get out. */
static bool is_no_result(int64_t result)
{
	return result < -EHWPOISON && result > -65536;
}

/* What a new mapping took is remembered, and given back when there are more: one process has to last. */
static void keep_mapping(const struct call *c, const uint64_t *arg, int64_t result)
{
	static struct { uint64_t address, size; } kept[16]; /* streams share it racily: a mapping more or less */
	static _Atomic unsigned next;
	unsigned i;

	if ((c->nr != SYS_mmap && c->nr != SYS_mremap) || result <= 0 ||
	    (uint64_t)result - (uint64_t)(arena - PAGE) < ARENA + 2 * PAGE)
		return;
	i = next++ % 16;
	if (kept[i].size)
		raw(SYS_munmap, kept[i].address, kept[i].size, 0, 0, 0, 0);
	kept[i].address = result;
	kept[i].size = c->nr == SYS_mmap ? arg[1] : arg[2];
}

static void one_call(struct stream *s)
{
	uint64_t arg[ARGS];
	int64_t result;

	s->current = args_make(s, arg);
	const struct call *c = &calls[s->current];

	result = returns_twice(c->nr) ? raw_twice(c->nr, arg) : raw(c->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	s->step++;
	shared->made++;
	signals_without_call = 0;
	if (result >= 0)
		shared->worked[s->current] = true;
	if (is_no_result(result) && !shared->found) {
		shared->call = s->current;
		shared->result = result;
		memcpy(shared->arg, arg, sizeof(shared->arg));
		shared->found = NO_RESULT;
	}
	keep_mapping(c, arg, result);
}

__attribute__((noreturn, used)) static void stream_main(struct stream *s)
{
	for (unsigned i = 0; i < options.batch && !shared->found; i++)
		one_call(s);
	for (;;)
		raw(SYS_exit, 0, 0, 0, 0, 0, 0);
}

/* A thread without TLS of its own, on `stack`: the child pops where to go and with what. */
static int stream_start(struct stream *s, uint8_t *stack)
{
	const uint64_t flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	register uint64_t r10 asm("r10") = 0;
	register uint64_t r8 asm("r8") = 0;
	uint64_t *top = (uint64_t *)(stack + STACK) - 2;
	long result;

	top[0] = (uint64_t)s;
	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov (%%rsp), %%rdi\n\t"
		     "call *%[entry]\n"
		     "1:"
		     : "=a"(result)
		     : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0), "r"(r10), "r"(r8), [entry] "b"(stream_main)
		     : "rcx", "r11", "memory");
	return (int)result;
}

/* ---- watching ---- */

/* All of it: the batch's signals come here too. */
static void nap(void)
{
	struct timespec left = {.tv_nsec = TICK_NS};

	while (raw(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (uint64_t)&left, (uint64_t)&left, 0, 0) == -EINTR)
		continue;
}

static bool gone(const struct stream *s)
{
	return raw(SYS_tgkill, getpid(), s->tid, 0, 0, 0, 0) == -ESRCH;
}

/* Until the stream's thread has ended. */
static bool watch(struct stream *s)
{
	uint64_t seen = s->step;
	unsigned still = 0;

	while (!gone(s)) {
		nap();
		if (s->step != seen) {
			seen = s->step;
			still = 0;
			continue;
		}
		if (++still > PATIENCE)
			return false;
		raw(SYS_tgkill, getpid(), s->tid, TICK_SIGNAL, 0, 0, 0);
	}
	return true;
}

void batch_run(uint64_t number)
{
	catch_all();
	if (mmap(arena, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != arena)
		_exit(97);
	for (unsigned i = 0; i < options.threads; i++) {
		struct stream *s = &streams[i];

		s->random = (options.seed << 32) + number * THREADS + i;
		s->random = random_next(s);
		s->step = 0;
		s->tid = stream_start(s, stacks[i]);
		if (s->tid <= 0)
			_exit(96);
	}
	for (unsigned i = 0; i < options.threads; i++) {
		if (watch(&streams[i]) || shared->found)
			continue;
		shared->call = streams[i].current;
		shared->found = NO_RETURN;
	}
}
