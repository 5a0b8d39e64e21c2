/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as signal(7) describes them: handlers, masks, pending sets, nesting, restart or EINTR,
 * alternate stacks, jumps out of handlers, default actions and what wait reports of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include "kernel.h"

static volatile sig_atomic_t count, last;
static siginfo_t last_info;
static volatile char *volatile wild = (char *)8; /* nothing is mapped there */

static void counter(int sig)
{
	count++;
	last = sig;
}

static void informed(int sig, siginfo_t *info, void *context)
{
	(void)context;
	last_info = *info;
	counter(sig);
}

static void on(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	must(sigaction(sig, &action, NULL) == 0);
	count = last = 0;
}

static void on_info(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	must(sigaction(sig, &action, NULL) == 0);
	count = last = 0;
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

static void test_action(void)
{
	struct sigaction old;

	on(SIGUSR1, counter, SA_RESTART);
	must(sigaction(SIGUSR1, NULL, &old) == 0);
	ok(old.sa_handler == counter && (old.sa_flags & SA_RESTART), "sigaction tells what is set");
	is_int(raise(SIGUSR1), 0, "raise");
	is_int(last, SIGUSR1, "runs the handler");
	is_int(kill(getpid(), SIGUSR1), 0, "kill of the own process");
	is_int(count, 2, "runs it before it returns");
	is_int(kill(getpid(), 0), 0, "signal 0 only asks");
	is_int(count, 2, "and does nothing");
	fails(kill(getpid(), 65), EINVAL, "signal 65 is EINVAL");
	fails(kill(0x3ffffff, SIGTERM), ESRCH, "a process that is not there is ESRCH");
	fails(sigaction(SIGKILL, &old, NULL), EINVAL, "SIGKILL cannot be caught");
	fails(sigaction(SIGSTOP, &old, NULL), EINVAL, "SIGSTOP neither");
	on(SIGUSR1, counter, SA_RESETHAND);
	raise(SIGUSR1);
	must(sigaction(SIGUSR1, NULL, &old) == 0);
	ok(old.sa_handler == SIG_DFL && count == 1, "SA_RESETHAND works once");
	on(SIGUSR1, SIG_IGN, 0);
	raise(SIGUSR1);
	is_int(count, 0, "an ignored signal does nothing");
}

static void test_info(void)
{
	on_info(SIGUSR1, informed, 0);
	kill(getpid(), SIGUSR1);
	ok(last_info.si_signo == SIGUSR1 && last_info.si_code == SI_USER &&
	       last_info.si_pid == getpid() && last_info.si_uid == getuid(),
	   "kill: si_code %d, si_pid %d", last_info.si_code, last_info.si_pid);
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	is_int(last_info.si_code, SI_TKILL, "tgkill: si_code is SI_TKILL");
}

static void test_mask(void)
{
	sigset_t usr1 = set_of(SIGUSR1), old, pending;

	on(SIGUSR1, counter, 0);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	ok(!sigismember(&old, SIGUSR1), "the old mask is returned");
	raise(SIGUSR1);
	raise(SIGUSR1);
	is_int(count, 0, "a blocked signal waits");
	sigpending(&pending);
	ok(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2), "and is pending");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	is_int(count, 1, "unblocked it comes once, though it was sent twice");
	sigpending(&pending);
	ok(!sigismember(&pending, SIGUSR1), "and is pending no more");

	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigprocmask(SIG_SETMASK, NULL, &all);
	ok(!sigismember(&all, SIGKILL) && !sigismember(&all, SIGSTOP), "SIGKILL cannot be blocked");
	sigprocmask(SIG_SETMASK, &old, NULL);
	fails(sigprocmask(99, &all, NULL), EINVAL, "a senseless `how` is EINVAL");
}

static void test_realtime_queue(void)
{
	sigset_t rt = set_of(SIGRTMIN);

	on(SIGRTMIN, counter, 0);
	sigprocmask(SIG_BLOCK, &rt, NULL);
	for (int i = 0; i < 3; i++)
		raise(SIGRTMIN);
	sigprocmask(SIG_UNBLOCK, &rt, NULL);
	is_int(count, 3, "real-time signals queue");
}

/* Handlers write a letter when they begin and a capital when they end. */
static char trace[32], *volatile traced;

static void tracer(int sig)
{
	char letter = sig == SIGUSR1 ? 'a' : 'b';
	bool first = traced == trace;

	*traced++ = letter;
	if (first) {
		raise(SIGUSR2);
		raise(SIGUSR1);
	}
	*traced++ = letter - 'a' + 'A';
}

static const char *trace_of(int sig)
{
	memset(trace, 0, sizeof(trace));
	traced = trace;
	raise(sig);
	return trace;
}

static void test_nesting(void)
{
	struct sigaction action = {.sa_handler = tracer};

	on(SIGUSR1, tracer, 0);
	on(SIGUSR2, tracer, 0);
	is_str(trace_of(SIGUSR1), "abBAaA", "another signal nests, the same one waits");
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	is_str(trace_of(SIGUSR1), "aAaAbB", "a signal in sa_mask waits");
	on(SIGUSR1, tracer, SA_NODEFER);
	is_str(trace_of(SIGUSR1), "abBaAA", "with SA_NODEFER the same one nests");
}

/* ---- restart ---- */

static atomic_bool sleeping;
static int pipe_ends[2];
static pthread_t first_thread;

/* Signals the first thread until it has come back, then writes the byte it may wait for. */
static void *interrupter(void *argument)
{
	struct timespec nap = {.tv_nsec = 10000000};

	while (!sleeping)
		sched_yield();
	nanosleep(&nap, NULL);
	pthread_kill(first_thread, SIGUSR1);
	nanosleep(&nap, NULL);
	if (argument)
		must(write(pipe_ends[1], "x", 1) == 1);
	return NULL;
}

static void test_restart(void)
{
	pthread_t thread;
	char byte = 0;

	must(pipe(pipe_ends) == 0);
	first_thread = pthread_self();

	on(SIGUSR1, counter, 0);
	sleeping = false;
	must(pthread_create(&thread, NULL, interrupter, NULL) == 0);
	sleeping = true;
	fails(read(pipe_ends[0], &byte, 1), EINTR, "without SA_RESTART a pipe read is EINTR");
	pthread_join(thread, NULL);
	is_int(count, 1, "after its handler ran");

	on(SIGUSR1, counter, SA_RESTART);
	sleeping = false;
	must(pthread_create(&thread, NULL, interrupter, "write") == 0);
	sleeping = true;
	is_int(read(pipe_ends[0], &byte, 1), 1, "with SA_RESTART it goes on");
	pthread_join(thread, NULL);
	ok(count == 1 && byte == 'x', "after its handler ran, and gets the byte");

	struct timespec nap = {.tv_sec = 20}, left = {0};

	sleeping = false;
	must(pthread_create(&thread, NULL, interrupter, NULL) == 0);
	sleeping = true;
	fails(nanosleep(&nap, &left), EINTR, "a sleep is EINTR, also with SA_RESTART");
	ok(left.tv_sec >= 5 && left.tv_sec < 20, "and tells what is left");
	pthread_join(thread, NULL);
	close(pipe_ends[0]), close(pipe_ends[1]);
}

static void test_suspend(void)
{
	sigset_t usr1 = set_of(SIGUSR1), empty, now;

	sigemptyset(&empty);
	on(SIGUSR1, counter, 0);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	fails(sigsuspend(&empty), EINTR, "sigsuspend returns EINTR");
	is_int(count, 1, "after the pending signal's handler");
	sigprocmask(SIG_SETMASK, NULL, &now);
	ok(sigismember(&now, SIGUSR1), "and the mask is the old one");

	struct timespec zero = {0};
	siginfo_t info;

	raise(SIGUSR1);
	is_int(sigwaitinfo(&usr1, &info), SIGUSR1, "sigwaitinfo takes a pending signal");
	is_int(count, 1, "without its handler");
	fails(sigtimedwait(&usr1, &info, &zero), EAGAIN, "sigtimedwait with none is EAGAIN");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

static void test_pipe(void)
{
	int ends[2];

	on(SIGPIPE, counter, 0);
	must(pipe(ends) == 0);
	close(ends[0]);
	fails(write(ends[1], "x", 1), EPIPE, "a write without a reader is EPIPE");
	is_int(count, 1, "and SIGPIPE");
	close(ends[1]);
}

/* ---- faults ---- */

static sigjmp_buf jump;
static char *volatile handler_stack;

static void jumper(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	last_info = *info;
	handler_stack = &here;
	siglongjmp(jump, sig);
}

/* Moves the program counter over the faulting instruction: the frame is the truth. */
static void skipper(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig, (void)info;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
	uc->uc_mcontext.gregs[REG_RBX] = 4711;
	count++;
}

static void test_faults(void)
{
	static char stack[32768];
	stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;
	volatile int caught = 0;
	long result = 0;

	on_info(SIGSEGV, jumper, 0);
	for (int i = 0; i < 100; i++)
		if (sigsetjmp(jump, 1))
			caught++;
		else
			*wild = 1;
	is_int(caught, 100, "a hundred SIGSEGVs are survived by siglongjmp");
	ok(last_info.si_addr == (void *)8 && last_info.si_code == SEGV_MAPERR,
	   "si_addr and si_code");

	on_info(SIGFPE, jumper, 0);
	if (!sigsetjmp(jump, 1))
		asm volatile("xor %%edx, %%edx\n mov $1, %%eax\n xor %%ecx, %%ecx\n idiv %%ecx"
			     :
			     :
			     : "eax", "ecx", "edx");
	ok(last_info.si_signo == SIGFPE && last_info.si_code == FPE_INTDIV,
	   "a division by zero: SIGFPE");
	on_info(SIGILL, jumper, 0);
	if (!sigsetjmp(jump, 1))
		asm volatile("ud2");
	is_int(last_info.si_signo, SIGILL, "ud2: SIGILL");
	on_info(SIGTRAP, informed, 0);
	asm volatile("int3");
	is_int(last, SIGTRAP, "int3: SIGTRAP");

	on_info(SIGILL, skipper, 0);
	asm volatile("ud2" : "+b"(result));
	is_int(result, 4711, "a handler changes registers and where the program goes on");

	must(sigaltstack(&alternative, NULL) == 0);
	on_info(SIGSEGV, jumper, SA_ONSTACK);
	if (!sigsetjmp(jump, 1))
		*wild = 1;
	ok(handler_stack > stack && handler_stack < stack + sizeof(stack),
	   "the alternate stack is used");
	must(sigaltstack(NULL, &old) == 0);
	ok(old.ss_sp == stack && old.ss_size == sizeof(stack), "sigaltstack tells what is set");
	alternative.ss_size = 100;
	fails(sigaltstack(&alternative, NULL), ENOMEM, "a tiny alternate stack is ENOMEM");
	alternative.ss_flags = SS_DISABLE;
	is_int(sigaltstack(&alternative, NULL), 0, "sigaltstack is switched off");
	signal(SIGSEGV, SIG_DFL);
}

/* One step after each instruction, system calls included: the trap comes when the application goes on, not in between. */
static void test_single_step(void)
{
	long pid;

	on_info(SIGTRAP, informed, 0);
	asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n"
		     "mov %[getpid], %%eax\n syscall\n nop\n mov %[getpid], %%eax\n syscall\n nop\n"
		     "pushfq\n andq $~0x100, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp\n"
		     : "=a"(pid)
		     : [getpid] "i"(SYS_getpid)
		     : "rcx", "r11", "memory", "cc");
	is_int(pid, getpid(), "system calls work while single-stepping");
	is_int(count, 7, "nine instructions, two of them system calls: seven traps");
	signal(SIGTRAP, SIG_DFL);
}

/* ---- waiting for signals, and ignoring them ---- */

static void *send_late(void *arg)
{
	struct timespec while_it_waits = {.tv_nsec = 50000000};

	nanosleep(&while_it_waits, NULL);
	kill(getpid(), *(int *)arg);
	return NULL;
}

static void test_await(void)
{
	int sig = SIGCHLD;
	sigset_t chld = set_of(SIGCHLD), usr1 = set_of(SIGUSR1), pending;
	struct timespec second = {.tv_sec = 5};
	struct sigaction action;
	pthread_t sender;

	must(sigprocmask(SIG_BLOCK, &chld, NULL) == 0);
	signal(SIGCHLD, SIG_DFL);
	must(pthread_create(&sender, NULL, send_late, &sig) == 0);
	is_int(sigtimedwait(&chld, NULL, &second), SIGCHLD, "sigtimedwait takes what is ignored by default");
	pthread_join(sender, NULL);
	must(sigprocmask(SIG_UNBLOCK, &chld, NULL) == 0);

	must(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
	on(SIGUSR1, counter, SA_RESETHAND);
	raise(SIGUSR1);
	is_int(sigtimedwait(&usr1, NULL, &second), SIGUSR1, "sigtimedwait takes what is pending");
	must(sigaction(SIGUSR1, NULL, &action) == 0);
	ok(action.sa_handler == counter, "and SA_RESETHAND waits for a handler to run");

	on(SIGUSR1, counter, 0);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	must(sigpending(&pending) == 0);
	is_int(sigismember(&pending, SIGUSR1), 0, "SIG_IGN drops what is pending");
	on(SIGUSR1, counter, 0);
	must(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
	is_int(count, 0, "for good");
}

/* All registers survive a signal that comes at any instruction. */
static void test_registers(void)
{
	long changed = 0;

	on(SIGUSR1, counter, 0);
	asm volatile("mov $0x1111111111, %%rbx\n mov $0x2222222222, %%r12\n"
		     "mov $0x3333333333, %%r13\n mov $0x4444444444, %%r14\n"
		     "mov $0x5555555555, %%r8\n mov $0x6666666666, %%r9\n"
		     "mov $0x7777777777, %%r10\n mov %[tgkill], %%eax\n stc\n syscall\n"
		     "adc $0, %[changed]\n dec %[changed]\n" /* the carry flag survives as well */
		     ".macro same reg, value\n mov $\\value, %%rcx\n cmp %%rcx, \\reg\n"
		     "setne %%cl\n movzx %%cl, %%ecx\n add %%rcx, %[changed]\n.endm\n"
		     "same %%rbx, 0x1111111111\n same %%r12, 0x2222222222\n"
		     "same %%r13, 0x3333333333\n same %%r14, 0x4444444444\n"
		     "same %%r8, 0x5555555555\n same %%r9, 0x6666666666\n"
		     "same %%r10, 0x7777777777\n"
		     : [changed] "+&r"(changed)
		     : [tgkill] "i"(SYS_tgkill), "D"(getpid()), "S"(getpid()), "d"(SIGUSR1)
		     : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "memory",
		       "cc");
	is_int(count, 1, "a signal at a system call");
	is_int(changed, 0, "leaves all registers and flags");
}

/* ---- children and default actions ---- */

static void deeper(int sig)
{
	if (++count < 200)
		raise(sig);
}

/* Handlers nest until the alternate stack is full: death, and nothing below it was written. */
static int overflow_altstack(void)
{
	static char memory[65536];
	stack_t upper = {.ss_sp = memory + 32768, .ss_size = 32768};
	int written = 0;

	must(sigaltstack(&upper, NULL) == 0);
	on(SIGUSR2, deeper, SA_ONSTACK | SA_NODEFER);
	raise(SIGUSR2);
	for (size_t i = 0; i < 32768; i++)
		written |= memory[i];
	return written ? 97 : 96;
}

/* A signal finds no stack at all; the handler of the SIGSEGV that this makes has one. */
static int lose_stack(void)
{
	static char memory[32768];
	stack_t alternative = {.ss_sp = memory, .ss_size = sizeof(memory)};

	must(sigaltstack(&alternative, NULL) == 0);
	on_info(SIGSEGV, jumper, SA_ONSTACK);
	on(SIGUSR1, counter, 0);
	if (sigsetjmp(jump, 1))
		return count ? 97 : 0;
	asm volatile("mov %[nowhere], %%rsp\n syscall\n ud2"
		     :
		     : [nowhere] "r"(0x20000l), "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
		     : "rcx", "r11", "memory");
	return 98;
}

/* What this program does when it is its own child. */
static int child(const char *mode, const char *argument)
{
	struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	if (!strcmp(mode, "raise")) {
		raise(atoi(argument));
		return 99;
	}
	if (!strcmp(mode, "segv"))
		*wild = 1;
	if (!strcmp(mode, "overflow"))
		return overflow_altstack();
	if (!strcmp(mode, "lose"))
		return lose_stack();
	if (!strcmp(mode, "wait"))
		for (;;)
			pause();
	if (!strcmp(mode, "ignored")) {
		struct sigaction usr1, usr2;

		sigaction(SIGUSR1, NULL, &usr1);
		sigaction(SIGUSR2, NULL, &usr2);
		return usr1.sa_handler == SIG_IGN && usr2.sa_handler == SIG_DFL ? 0 : 1;
	}
	return 98;
}

static void test_default_actions(void)
{
	static const int deadly[] = {SIGHUP,  SIGINT,  SIGQUIT,	  SIGILL,  SIGABRT,
				     SIGFPE,  SIGKILL, SIGUSR1,	  SIGSEGV, SIGUSR2,
				     SIGPIPE, SIGALRM, SIGTERM,	  SIGBUS,  SIGTRAP,
				     SIGSYS,  SIGXCPU, SIGVTALRM, SIGPROF, SIGIO};
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
	char number[12];

	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++) {
		snprintf(number, sizeof(number), "%d", deadly[i]);
		int status = run_self("raise", number);

		ok(WIFSIGNALED(status) && WTERMSIG(status) == deadly[i],
		   "signal %s ends a process (wait status %#x)", number, status);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		snprintf(number, sizeof(number), "%d", harmless[i]);
		is_int(run_self("raise", number), 99 << 8, "signal %s does not", number);
	}
	is_int(run_self("segv", NULL) & 0x7f, SIGSEGV, "a wild write ends a process with SIGSEGV");
	is_int(run_self("overflow", NULL) & 0x7f, SIGSEGV, "a full alternate stack does as well");
	is_int(run_self("lose", NULL), 0, "no stack for a handler: SIGSEGV, which has one");
}

static void test_children(void)
{
	pid_t pid;
	int status;

	on_info(SIGCHLD, informed, SA_RESTART);
	pid = spawn_self("raise", "15");
	must(pid > 0);
	is_int(waitpid(pid, &status, 0), pid, "a child is waited for");
	is_int(status, SIGTERM, "it died of SIGTERM");
	is_int(count, 1, "SIGCHLD came");
	ok(last_info.si_pid == pid && last_info.si_code == CLD_KILLED &&
	       last_info.si_status == SIGTERM,
	   "with the child's pid, CLD_KILLED and SIGTERM");
	signal(SIGCHLD, SIG_DFL);

	pid = spawn_self("wait", NULL);
	must(pid > 0);
	is_int(waitpid(pid, &status, WNOHANG), 0, "a child waits in pause");
	is_int(kill(pid, SIGKILL), 0, "kill -9");
	is_int(waitpid(pid, &status, 0), pid, "ends it");
	is_int(status, SIGKILL, "its status is SIGKILL");
	fails(kill(pid, 0), ESRCH, "then there is no such process");

	signal(SIGUSR1, SIG_IGN);
	on(SIGUSR2, counter, 0);
	is_int(run_self("ignored", NULL), 0, "exec keeps SIG_IGN and resets handlers");
	signal(SIGUSR1, SIG_DFL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1], argc > 2 ? argv[2] : "");
	test_action();
	test_info();
	test_mask();
	test_realtime_queue();
	test_nesting();
	test_restart();
	test_suspend();
	test_pipe();
	test_faults();
	test_single_step();
	test_await();
	test_registers();
	if (can_spawn("default actions end a process"))
		test_default_actions();
	if (can_spawn("SIGCHLD, kill and exec"))
		test_children();
	return done();
}
