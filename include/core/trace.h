/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: what each CPU did last, as small events in a ring of its own, written without a lock by whoever runs there
 * (interrupt handlers too). A tracepoint is a call of trace(); where CONFIG_TRACE is off it is nothing, else one test of a
 * word and a branch that is not taken, until somebody turns the trace on: `trace` on the command line, or CONFIG_TRACE_BOOT.
 * Who reads: a panic.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <lib/config.h>
#include <lib/types.h>

/* What the two arguments of each are stands in trace_names[] (core/trace.c). */
enum trace_id {
	TRACE_SWITCH,        /* the name of the thread that gets the CPU, 16 bytes */
	TRACE_WAKE,          /* the name of the thread that becomes runnable */
	TRACE_IPI,           /* to which CPU, or ~0: all others; enum ipi */
	TRACE_IRQ,           /* vector */
	TRACE_SYSCALL_ENTER, /* number, first argument */
	TRACE_SYSCALL_EXIT,  /* number, answer */
	TRACE_FAULT,         /* address, instruction */
	TRACE_LOCK_WAIT,     /* lock, who takes it */
	TRACE_IDS
};

struct trace_event {
	u64 tsc;
	u16 id, cpu;
	u32 number;  /* counts on in each ring: what was overwritten can be told */
	u64 a, b;
};

extern u32 trace_mask; /* a: BIT(id): is recorded */

/* Rings for all CPUs, before the second one starts; turns the trace on if asked for. */
void trace_init(void);
/* For panic: the newest events of all CPUs, in words, on the console. */
void trace_print_last(void);

/* Any context, any lock. */
void trace_record(enum trace_id id, u64 a, u64 b);

static inline void trace(enum trace_id id, u64 a, u64 b)
{
	if (IS_ENABLED(CONFIG_TRACE) && unlikely(READ_ONCE(trace_mask) & BIT(id)))
		trace_record(id, a, b);
}

/* For the events that are about a thread: its name (struct thread's, 16 bytes, aligned) is both arguments. */
static inline void trace_name(enum trace_id id, const char *name)
{
	if (IS_ENABLED(CONFIG_TRACE) && unlikely(READ_ONCE(trace_mask) & BIT(id)))
		trace_record(id, ((const u64 *)(const void *)name)[0], ((const u64 *)(const void *)name)[1]);
}

#endif
