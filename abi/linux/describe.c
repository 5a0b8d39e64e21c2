/* SPDX-License-Identifier: BSD-2-Clause */
/* describe.c - on whose behalf a thread works, for a panic's text: which process, and what brought it into the kernel. */
#include <abi/linux/describe.h>

#include <abi/linux/syscall.h>
#include <arch/trapframe.h>
#include <core/panic.h>
#include <core/trace.h>
#include <generated/syscall_nr.h>
#include <isolation/proc.h>
#include <lib/format.h>

/* The frame at the top of its stack is what it came with. */
static void describe_thread(const struct thread *t, char *text, size_t size)
{
	const struct task *task = task_of((struct thread *)t);
	const struct trapframe *tf = arch_trapframe(&t->arch);
	const struct syscall_desc *call = NULL;
	size_t n;

	if (!thread_is_app(t))
		return;
	n = (size_t)snprintf(text, size, "process %d, task %d, from %016lx by ", task->proc->pid, task->tid, tf->rip);
	n = MIN(n, size - 1);
	if (tf->vector != VECTOR_SYSCALL) {
		snprintf(text + n, size - n, "vector %lu", tf->vector);
		return;
	}
	if (tf->error < SYSCALL_MAX)
		call = &syscall_table[tf->error];
	snprintf(text + n, size - n, "system call %lu %s", tf->error, call && call->name ? call->name : "");
}

/* The same for the trace. */
static bool identify(const struct thread *t, u32 *thread, u16 *process)
{
	const struct task *task = task_of((struct thread *)t);

	if (!thread_is_app(t))
		return false;
	*thread = (u32)task->tid;
	*process = (u16)task->proc->pid;
	return true;
}

void describe_init(void)
{
	if (IS_ENABLED(CONFIG_TRACE))
		trace_identify = identify;
	panic_describe_thread = describe_thread;
}
