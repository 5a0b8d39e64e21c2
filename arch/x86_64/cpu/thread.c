/* SPDX-License-Identifier: BSD-2-Clause */
/* The first stack of a thread, laid so that arch_switch() "returns" into its entry. */
#include <arch/thread.h>

#include <arch/offsets.h>

static_assert(offsetof(struct arch_thread, ksp) == THREAD_KSP, "arch_switch() uses it");

void arch_thread_begin(void);

void arch_thread_init(struct arch_thread *t, void (*entry)(void *), void *arg)
{
	u64 *sp = (u64 *)arch_trapframe(t); /* the application's frame stays free at the top */

	*--sp = (u64)arch_thread_begin;
	*--sp = 0;                        /* rbp */
	*--sp = (u64)entry;               /* rbx */
	*--sp = (u64)arg;                 /* r12 */
	*--sp = 0;
	*--sp = 0;
	*--sp = 0;
	t->ksp = (u64)sp;
	t->fpu_cpu = -1;
}
