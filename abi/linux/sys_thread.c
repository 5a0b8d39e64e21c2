/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What thread libraries register at start: set_tid_address(2), set_robust_list(2), get_robust_list(2), and two that they can
 * do without and ask for all the same: rseq(2), membarrier(2). Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <uapi/linux/sched.h>

#include "cred.h"

long sys_set_tid_address(uaddr_t tidptr)
{
	struct task *me = task_current();

	me->clear_child_tid = tidptr;
	return me->tid;
}

long sys_set_robust_list(uaddr_t head, size_t len)
{
	if (len != ROBUST_LIST_HEAD_SIZE)
		return -EINVAL;
	task_current()->robust_list = head;
	return 0;
}

long sys_get_robust_list(int pid, uaddr_t head, uaddr_t len)
{
	uaddr_t list = 0;
	u64 size = ROBUST_LIST_HEAD_SIZE;
	int error = 0;

	mutex_lock(&proc_lock);
	const struct task *t = pid ? task_find(pid) : task_current();

	if (!t)
		error = -ESRCH;
	else if (!cred_may_control(t->proc))
		error = -EPERM;
	else
		list = READ_ONCE(t->robust_list);
	mutex_unlock(&proc_lock);
	if (error)
		return error;
	return copyout(head, &list, sizeof(list)) || copyout(len, &size, sizeof(size)) ? -EFAULT : 0;
}

/* No restartable sequences. Silent: glibc asks at every start, and does without. */
long sys_rseq(uaddr_t rseq, unsigned int len, int flags, unsigned int sig)
{
	(void)rseq, (void)len, (void)flags, (void)sig;
	return -ENOSYS;
}

/* The query says that there are no commands. */
long sys_membarrier(int cmd, unsigned int flags, int cpu)
{
	(void)cpu;
	return cmd == MEMBARRIER_CMD_QUERY && !flags ? 0 : -EINVAL;
}
