/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which function answers which system call. The gates' entry code calls syscall_calls[] by number, with interrupts on, on
 * the thread's own kernel stack, whether a ring was crossed or not; the answer goes into rax. When somebody watches, each
 * entry is observe(), so that a kernel that is not watched pays nothing for it.
 *
 * A call that replaces the frame (execve, rt_sigreturn) clears tf->vector, so that nothing is restarted in the new one. It leaves
 * work, WORK_FPU, by which the gates notice: they look at the vector only behind app_return().
 */
#include <isolation/gate.h>

#include <abi/linux/init.h>
#include <abi/linux/restart.h>
#include <abi/linux/syscall.h>
#include <arch/offsets.h>
#include <core/biglock.h>
#include <core/lockdep.h>
#include <core/param.h>
#include <core/preempt.h>
#include <core/trace.h>
#include <generated/syscall_nr.h>
#include <isolation/rungs.h>
#include <lib/errno.h>
#include <sched/thread.h>

#include "rewrite.h"
#include "strace.h"

static_assert(offsetof(struct trapframe, rdi) == TF_RDI, "entry.inc: where the arguments are");
static_assert(offsetof(struct trapframe, r9) - TF_RDI == 5 * sizeof(u64), "struct sysargs");
static_assert(offsetof(struct trapframe, r10) - TF_RDI == 3 * sizeof(u64), "struct sysargs");
static_assert(RESTART_LEAST == ERESTARTSYS && RESTART_MOST == ERESTART_RESTARTBLOCK, "entry.inc: which answers ask for it");

syscall_call *syscall_calls[SYSCALL_MAX + 1];
u8 syscall_leaf[SYSCALL_MAX];

static long absent(const struct sysargs *args)
{
	(void)args;
	return -ENOSYS;
}

static u32 number_of(const struct sysargs *args)
{
	return (u32)((const struct trapframe *)(const void *)((const char *)args - TF_RDI))->error;
}

static long with_big_lock(const struct sysargs *args)
{
	const u32 nr = number_of(args);
	syscall_call *call = nr < SYSCALL_MAX ? syscall_table[nr].call : NULL;
	long result;

	if (!call)
		return -ENOSYS;
	big_lock();
	result = call(args);
	big_unlock();
	return result;
}

static long observe(const struct sysargs *args)
{
	const u32 nr = number_of(args);
	const struct syscall_desc *desc = nr < SYSCALL_MAX && syscall_table[nr].call ? &syscall_table[nr] : NULL;
	long result;

	if (BIG_LOCK)
		big_lock();
	trace(TRACE_SYSCALL_ENTER, nr, args->arg[0]);
	preempt_point(PREEMPT_SLEEP);
	if (param.strace)
		result = strace_call(nr, desc, args);
	else
		result = desc ? desc->call(args) : -ENOSYS;
	trace(TRACE_SYSCALL_EXIT, nr, (u64)result);
	lockdep_assert_no_mutex("a system call");
	if (BIG_LOCK)
		big_unlock();
	preempt_point(PREEMPT_SLEEP);
	return result;
}

void syscall_init(void)
{
	const bool observed = param.strace || IS_ENABLED(CONFIG_TRACE) || IS_ENABLED(CONFIG_LOCKDEP); /* PREEMPT_POINTS asks for that */

	for (u32 nr = 0; nr <= SYSCALL_MAX; nr++) {
		syscall_call *call = nr < SYSCALL_MAX ? syscall_table[nr].call : NULL;

		syscall_calls[nr] = observed ? observe : BIG_LOCK ? with_big_lock : call ? call : absent;
		if (RUNG_LEAF && call && !observed && !BIG_LOCK)
			syscall_leaf[nr] = syscall_table[nr].flags & SYSCALL_LEAF;
	}
	if (RUNG_REWRITE)
		rewrite_open(observed || BIG_LOCK);
}

/* The signal that ended the wait may be gone; who turns the code into EINTR or a restart must run all the same. */
void syscall_restart(struct trapframe *tf)
{
	if (tf->vector == VECTOR_SYSCALL)
		thread_post(current(), WORK_SIGNAL);
}
