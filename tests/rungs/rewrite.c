/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rewritten gate, seen by a program. Its functions of assembler are such that the host's tool rewrites some and keeps others;
 * which, the program sees in its own code.
 *
 *	rewrite            calls through both, faults at page zero, strange numbers
 *	rewrite plain      the same calls where nothing is rewritten
 *	rewrite count      instructions of a null call, from the call to its return, by TSC
 *	rewrite null       reads from address 0, and says what it saw
 *	rewrite fork       children make calls too
 *	rewrite orphan     ends, and leaves a child that does nothing but exec
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

#define FUNCTION(name, code)                                                                       \
	long name(long, long, long);                                                               \
	extern const unsigned char name##_site[];                                                  \
	asm(".text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name ":\n" code   \
	    "\n.size " #name ", . - " #name "\n")

/* Rewritten. */
FUNCTION(plain_ppid, "mov $110, %eax\nplain_ppid_site: syscall\nret");
FUNCTION(plain_uid, "mov $102, %eax\nplain_uid_site: syscall\nret");
FUNCTION(plain_read, "mov $0, %eax\nplain_read_site: syscall\nret");
FUNCTION(plain_600, "mov $600, %eax\nplain_600_site: syscall\nret");
FUNCTION(any_call, "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nany_call_site: syscall\nret");
/* Kept: data and arguments in the red zone. */
FUNCTION(red_value, "mov %rdi, -8(%rsp)\nmov $39, %eax\nred_value_site: syscall\nmov -8(%rsp), %rax\nret");
FUNCTION(red_time, "lea -16(%rsp), %rsi\nmovq $-1, -8(%rsp)\nmov $1, %edi\nmov $228, %eax\nred_time_site: syscall\n"
		   "mov -8(%rsp), %rax\nret");
/* No instruction at all. */
FUNCTION(like_one, "jmp 1f\nlike_one_site: .byte 0x0f, 0x05\n1: mov $0x050f, %eax\nret");
/* Every register that a system call must leave alone, before and after: how many differ. */
#define KEEPS(name, number)                                                                        \
	FUNCTION(name, "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"       \
		       "mov $1, %ebx\nmov $2, %ebp\nmov $3, %r12d\nmov $4, %r13d\nmov $5, %r14d\nmov $6, %r15d\n" \
		       "mov $-1, %rdi\nmov $8, %esi\nmov $9, %edx\nmov $10, %r8d\nmov $11, %r9d\nmov $12, %r10d\n" \
		       "mov $" #number ", %eax\n" #name "_site: syscall\nxor %eax, %eax\n"         \
		       "sub $1, %rbx\nor %rbx, %rax\nsub $2, %rbp\nor %rbp, %rax\nsub $3, %r12\nor %r12, %rax\n" \
		       "sub $4, %r13\nor %r13, %rax\nsub $5, %r14\nor %r14, %rax\nsub $6, %r15\nor %r15, %rax\n" \
		       "add $1, %rdi\nor %rdi, %rax\nsub $8, %rsi\nor %rsi, %rax\nsub $9, %rdx\nor %rdx, %rax\n" \
		       "sub $10, %r8\nor %r8, %rax\nsub $11, %r9\nor %r9, %rax\nsub $12, %r10\nor %r10, %rax\n" \
		       "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret")
KEEPS(keeps_quick, 110);
KEEPS(keeps_full, 3);
/* What the kernel leaves in RCX and R11 is read behind a call of a function: the tool does not ask what that reads. */
FUNCTION(left_rcx, "sub $8, %rsp\nmov $110, %eax\nleft_rcx_site: syscall\ncall look_rcx\nadd $8, %rsp\nret");
FUNCTION(look_rcx, "mov %rcx, %rax\nlook_rcx_site: ret");
FUNCTION(left_r11, "sub $8, %rsp\nmov $110, %eax\nleft_r11_site: syscall\ncall look_r11\nadd $8, %rsp\nret");
FUNCTION(look_r11, "mov %r11, %rax\nlook_r11_site: ret");
/* RDI calls of getppid: the TSC's difference. The same without the call is subtracted. */
FUNCTION(count_calls, "push %rbx\nmov %rdi, %rbx\nrdtsc\nshl $32, %rdx\nor %rdx, %rax\nmov %rax, %r8\n"
		      "1: mov $110, %eax\ncount_calls_site: syscall\nsub $1, %rbx\njnz 1b\n"
		      "rdtsc\nshl $32, %rdx\nor %rdx, %rax\nsub %r8, %rax\npop %rbx\nret");
FUNCTION(count_none, "push %rbx\nmov %rdi, %rbx\nrdtsc\nshl $32, %rdx\nor %rdx, %rax\nmov %rax, %r8\n"
		     "1: mov $110, %eax\ncount_none_site: sub $1, %rbx\njnz 1b\n"
		     "rdtsc\nshl $32, %rdx\nor %rdx, %rax\nsub %r8, %rax\npop %rbx\nret");
/* With TF from in front of the call to behind it. */
FUNCTION(stepped, "pushfq\norq $0x100, (%rsp)\npopfq\nmov $110, %eax\nstepped_site: syscall\ntest %eax, %eax\npushfq\nandq $~0x100, (%rsp)\npopfq\nret");
FUNCTION(stepped_full, "pushfq\norq $0x100, (%rsp)\npopfq\nmov $102, %eax\nstepped_full_site: syscall\n"
		       "test %eax, %eax\npushfq\nandq $~0x100, (%rsp)\npopfq\nret");
/* With the direction flag set: the kernel must not copy backwards. */
FUNCTION(backwards, "std\nmov $0, %eax\nbackwards_site: syscall\ncld\nret");

static int rewritten = 1;

static void is_rewritten(const unsigned char *site, const char *name)
{
	if (rewritten)
		ok(site[0] == 0xff && site[1] == 0xd0, "%s: a call", name);
	else
		ok(site[0] == 0x0f && site[1] == 0x05, "%s: a syscall still", name);
}

#define IS_REWRITTEN(name) is_rewritten(name##_site, #name)
#define IS_KEPT(name) ok(name##_site[0] == 0x0f && name##_site[1] == 0x05, #name ": as it was")

static void check_code(void)
{
	IS_REWRITTEN(plain_ppid);
	IS_REWRITTEN(plain_uid);
	IS_REWRITTEN(plain_read);
	IS_REWRITTEN(plain_600);
	IS_REWRITTEN(any_call);
	IS_REWRITTEN(keeps_quick);
	IS_REWRITTEN(keeps_full);
	IS_REWRITTEN(left_rcx);
	IS_REWRITTEN(left_r11);
	IS_REWRITTEN(count_calls);
	IS_REWRITTEN(stepped);
	IS_REWRITTEN(stepped_full);
	IS_REWRITTEN(backwards);
	IS_KEPT(red_value);
	IS_KEPT(red_time);
	IS_KEPT(like_one);
}

/* Pages are copied: the file itself has its instructions still, wherever this page lies in it. */
static void check_file(void)
{
	unsigned char ours[4096], file[4096];
	uintptr_t page = (uintptr_t)plain_ppid_site & ~4095ul;
	int fd = open("/proc/self/exe", O_RDONLY), differ = 0, found = 0;

	must(fd >= 0);
	memcpy(ours, (void *)page, sizeof(ours));
	while (!found && read(fd, file, sizeof(file)) == sizeof(file)) {
		differ = 0;
		for (size_t i = 0; i + 1 < sizeof(file); i++)
			if (ours[i] != file[i]) {
				if (file[i] != 0x0f || file[i + 1] != 0x05 || ours[i] != 0xff || ours[i + 1] != 0xd0) {
					differ = -1;
					break;
				}
				differ++;
				i++;
			}
		found = differ >= 0;
	}
	close(fd);
	ok(found, "the page is in the file, but for rewritten instructions");
	ok(rewritten ? differ > 0 : !differ, "the file has syscall where memory has %d calls", differ);
}

static void check_calls(void)
{
	long parent = getppid();
	char byte = 'x';
	int zero = open("/dev/zero", O_RDONLY);

	must(zero >= 0);
	/* The first call from a place takes the long way, on which its return address is looked up. */
	is_int(plain_ppid(0, 0, 0), parent, "a call for the first time");
	is_int(plain_ppid(0, 0, 0), parent, "a call without a frame");
	is_int(plain_uid(0, 0, 0), getuid(), "a call with a frame");
	is_int(plain_read(zero, (long)&byte, 1), 1, "a read");
	is_int(byte, 0, "has read");
	is_int(plain_read(-1, 0, 0), -EBADF, "an error");
	is_int(plain_read(zero, 0, 1), -EFAULT, "a null pointer as an argument");
	is_int(any_call(SYS_getpid, 0, 0), getpid(), "a number that only the run knows");
	is_int(keeps_quick(0, 0, 0) | keeps_quick(0, 0, 0), 0, "registers are kept, without a frame");
	is_int(keeps_full(0, 0, 0) | keeps_full(0, 0, 0), 0, "registers are kept, with one");
	ok(left_rcx(0, 0, 0) >= 0 && left_rcx(0, 0, 0) >= 0, "no address of the kernel's in rcx");
	ok(left_r11(0, 0, 0) >= 0 && left_r11(0, 0, 0) >= 0, "nor in r11");
	is_int(red_value(4711, 0, 0), 4711, "data in the red zone stays");
	ok((unsigned long)red_time(0, 0, 0) < 1000000000, "an argument in the red zone arrives");
	is_int(like_one(0, 0, 0), 0x050f, "data that looks like a syscall stays");
	byte = 'x';
	is_int(backwards(zero, (long)&byte, 1), 1, "a call with the direction flag set");
	is_int(byte, 0, "has read forwards");
	close(zero);
}

/* What is no system call. In their upper half numbers mean nothing, whether they would be an address or not. */
static void check_numbers(void)
{
	static const long strange[] = {336, 451, 463, 464, 465, 480, 481, 497, 500, 512, 527, 543, 544, 545, 546, 547, 548, 549, 550,
				       551, 600, 4094, 4095, 4096, 5000, 65535, -1, -2, -100, -4096};

	is_int(plain_600(0, 0, 0), -ENOSYS, "a constant that is no number");
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		is_int(any_call(strange[i], 0, 0), -ENOSYS, "number %ld", strange[i]);
	is_int(any_call(1l << 40 | SYS_getpid, 0, 0), getpid(), "getpid with a bit above");
	is_int(any_call(1l << 62 | SYS_getpid, 0, 0), getpid(), "getpid with a bit that makes it no address");
	is_int(any_call(1l << 62 | 600, 0, 0), -ENOSYS, "no number, no address");
	is_int(any_call((long)(1ul << 63 | SYS_getpid), 0, 0), getpid(), "getpid with the uppermost bit");
	is_int(any_call((long)(~0ul << 32 | SYS_getpid), 0, 0), getpid(), "getpid in the kernel's half");
}

static sigjmp_buf back;
static void *volatile fault_address;
static volatile unsigned long fault_rip;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	fault_address = info->si_addr;
	fault_rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	siglongjmp(back, 1);
}

#define FAULTS(name, statement)                                                                    \
	do {                                                                                       \
		volatile int faulted = 1;                                                          \
                                                                                                   \
		if (!sigsetjmp(back, 1)) {                                                         \
			statement;                                                                 \
			faulted = 0;                                                               \
		}                                                                                  \
		ok(faulted, name " is SIGSEGV");                                                   \
	} while (0)

/* What was rewritten is known by where it stands: a copy of it calls page zero from nowhere. */
static void check_copied(void)
{
	unsigned char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*copied)(void) = (long (*)(void))at;

	must(at != MAP_FAILED);
	memcpy(at, (const void *)plain_ppid, 16);
	must(!mprotect(at, 4096, PROT_READ | PROT_EXEC));
	if (!rewritten) {
		is_int(copied(), getppid(), "a copied syscall");
	} else {
		FAULTS("a copied call", copied());
		ok(fault_address == NULL && fault_rip == 0, "at address 0");
	}
	munmap(at, 4096);
}

static void check_null(void)
{
	struct sigaction action = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	static char room[16384];
	stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
	volatile char *volatile null = NULL;
	void (*volatile nowhere)(void) = NULL;

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	fault_address = &back;
	FAULTS("a null load", (void)*null);
	ok(fault_address == NULL, "at address 0");
	FAULTS("a null store", *null = 1);
	FAULTS("a load at 4095", (void)null[4095]);
	FAULTS("a null call", nowhere());
	ok(fault_address == NULL && fault_rip == 0, "at address 0");
	nowhere = (void (*)(void))39;
	FAULTS("a call of 39", nowhere());
	nowhere = (void (*)(void))545;
	FAULTS("a call of the exit's middle", nowhere());
	nowhere = (void (*)(void))2000;
	FAULTS("a call of the rest of page zero", nowhere());
	FAULTS("a call by the same instruction", asm volatile("xor %%eax, %%eax; call *%%rax" : : : "rax", "rcx", "r11", "memory", "cc"));
	FAULTS("a call with a number in RAX", asm volatile("mov $110, %%eax; xor %%ebx, %%ebx; call *%%rbx"
							   : : : "rax", "rbx", "rcx", "r11", "memory", "cc"));
	FAULTS("a jump to 0", asm volatile("push $1; jmp *%0" : : "r"(0l) : "memory"));
	FAULTS("a jump to 0 without a stack", asm volatile("mov %%rsp, %%rbx; mov $64, %%esp; jmp *%0" : : "r"(0l) : "rbx", "memory"));
	check_copied();
	signal(SIGSEGV, SIG_DFL);
}

/* Code that is made while the program runs has its own instruction. */
static void check_generated(void)
{
	static const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
	unsigned char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED);
	memcpy(at, code, sizeof(code));
	must(!mprotect(at, 4096, PROT_READ | PROT_EXEC));
	is_int(((long (*)(void))at)(), getpid(), "generated code makes system calls");
	munmap(at, 4096);
}

static volatile int traps;

static void on_trap(int sig)
{
	(void)sig;
	traps++;
}

static void check_steps(void)
{
	long parent = getppid(), uid = getuid();

	signal(SIGTRAP, on_trap);
	is_int(stepped(0, 0, 0), parent, "single-stepped over a call");
	ok(traps >= 4, "%d steps", traps);
	traps = 0;
	is_int(stepped_full(0, 0, 0), uid, "single-stepped over a call with a frame");
	ok(traps >= 4, "%d steps", traps);
	traps = 0;
	plain_ppid(0, 0, 0);
	is_int(traps, 0, "and no more");
	signal(SIGTRAP, SIG_DFL);
}

static volatile int ticks;

static void on_tick(int sig)
{
	(void)sig;
	ticks++;
	(void)plain_ppid(0, 0, 0);
}

/* Interrupts and signals in every place of the way in and out. */
static void check_storm(void)
{
	struct itimerval each = {{0, 50}, {0, 50}}, none = {{0, 0}, {0, 0}};
	long parent = getppid(), bad = 0;

	signal(SIGALRM, on_tick);
	setitimer(ITIMER_REAL, &each, NULL);
	for (long i = 0; ticks < 2000 && i < 50000000; i++)
		bad += (plain_ppid(0, 0, 0) != parent) + keeps_quick(0, 0, 0);
	setitimer(ITIMER_REAL, &none, NULL);
	is_int(bad, 0, "answers and registers under %d signals", ticks);
	ok(ticks >= 2000, "signals came");
}

static void *call_often(void *arg)
{
	long pid = getpid(), bad = 0;

	(void)arg;
	for (int i = 0; i < 20000; i++)
		bad += (plain_uid(0, 0, 0) != 0) + (any_call(SYS_getpid, 0, 0) != pid) + !!keeps_full(0, 0, 0);
	return (void *)bad;
}

static void check_threads(void)
{
	pthread_t thread[4];
	void *bad, *all = NULL;

	for (int i = 0; i < 4; i++)
		must(!pthread_create(&thread[i], NULL, call_often, NULL));
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &bad);
		all = (char *)all + (long)bad;
	}
	ok(!all, "four threads");
}

static int in_children(void)
{
	int status = -1;
	pid_t pid = fork(), me = getpid();

	if (!pid)
		_exit(plain_ppid(0, 0, 0) == getppid() && plain_ppid_site[0] == 0xff && keeps_full(0, 0, 0) == 0 ? 7 : 8);
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	is_int(WEXITSTATUS(status), 7, "a forked child calls");
	is_int(getpid(), me, "its parent too");
	return done();
}

/* Each time the file's times have changed, so that exec has to read all of it. */
static int exec_again(void)
{
	utimensat(AT_FDCWD, "/proc/self/exe", NULL, 0);
	execl("/proc/self/exe", "rewrite", "again", NULL);
	_exit(1);
}

static int leave_orphan(void)
{
	pid_t pid = vfork();

	if (!pid)
		exec_again();
	must(pid > 0);
	usleep(500000);
	must(!kill(pid, 0) && !waitpid(pid, NULL, WNOHANG));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "count")) {
		count_calls(1000, 0, 0);
		printf("%.3f\n", (count_calls(10000, 0, 0) - count_none(10000, 0, 0)) / 10000.0);
		return 0;
	}
	if (!strcmp(what, "null")) {
		volatile unsigned char *volatile null = NULL;

		printf("%02x\n", *null);
		return 0;
	}
	if (!strcmp(what, "fork"))
		return in_children();
	if (!strcmp(what, "orphan"))
		return leave_orphan();
	if (!strcmp(what, "again"))
		return exec_again();
	rewritten = strcmp(what, "plain") != 0;
	check_code();
	check_file();
	check_calls();
	check_numbers();
	check_null();
	check_generated();
	check_steps();
	check_storm();
	check_threads();
	return done();
}
