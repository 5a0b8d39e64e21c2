/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - the end of a kernel that found itself wrong: stop the other CPUs, say what is known, end.
 *
 * May be called anywhere, under any lock, and while it is already running: the first CPU in says its
 * piece, the others stop; a fault inside the report ends the machine with what was said so far.
 */
#include <core/panic.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/trapframe.h>
#include <core/block.h>
#include <core/lockdep.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <lib/format.h>

#define FRAMES_MAX 24

int panic_cpu = -1;

/* Only one CPU gets past here, and only once. */
static void panic_enter(void)
{
	int nobody = -1, me = (int)this_cpu_id();

	irq_disable();
	if (__atomic_compare_exchange_n(&panic_cpu, &nobody, me, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		if (cpu_online > 1)
			arch_ipi_all_but_self(IPI_HALT);
		return;
	}
	if (nobody != me)
		cpu_stop();
}

static void print_registers(const struct trapframe *tf)
{
	console_print("  rip %016lx  cs %04lx  rflags %08lx  vector %lu  error %lx\n", tf->rip,
		      tf->cs, tf->rflags, tf->vector, tf->error);
	console_print("  rsp %016lx  ss %04lx  rbp %016lx\n", tf->rsp, tf->ss, tf->rbp);
	console_print("  rax %016lx  rbx %016lx  rcx %016lx\n", tf->rax, tf->rbx, tf->rcx);
	console_print("  rdx %016lx  rsi %016lx  rdi %016lx\n", tf->rdx, tf->rsi, tf->rdi);
	console_print("  r8  %016lx  r9  %016lx  r10 %016lx\n", tf->r8, tf->r9, tf->r10);
	console_print("  r11 %016lx  r12 %016lx  r13 %016lx\n", tf->r11, tf->r12, tf->r13);
	console_print("  r14 %016lx  r15 %016lx\n", tf->r14, tf->r15);
}

static void print_backtrace(u64 frame)
{
	u64 pc[FRAMES_MAX];
	unsigned n = arch_backtrace(frame, pc, FRAMES_MAX);

	console_print("  backtrace:");
	for (unsigned i = 0; i < n; i++)
		console_print(" %016lx", pc[i]);
	console_print("\n");
}

static void __noreturn __printf(2, 0) report(const struct trapframe *tf, const char *format, va_list args)
{
	static bool reporting;
	struct thread *t = thread_current();
	char cause[256];

	panic_enter();
	vsnprintf(cause, sizeof(cause), format, args);
	console_print("panic: %s\n", cause);
	if (reporting)
		arch_end(END_PANIC);
	reporting = true;

	console_print("  cpu %u  thread %s\n", this_cpu_id(), t ? thread_name(t) : "(boot)");
	console_print("  cr2 %016lx  cr3 %016lx\n", cr2_read(), cr3_read());
	if (tf)
		print_registers(tf);
	lockdep_print_held();
	print_backtrace(tf ? tf->rbp : 0);
	arch_end(END_PANIC);
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(NULL, format, args);
}

void panic_trap(const struct trapframe *tf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(tf, format, args);
}
