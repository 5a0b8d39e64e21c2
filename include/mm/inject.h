/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection (CONFIG_FAULT_INJECTION, debug builds): the n-th allocation of a page or an object that a thread makes from
 * now on fails, as if memory were at its end: Linux's fail-nth (Documentation/fault-injection/fault-injection.rst). One thread
 * at a time; what interrupts allocate on top of it, and what a page fault does (app.c), does not count.
 */
#ifndef MM_INJECT_H
#define MM_INJECT_H

#include <lib/config.h>
#include <lib/types.h>

struct thread;

#define INJECT IS_ENABLED(CONFIG_FAULT_INJECTION)

/* Shall this allocation fail? */
bool inject_fails(void);
/* The nth of t's fails, the first being 1; 0: none. */
void inject_arm(const struct thread *t, u32 nth);
/* How many allocations there are still to go; 0: it has failed, or nothing was asked for. */
u32 inject_left(const struct thread *t);

#endif
