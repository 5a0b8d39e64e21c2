/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults with their codes and addresses, the stack that a handler runs on, the frame that it may change, and what signals do
 * where nobody handles them. Sources: sigaction(2), sigaltstack(2), signal(7).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "handler.h"

#define PAGE 4096

static volatile char *volatile wild = (char *)8; /* nothing is mapped there */

/* ---- the alternate stack ---- */

static char stack_memory[65536] __attribute__((aligned(16)));
static char *volatile where;
static stack_t stack_in_handler, stack_in_context;
static int stack_change;

static void stacked(int sig, siginfo_t *info, void *context)
{
	stack_t other = {.ss_sp = stack_memory, .ss_size = sizeof(stack_memory)};
	char here;

	(void)sig, (void)info;
	where = &here;
	must(sigaltstack(NULL, &stack_in_handler) == 0);
	stack_in_context = ((ucontext_t *)context)->uc_stack;
	if (!(stack_in_handler.ss_flags & SS_DISABLE))
		stack_change = sigaltstack(&other, NULL) ? errno : 0;
}

static bool on_stack(void)
{
	return where >= stack_memory && where < stack_memory + sizeof(stack_memory);
}

static void *thread_stack(void *arg)
{
	must(sigaltstack(NULL, arg) == 0);
	return NULL;
}

static void test_altstack(void)
{
	stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof(stack_memory)}, old;
	stack_t off = {.ss_flags = SS_DISABLE}, fresh;
	pthread_t thread;

	must(sigaltstack(NULL, &old) == 0);
	is_int(old.ss_flags, SS_DISABLE, "at first there is no alternate stack");
	is_int(sigaltstack(&stack, NULL), 0, "sigaltstack sets one");
	must(sigaltstack(NULL, &old) == 0);
	ok(old.ss_sp == stack_memory && old.ss_size == sizeof(stack_memory) && !old.ss_flags, "and tells it");
	on_info(SIGUSR1, stacked, 0);
	raise(SIGUSR1);
	ok(!on_stack(), "a handler without SA_ONSTACK does not use it");
	on_info(SIGUSR1, stacked, SA_ONSTACK);
	raise(SIGUSR1);
	ok(on_stack(), "one with it does");
	is_int(stack_in_handler.ss_flags, SS_ONSTACK, "and is told SS_ONSTACK");
	is_int(stack_change, EPERM, "it cannot change the stack that it stands on");
	ok(stack_in_context.ss_sp == stack_memory && stack_in_context.ss_size == sizeof(stack_memory), "uc_stack tells it");
	must(pthread_create(&thread, NULL, thread_stack, &fresh) == 0);
	pthread_join(thread, NULL);
	is_int(fresh.ss_flags, SS_DISABLE, "a new thread has none");
	stack.ss_flags = (int)SS_AUTODISARM;
	is_int(sigaltstack(&stack, NULL), 0, "SS_AUTODISARM is accepted");
	raise(SIGUSR1);
	ok(on_stack() && stack_in_handler.ss_flags == SS_DISABLE, "the handler finds it disarmed");
	must(sigaltstack(NULL, &old) == 0);
	ok(old.ss_sp == stack_memory && old.ss_flags == (int)SS_AUTODISARM, "and afterwards it is armed again");
	stack.ss_flags = 0x40;
	fails(syscall(SYS_sigaltstack, &stack, NULL), EINVAL, "an unknown flag is EINVAL");
	stack.ss_flags = SS_ONSTACK | SS_DISABLE;
	fails(syscall(SYS_sigaltstack, &stack, NULL), EINVAL, "both modes at once too");
	stack = (stack_t){.ss_sp = stack_memory, .ss_size = 1000};
	fails(syscall(SYS_sigaltstack, &stack, NULL), ENOMEM, "one below MINSIGSTKSZ is ENOMEM");
	fails(syscall(SYS_sigaltstack, 8L, NULL), EFAULT, "a bad stack_t is EFAULT");
	is_int(sigaltstack(&off, &old), 0, "SS_DISABLE switches it off");
	raise(SIGUSR1);
	ok(!on_stack(), "and SA_ONSTACK uses it no more");
}

/* ---- faults ---- */

static sigjmp_buf jump;
static long trap_number, trap_error;
static void *fault_ip;

static void jumper(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	info_seen = *info;
	trap_number = regs[REG_TRAPNO];
	trap_error = regs[REG_ERR];
	fault_ip = (void *)regs[REG_RIP];
	siglongjmp(jump, sig);
}

static bool fault_is(int sig, int code, const void *address)
{
	if (info_seen.si_signo == sig && info_seen.si_code == code && info_seen.si_addr == address)
		return true;
	printf("# signal %d, code %d, address %p\n", info_seen.si_signo, info_seen.si_code, info_seen.si_addr);
	return false;
}

static void test_memory_faults(void)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *volatile at = page;
	void (*volatile code)(void) = (void (*)(void))(uintptr_t)page;
	int fd = open("/tmp/posix-signal", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(page != MAP_FAILED && fd >= 0 && file != MAP_FAILED);
	unlink("/tmp/posix-signal");
	on_info(SIGSEGV, jumper, 0);
	on_info(SIGBUS, jumper, 0);
	if (!sigsetjmp(jump, 1))
		at[5] = 1;
	ok(fault_is(SIGSEGV, SEGV_ACCERR, page + 5), "a write to read-only memory: SEGV_ACCERR and the address");
	ok(trap_number == 14 && (trap_error & 3) == (2 | (page[0] & 1)), "the frame says: page fault, write");
	must(at[5] == 0); /* now it is there, and may still not be written */
	info_seen.si_code = 0;
	if (!sigsetjmp(jump, 1))
		at[5] = 1;
	ok(fault_is(SIGSEGV, SEGV_ACCERR, page + 5), "and once it was read");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	page[0] = (char)0xc3;
	if (!sigsetjmp(jump, 1))
		code();
	ok(fault_is(SIGSEGV, SEGV_ACCERR, page), "executing data: SEGV_ACCERR at the instruction");
	ok(fault_ip == page, "which is where the frame points");
	munmap(page, PAGE);
	if (!sigsetjmp(jump, 1))
		at[7] = 1;
	ok(fault_is(SIGSEGV, SEGV_MAPERR, page + 7), "unmapped memory: SEGV_MAPERR");
	if (!sigsetjmp(jump, 1))
		file[9] = 1;
	ok(fault_is(SIGBUS, BUS_ADRERR, file + 9), "a mapping beyond the file's end: SIGBUS, BUS_ADRERR");
	at = (volatile char *)0x8000000000000000;
	if (!sigsetjmp(jump, 1))
		*at = 1;
	ok(fault_is(SIGSEGV, SI_KERNEL, NULL), "an address that cannot be: SIGSEGV, SI_KERNEL, no address");
	if (!sigsetjmp(jump, 1))
		asm volatile("push %%rbp\n mov %0, %%rbp\n mov (%%rbp), %%eax\n pop %%rbp" : : "r"(at) : "eax");
	/* A machine that makes no difference between #SS and #GP (QEMU's emulation) cannot tell SIGBUS. */
	ok(fault_is(trap_number == 12 ? SIGBUS : SIGSEGV, SI_KERNEL, NULL), "the same through the stack segment: SIGBUS, SI_KERNEL");
	munmap(page + PAGE, PAGE), munmap(file, PAGE), close(fd);
}

#define DIVISION_INSTRUCTION ".globl divide_here\ndivide_here: idiv %%ecx"
extern char divide_here[];

static void unmask_sse(unsigned exception)
{
	unsigned mxcsr = 0x1f80 & ~(exception << 7);

	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static void mask_sse(void)
{
	unsigned mxcsr = 0x1f80;

	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

/* One division of doubles with one kind of exception unmasked. */
static void sse_divide(double a, double b, unsigned exception)
{
	unmask_sse(exception);
	if (!sigsetjmp(jump, 1))
		asm volatile("divsd %1, %0" : "+x"(a) : "x"(b));
	mask_sse();
}

/* QEMU's emulation never raises unmasked SSE exceptions: there every division just goes on. */
static void test_sse_faults(void)
{
	static const struct {
		double a, b;
		unsigned exception;
		int code;
		const char *name;
	} cases[] = {
		{1, 0, 4, FPE_FLTDIV, "division by zero: FPE_FLTDIV"}, {0, 0, 1, FPE_FLTINV, "0/0: FPE_FLTINV"},
		{1e308, 1e-308, 8, FPE_FLTOVF, "overflow: FPE_FLTOVF"}, {1e-308, 1e308, 16, FPE_FLTUND, "underflow: FPE_FLTUND"},
		{1, 3, 32, FPE_FLTRES, "an inexact result: FPE_FLTRES"},
	};
	bool raises = false;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(&info_seen, 0, sizeof(info_seen));
		sse_divide(cases[i].a, cases[i].b, cases[i].exception);
		raises |= info_seen.si_signo != 0;
		ok(raises ? fault_is(SIGFPE, cases[i].code, fault_ip) && trap_number == 19 : !info_seen.si_signo,
		   "SSE: %s%s", cases[i].name, raises ? "" : ", or nothing on a machine that raises none");
	}
}

static void test_instruction_faults(void)
{
	unsigned short control = 0x037b; /* all but division by zero masked */

	on_info(SIGFPE, jumper, 0);
	on_info(SIGILL, jumper, 0);
	if (!sigsetjmp(jump, 1))
		asm volatile("xor %%edx, %%edx\n mov $1, %%eax\n xor %%ecx, %%ecx\n" DIVISION_INSTRUCTION : : : "eax", "ecx", "edx");
	ok(fault_is(SIGFPE, FPE_INTDIV, divide_here), "division of integers by zero: FPE_INTDIV at the instruction");
	is_int(trap_number, 0, "trap 0");
	memset(&info_seen, 0, sizeof(info_seen));
	if (!sigsetjmp(jump, 1))
		asm volatile("fninit\n fldcw %0\n fldz\n fld1\n fdivp\n fwait" : : "m"(control) : "st", "st(1)");
	asm volatile("fninit");
	ok(info_seen.si_signo == SIGFPE && info_seen.si_code == FPE_FLTDIV, "x87 division by zero: FPE_FLTDIV");
	is_int(trap_number, 16, "trap 16");
	if (!sigsetjmp(jump, 1))
		asm volatile("ud2");
	ok(info_seen.si_signo == SIGILL && info_seen.si_code == ILL_ILLOPN && info_seen.si_addr == fault_ip, "ud2: ILL_ILLOPN");
	on_info(SIGTRAP, informed, 0);
	asm volatile("int3");
	ok(last == SIGTRAP && info_seen.si_code == SI_KERNEL, "int3: SIGTRAP, SI_KERNEL");
	on_info(SIGTRAP, informed, 0);
	asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n"
		     "pushfq\n andq $~0x100, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp" : : : "memory", "cc");
	ok(count == 4 && info_seen.si_code == TRAP_TRACE, "single steps: SIGTRAP, TRAP_TRACE");
	on(SIGTRAP, SIG_DFL, 0);
}

/* ---- what a handler may change ---- */

static void changer(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	double seven = 7;

	(void)sig, (void)info;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
	uc->uc_mcontext.gregs[REG_RBX] = 4711;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
	memcpy(&uc->uc_mcontext.fpregs->_xmm[6], &seven, sizeof(seven));
	asm volatile("xorps %%xmm7, %%xmm7\n fninit\n fldpi" : : : "xmm7");
}

static void test_frame(void)
{
	double six = 6, kept = 1234.5, x87 = 2.5;
	long rbx = 0;

	on_info(SIGILL, changer, 0);
	asm volatile("movsd %[kept], %%xmm7\n fldl %[x87]\n ud2\n fstpl %[x87]\n movsd %%xmm6, %[six]\n movsd %%xmm7, %[kept]"
		     : "+b"(rbx), [six] "+m"(six), [kept] "+m"(kept), [x87] "+m"(x87)
		     :
		     : "xmm6", "xmm7", "st");
	is_int(rbx, 4711, "a handler changes a register, and where the program goes on");
	ok(is_blocked(SIGUSR2), "it changes the mask");
	ok(six == 7, "and a vector register of the program");
	ok(kept == 1234.5 && x87 == 2.5, "what it does with its own vector registers is forgotten");
	unblock(SIGUSR2);
	on(SIGILL, SIG_DFL, 0);
}

/* ---- default actions, in children ---- */

static int child(const char *mode, const char *argument)
{
	int sig = atoi(argument);
	sigset_t all;

	if (!strcmp(mode, "raise")) {
		raise(sig);
		return 7;
	}
	if (!strcmp(mode, "blocked fault")) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		on(SIGSEGV, counter, 0);
		*wild = 1;
	}
	if (!strcmp(mode, "ignored fault")) {
		on(SIGSEGV, SIG_IGN, 0);
		*wild = 1;
	}
	if (!strcmp(mode, "abort")) {
		sigfillset(&all);
		on(SIGABRT, SIG_IGN, 0);
		sigprocmask(SIG_SETMASK, &all, NULL);
		abort();
	}
	return 8;
}

static void test_defaults(void)
{
	static const int kills[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
				    SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
				    SIGPROF, SIGIO, SIGPWR, SIGSYS, 40, 64};
	static const int ignored[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
	char number[8];
	int status;

	for (size_t i = 0; i < sizeof(kills) / sizeof(*kills); i++) {
		snprintf(number, sizeof(number), "%d", kills[i]);
		status = run_self("raise", number);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == kills[i], "signal %d kills by default", kills[i]);
	}
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
		snprintf(number, sizeof(number), "%d", ignored[i]);
		status = run_self("raise", number);
		ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "signal %d is ignored by default", ignored[i]);
	}
	is_int(run_self("blocked fault", "0") & 0x7f, SIGSEGV, "a fault kills where its signal is blocked");
	is_int(run_self("ignored fault", "0") & 0x7f, SIGSEGV, "and where it is ignored");
	is_int(run_self("abort", "0") & 0x7f, SIGABRT, "abort() kills whatever was said about SIGABRT");
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return child(argv[1], argv[2]);
	test_altstack();
	test_memory_faults();
	test_instruction_faults();
	test_sse_faults();
	test_frame();
	if (can_spawn("default actions"))
		test_defaults();
	return done();
}
