/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The big kernel lock, in kernels with CONFIG_BIG_LOCK: one lock around every system call and every page fault of an application.
 * It protects nothing that is not protected without it; it is there to be measured against. As in Linux 2.0 a thread that leaves
 * its CPU gives it up, and has it again before it goes on. Interrupts and kernel threads do without.
 *
 * It is a spinlock that lockdep does not watch: the first that a thread takes, with interrupts on, and never waited for by one who
 * holds another spinlock. Who holds a mutex may wait for it, since who waits for a mutex has given it up.
 */
#ifndef CORE_BIGLOCK_H
#define CORE_BIGLOCK_H

#include <lib/option.h>
#include <lib/types.h>

#define BIG_LOCK IS_ON(CONFIG_BIG_LOCK)

/* Nest. Interrupts on, no spinlock held. */
void big_lock(void);
void big_unlock(void);
bool big_lock_held(void); /* by the current thread */

/* For schedule(): gives it up, if the current thread has it, and the answer says how deep; then takes it again, that deep. */
unsigned big_lock_drop(void);
void big_lock_back(unsigned depth);

#endif
