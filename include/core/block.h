/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeping and waking: the upcall by which everything below sched/ can wait. The protocol is the classic one:
 *
 *     thread_prepare_block();          // from here on a wake is not lost
 *     if (!condition)
 *             thread_block(deadline);  // returns when woken, or at the deadline
 *     thread_cancel_block();           // if the condition came true first
 *
 * wait queues and mutexes (core/wait.h, core/mutex.h) wrap it; use those.
 */
#ifndef CORE_BLOCK_H
#define CORE_BLOCK_H

#include <lib/types.h>

struct thread;

#define NO_DEADLINE (~0ul)

/* The running thread, or NULL during early boot. */
struct thread *thread_current(void);
const char *thread_name(const struct thread *t);
void thread_prepare_block(void);
void thread_cancel_block(void);
/* Gives up the CPU until thread_wake() or `deadline` (ns, CLOCK_MONOTONIC). True: woken; false: the deadline passed. */
bool thread_block(u64 deadline);
/* Makes a blocked thread runnable; a no-op on one that is not blocked. Any context. */
void thread_wake(struct thread *t);
/* Has someone asked this thread to stop waiting (a signal, a kill)? Interruptible waits end then. */
bool thread_interrupted(void);
/* Was it killed? Killable waits end then. */
bool thread_killed(void);
/*
 * Between the parts of a call that may be long: gives up the CPU when its turn is over, since nobody takes it from the kernel.
 * May sleep. False: killed.
 */
bool thread_goes_on(void);

#endif
