/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic_cpus.c - the other CPUs during a panic. IPI_HALT is an NMI, which stops them also where interrupts are off: in a
 * spin for a lock, say. Each notes where it was in its own per-CPU variable, and halts; the one that panics prints. One
 * that does not answer within a moment is said to be so.
 */
#include <core/panic.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/trapframe.h>
#include <core/block.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/symbols.h>
#include <core/time.h>
#include <lib/bitmap.h>

#include "panic.h"

#define FRAMES 8
#define ANSWER_MS 200
#define ANSWER_PAUSES 20000000u /* the clock may be what broke */

struct stopped {
	bool done;              /* a: the rest is true */
	u64 rip;
	struct thread *thread;
	unsigned nframes;
	u64 frame[FRAMES];
};

static DEFINE_PERCPU(struct stopped, stopped);

void panic_stopped(const struct trapframe *tf)
{
	struct stopped *s = this_cpu_ptr(stopped);

	s->rip = tf->rip;
	s->thread = thread_current();
	if (symbol_is_text(tf->rip))
		s->nframes = arch_backtrace(tf->rbp, s->frame, FRAMES);
	__atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
	cpu_stop();
}

static bool wait_for(unsigned cpu, u64 deadline)
{
	const struct stopped *s = cpu_ptr(stopped, cpu);

	for (unsigned i = 0; i < ANSWER_PAUSES && clock_ns() < deadline; i++) {
		if (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE))
			return true;
		cpu_pause();
	}
	return __atomic_load_n(&s->done, __ATOMIC_ACQUIRE);
}

static void print_cpu(unsigned cpu)
{
	const struct stopped *s = cpu_ptr(stopped, cpu);
	const char *name = s->thread ? thread_name(s->thread) : "(boot)";
	char symbol[SYMBOL_TEXT];

	if (!symbol_is_text(s->rip)) {
		console_print("  cpu %u was in the application of thread %s, at %016lx\n", cpu, name, s->rip);
		return;
	}
	console_print("  cpu %u was in thread %s, at %s\n", cpu, name, symbol_text(s->rip, symbol, sizeof(symbol)));
	panic_print_frames(s->frame, s->nframes, FRAMES);
}

void panic_print_other_cpus(void)
{
	u64 deadline = clock_ns() + ANSWER_MS * NSEC_PER_MSEC;
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		if (cpu == this_cpu_id())
			continue;
		if (wait_for((unsigned)cpu, deadline))
			print_cpu((unsigned)cpu);
		else
			console_print("  cpu %zu does not answer\n", cpu);
	}
}
