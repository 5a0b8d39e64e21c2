/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's instructions and the kernel's code: what an application may not execute, jumps to where it may not go, and
 * ways to make the kernel go there for it. In ring 3 the processor says no. In ring 0 it does as it is told.
 */
#include "attacks.h"

#include <sys/syscall.h>
#include <ucontext.h>

#define FORGED_PID 31337

static void cli_hlt(void)
{
	asm volatile("cli; hlt");
	saw("runs", "the processor slept with interrupts off, and woke");
}

/* No page table: not even the next instruction is there, nor a handler that could say so. */
static void mov_cr3(void)
{
	asm volatile("mov %0, %%cr3" : : "r"(0ul) : "memory");
	saw("runs", "without a page table");
}

/* An empty interrupt table, and an exception: user/basic/crash.c alone. */
static void lidt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) empty = {0, 0};

	asm volatile("lidt %0\n ud2" : : "m"(empty));
}

/* Where the interrupt table is, which is where the kernel is. No privilege by itself: UMIP makes it one, and Linux makes answers up. */
static void sidt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table;

	asm volatile("sidt %0" : "=m"(table));
	saw(table.base - KERNEL_BASE < 1ul << 30 ? "leaks" : "refused", "the interrupt table is said to be at %016lx", table.base);
}

/* The reset register of Intel's chip sets (ICH9 datasheet, 13.7.5). */
static void port_reset(void)
{
	asm volatile("outb %0, %1" : : "a"((uint8_t)6), "d"((uint16_t)0xcf9));
	saw("runs", "the port was written");
}

/* What the kernel says on its console is what COM1 is given. */
static void port_console(void)
{
	for (const char *at = "owned by port\n"; *at; at++)
		asm volatile("outb %0, %1" : : "a"(*at), "d"((uint16_t)0x3f8));
	saw("console", "owned by port");
}

/* Every system call of everybody goes through a stub of the attacker's, until it gives that up. */
static void wrmsr(void)
{
	uint32_t low, high;
	long pid = SYS_getpid;
	uintptr_t stub;

	asm volatile("lea 1f(%%rip), %0; jmp 2f; 1: mov %1, %%eax; jmp *%%rcx; 2:" : "=r"(stub) : "i"(FORGED_PID));
	asm volatile("cli; rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_LSTAR));
	asm volatile("wrmsr" : : "a"((uint32_t)stub), "d"((uint32_t)(stub >> 32)), "c"(MSR_LSTAR));
	asm volatile("syscall" : "+a"(pid) : : "rcx", "r11", "memory");
	asm volatile("wrmsr; sti" : : "a"(low), "d"(high), "c"(MSR_LSTAR));
	saw(pid == FORGED_PID ? "stored" : "refused", "the kernel's entry point; getpid says %ld", pid);
}

/* Returns to where CS says ring 0. */
static void iretq(void)
{
	unsigned long kernel_code = kernel_is_orchard() ? 8 : 16, kernel_data = kernel_is_orchard() ? 16 : 24;
	unsigned short cs;

	asm volatile("mov %%rsp, %%rax\n"
		     "sub $256, %%rsp\n"
		     "and $-16, %%rsp\n"
		     "push %2; push %%rax; pushfq; push %1\n"
		     "lea 1f(%%rip), %%rcx; push %%rcx\n"
		     "iretq\n"
		     "1: mov %%cs, %0"
		     : "=r"(cs)
		     : "r"(kernel_code), "r"(kernel_data)
		     : "rax", "rcx", "memory");
	saw((cs & 3) ? "refused" : "runs", "by a forged frame, in ring %d", cs & 3);
}

/* A function of the kernel's that does what the attacker wants. */
static void jump_kernel(void)
{
	void *(*copy)(void *, const void *, size_t) = (void *(*)(void *, const void *, size_t))kernel_symbol("copy");

	copy((void *)kernel_symbol("data"), OWNED, sizeof(OWNED));
	saw("stored", "by the kernel's own memcpy()");
}

static void jump_panic(void)
{
	((void (*)(const char *))kernel_symbol("panic"))("owned");
	saw("runs", "panic() returned");
}

/* Behind the first instruction of the gate, which saves the stack pointer: nine bytes (`mov %rsp, %gs:...`). */
static void jump_gate(void)
{
	long pid = SYS_getpid;

	asm volatile("mov %%rsp, %%rbx\n"
		     "lea 1f(%%rip), %%rcx\n"
		     "pushfq; pop %%r11\n"
		     "jmp *%1\n"
		     "1: mov %%rbx, %%rsp"
		     : "+a"(pid)
		     : "r"(kernel_symbol("gate") + 9)
		     : "rbx", "rcx", "r11", "memory", "cc");
	saw("runs", "the gate from its middle on; getpid says %ld, and it is %ld", pid, (long)getpid());
}

static void on_signal(int sig)
{
	(void)sig;
	saw("stored", "a signal frame on the kernel's memory");
}

/* Bait: the kernel shall write a signal frame over itself. */
static void signal_stack(void)
{
	stack_t stack = {.ss_sp = (void *)(kernel_symbol("data") & ~0xfffl), .ss_size = 2 * PAGE};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	if (sigaltstack(&stack, NULL)) {
		saw_error("sigaltstack");
		return;
	}
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
}

/* The same by the stack pointer. */
static void kernel_stack(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	long nr = SYS_kill;

	sigaction(SIGUSR1, &sa, NULL);
	asm volatile("mov %%rsp, %%rbx; mov %1, %%rsp; syscall; mov %%rbx, %%rsp"
		     : "+a"(nr)
		     : "r"(kernel_symbol("data") + 2048), "D"(getpid()), "S"(SIGUSR1)
		     : "rbx", "rcx", "r11", "memory");
}

static void redirect(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig, (void)info;
	r[REG_RIP] = (greg_t)kernel_symbol("copy");
	r[REG_RDI] = (greg_t)kernel_symbol("data");
	r[REG_RSI] = (greg_t)(uintptr_t)OWNED;
	r[REG_RDX] = sizeof(OWNED);
	r[REG_CSGSFS] = (r[REG_CSGSFS] & ~0xffffl) | 8;
}

/* Bait: the kernel shall return to itself, by its own sigreturn. */
static void sigreturn(void)
{
	struct sigaction sa = {.sa_sigaction = redirect, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	saw("stored", "by a return to the kernel");
}

const struct attack privileged_attacks[] = {
	{"cli-hlt", cli_hlt},
	{"mov-cr3", mov_cr3},
	{"lidt", lidt},
	{"sidt", sidt},
	{"port-reset", port_reset},
	{"port-console", port_console},
	{"wrmsr", wrmsr},
	{"iretq", iretq},
	{"jump-kernel", jump_kernel},
	{"jump-panic", jump_panic},
	{"jump-gate", jump_gate},
	{"signal-stack", signal_stack},
	{"kernel-stack", kernel_stack},
	{"sigreturn", sigreturn},
	{NULL, NULL},
};
