/* SPDX-License-Identifier: BSD-2-Clause */
/* inject.c - which allocation fails on purpose: asked by page.c and slab.c, told by abi/linux (/proc/PID/fail-nth). */
#include <mm/inject.h>

#include <core/block.h>
#include <core/irq.h>

static struct {
	const struct thread *thread; /* a: compared only */
	u32 left;                    /* that thread's, or before it is named */
} armed;

bool inject_fails(void)
{
	const struct thread *t = READ_ONCE(armed.thread);

	if (!t || t != thread_current() || irq_context() || --armed.left)
		return false;
	WRITE_ONCE(armed.thread, NULL);
	return true;
}

void inject_arm(const struct thread *t, u32 nth)
{
	__atomic_store_n(&armed.thread, NULL, __ATOMIC_RELEASE);
	armed.left = nth;
	if (nth)
		__atomic_store_n(&armed.thread, t, __ATOMIC_RELEASE);
}

u32 inject_left(const struct thread *t)
{
	return READ_ONCE(armed.thread) == t ? armed.left : 0;
}
