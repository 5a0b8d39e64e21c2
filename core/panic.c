/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - the end of a kernel that found itself wrong: stop the other CPUs, say what is known, end. docs/panic.md reads
 * one report line by line.
 *
 * May be called anywhere, under any lock, and while it is already running: the first CPU in says its piece, the others
 * stop; a fault inside the report ends the machine with what was said so far. Nothing here waits without a bound, takes a
 * lock, or needs memory.
 */
#include <core/panic.h>

#include <arch/cpu.h>
#include <arch/kaslr.h>
#include <arch/machine.h>
#include <arch/pmap.h>
#include <arch/trapframe.h>
#include <core/block.h>
#include <core/lockdep.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/sanitizer.h>
#include <core/seeds.h>
#include <core/symbols.h>
#include <core/time.h>
#include <core/trace.h>
#include <lib/format.h>

#include "panic.h"

#define FRAMES_MAX 256   /* looked at */
#define FRAME_LINES 24   /* printed: one line stands for a function that calls itself */

struct crash {
	const struct trapframe *tf; /* what was interrupted, or NULL: the kernel itself called panic() */
	u64 frame;                  /* where the backtrace begins */
	bool fault;                 /* it is about an address: va */
	u64 va;
};

int panic_cpu = -1;
void (*panic_describe_thread)(const struct thread *t, char *text, size_t size);

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

static void print_frame(u64 pc, unsigned times)
{
	char symbol[SYMBOL_TEXT];

	console_print("    %016lx %s", pc, symbol_caller_text(pc, symbol, sizeof(symbol)));
	if (times > 1)
		console_print(" (%u times)", times);
	console_print("\n");
}

void panic_print_frames(const u64 *pc, unsigned n, unsigned lines)
{
	for (unsigned i = 0, same; i < n && lines; i += same, lines--) {
		for (same = 1; i + same < n && pc[i + same] == pc[i]; same++)
			;
		print_frame(pc[i], same);
		if (lines == 1 && i + same < n)
			console_print("    ... and %u more\n", n - i - same);
	}
}

/* Where the trap was. What called to where there is no code left nothing on the stack but where it wants to go on. */
static unsigned print_trap_frame(const struct trapframe *tf, u64 *pc)
{
	char symbol[SYMBOL_TEXT];

	if (symbol_is_text(tf->rip)) {
		console_print("    %016lx %s\n", tf->rip, symbol_text(tf->rip, symbol, sizeof(symbol)));
		return 0;
	}
	console_print("    %016lx, which is not in the kernel's text\n", tf->rip);
	if (!IS_ALIGNED(tf->rsp, 8) || !pmap_is_mapped(tf->rsp) || !symbol_is_text(*(const u64 *)tf->rsp))
		return 0;
	pc[0] = *(const u64 *)tf->rsp;
	return 1;
}

static void print_backtrace(const struct crash *c)
{
	static u64 pc[FRAMES_MAX]; /* only one CPU comes here, on a stack that may be short */
	unsigned n;

	console_print("  backtrace, the innermost function first:\n");
	n = c->tf ? print_trap_frame(c->tf, pc) : 0;
	n += arch_backtrace(c->frame, pc + n, FRAMES_MAX - n);
	panic_print_frames(pc, n, FRAME_LINES);
}

static void print_who(void)
{
	struct thread *t = thread_current();
	char text[128] = "";

	console_print("  cpu %u of %u, %lu us after boot, thread %s", this_cpu_id(), READ_ONCE(cpu_online),
		      clock_ns() / NSEC_PER_USEC, t ? thread_name(t) : "(boot)");
	if (t && panic_describe_thread)
		panic_describe_thread(t, text, sizeof(text));
	console_print("%s%s\n", text[0] ? ", " : "", text);
}

static void print_likely(const struct crash *c)
{
	char text[200];

	if (c->tf && arch_explain(c->tf, c->fault, c->va, text, sizeof(text)))
		console_print("  likely: %s\n", text);
}

/* From what is surest to what is most likely to fail in a broken kernel. */
static void report(const struct crash *c)
{
	print_likely(c);
	print_who();
	if (SEEDS)
		seeds_print();
	if (c->tf)
		print_registers(c->tf);
	console_print("  cr2 %016lx  cr3 %016lx\n", cr2_read(), cr3_read());
	if (KASLR)
		console_print("  the image was moved up by %lx\n", image_moved);
	print_backtrace(c);
	if (KASAN)
		memory_print_history();
	if (c->fault)
		pmap_print_walk(c->va);
	lockdep_print_held();
	panic_print_other_cpus();
	trace_print_last();
}

static void __noreturn __printf(2, 0) crash(const struct crash *c, const char *format, va_list args)
{
	static unsigned depth; /* panicking CPU only, as the next */
	static const char *unsaid;
	char cause[256], symbol[SYMBOL_TEXT];

	panic_enter();
	/* The third has nothing left to say: saying it was what failed. */
	if (++depth > 2)
		arch_end(END_PANIC);
	console_fresh_line();
	if (unsaid)
		console_print("panic: %s\n", unsaid);
	unsaid = format; /* a literal: if its arguments are bad, it is said without */
	vsnprintf(cause, sizeof(cause), format, args);
	unsaid = NULL;
	console_print("panic: %s%s", depth > 1 ? "while reporting the above: " : "", cause);
	if (c->tf && symbol_is_text(c->tf->rip))
		console_print(", in %s", symbol_text(c->tf->rip, symbol, sizeof(symbol)));
	console_print("\n");
	if (depth == 1)
		report(c);
	arch_end(END_PANIC);
}

void panic(const char *format, ...)
{
	const struct crash c = {.frame = (u64)__builtin_frame_address(0)};
	va_list args;

	va_start(args, format);
	crash(&c, format, args);
}

void panic_trap(const struct trapframe *tf, const char *format, ...)
{
	const struct crash c = {.tf = tf, .frame = tf->rbp};
	va_list args;

	va_start(args, format);
	crash(&c, format, args);
}

void give_up(const char *format, ...)
{
	char why[256];
	va_list args;

	panic_enter();
	console_fresh_line();
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	printk(LOG_EMERG, "cannot go on: %s", why);
	arch_end(END_PANIC);
}

void panic_fault(const struct trapframe *tf, u64 va, const char *format, ...)
{
	const struct crash c = {.tf = tf, .frame = tf->rbp, .fault = true, .va = va};
	va_list args;

	va_start(args, format);
	crash(&c, format, args);
}
