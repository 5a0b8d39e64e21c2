/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: what each CPU did, as small events in a ring of its own, written without a lock by whoever runs there
 * (interrupt handlers too). A tracepoint is a call of trace(); where CONFIG_TRACE is off it is nothing, else one test of a
 * word and a branch that is not taken, until somebody turns the trace on: `trace` on the command line, or CONFIG_TRACE_BOOT.
 * Who reads: a panic, and the host, which finds the rings in the machine's memory when the machine has ended
 * (tools/orchardlib/trace_rings.py; docs/trace.md describes both for others).
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <lib/config.h>
#include <lib/types.h>

struct thread;

/* What the two arguments of each are. Known to the host by number: new ones go to the end (tools/orchardlib/trace_file.py). */
enum trace_id {
	TRACE_SWITCH,        /* a thread gets the CPU; the one before it sleeps, or has ended. Its name, 16 bytes */
	TRACE_PREEMPT,       /* likewise, but the one before it could go on */
	TRACE_WAKE,          /* a thread becomes runnable, or is new: its name */
	TRACE_NAME,          /* the thread that runs has another name from now on: execve(2), prctl(2) */
	TRACE_IPI,           /* to which CPU, or ~0: all others; enum ipi */
	TRACE_IRQ,           /* vector */
	TRACE_IRQ_EXIT,      /* vector */
	TRACE_SYSCALL_ENTER, /* number, first argument */
	TRACE_SYSCALL_EXIT,  /* number, answer */
	TRACE_FAULT,         /* address, instruction */
	TRACE_FAULT_EXIT,    /* address */
	TRACE_LOCK_WAIT,     /* lock, who takes it */
	TRACE_LOCK_TAKEN,    /* lock: the wait is over */
	TRACE_IDS
};

struct trace_event {
	u64 tsc;
	u32 thread;  /* the first four: which one; the others: who runs. An id of an application's thread, or TRACE_KERNEL | x */
	u16 process; /* of that thread; 0: the kernel's */
	u8 id;       /* enum trace_id */
	u8 lap;      /* counts on each time around the ring, from 1: what was not written, or is still being, can be told */
	u64 a, b;
};

#define TRACE_KERNEL BIT(31) /* a kernel's thread, of which there is no id: x tells those apart that are there at one time */

extern u32 trace_mask; /* a: BIT(id): is recorded */

/* Upcall: the ids of a thread that is an application's; false: it is not. Set at boot, where there are tracepoints. */
extern bool (*trace_identify)(const struct thread *t, u32 *thread, u16 *process);

/* Rings for all CPUs, before the second one starts; turns the trace on if asked for. Gives up when memory does not suffice. */
void trace_init(void);
/* For panic: the newest events of all CPUs, in words, on the console. */
void trace_print_last(void);

/* Any context, any lock. */
void trace_record(enum trace_id id, u64 a, u64 b);
void trace_record_thread(enum trace_id id, const struct thread *t);

static inline void trace(enum trace_id id, u64 a, u64 b)
{
	if (IS_ENABLED(CONFIG_TRACE) && unlikely(READ_ONCE(trace_mask) & BIT(id)))
		trace_record(id, a, b);
}

/* For the events that are about a thread. */
static inline void trace_thread(enum trace_id id, const struct thread *t)
{
	if (IS_ENABLED(CONFIG_TRACE) && unlikely(READ_ONCE(trace_mask) & BIT(id)))
		trace_record_thread(id, t);
}

#endif
