/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where every system call of every kernel passes, whether it crossed a ring or not: number to function, answer to rax.
 * Called by the gates' entry code (isolation/gate.h) with interrupts on, on the thread's own kernel stack.
 *
 * A call that replaces the frame (execve, rt_sigreturn) clears tf->vector, so that nothing is restarted in the new one.
 */
#include <isolation/gate.h>

#include <abi/linux/restart.h>
#include <abi/linux/syscall.h>
#include <core/lockdep.h>
#include <core/param.h>
#include <core/trace.h>
#include <generated/syscall_nr.h>
#include <lib/errno.h>
#include <sched/thread.h>

#include "strace.h"

static bool asks_restart(long result)
{
	return result >= -ERESTART_RESTARTBLOCK && result <= -ERESTARTSYS;
}

static_assert(offsetof(struct trapframe, r9) - offsetof(struct trapframe, rdi) == 5 * sizeof(u64), "struct sysargs");
static_assert(offsetof(struct trapframe, r10) - offsetof(struct trapframe, rdi) == 3 * sizeof(u64), "struct sysargs");

void syscall_dispatch(struct trapframe *tf)
{
	const struct sysargs *args = (const struct sysargs *)&tf->rdi;
	const u32 nr = (u32)tf->error; /* as Linux: the upper half of rax does not count */
	const struct syscall_desc *desc = nr < SYSCALL_MAX && syscall_table[nr].call ? &syscall_table[nr] : NULL;
	long result;

	trace(TRACE_SYSCALL_ENTER, nr, args->arg[0]);
	if (unlikely(param.strace))
		result = strace_call(nr, desc, args);
	else
		result = likely(desc) ? desc->call(args) : -ENOSYS;
	tf->rax = (u64)result;
	trace(TRACE_SYSCALL_EXIT, nr, (u64)result);
	lockdep_assert_no_mutex("syscall_dispatch");

	/* The signal that ended the wait may be gone; who turns the code into EINTR or a restart must run all the same. */
	if (unlikely(asks_restart(result)) && tf->vector == VECTOR_SYSCALL)
		thread_post(current(), WORK_SIGNAL);
}
