/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling policies as programs ask for them: sched_setscheduler(2) and its kin. There is one, SCHED_OTHER, whichever
 * algorithm the kernel was built with; real-time policies are refused, since nothing here would keep their promise.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/timespec.h>
#include <core/printk.h>
#include <isolation/proc.h>
#include <uapi/linux/sched.h>

#include "cred.h"

/* A thread by id, 0 being the current one, for something that needs proc_lock only to find it. 0, -EINVAL, -ESRCH. */
static int check_thread(int tid, bool to_change, u64 *slice)
{
	int error = 0;

	if (tid < 0)
		return -EINVAL;
	mutex_lock(&proc_lock);
	struct task *t = tid ? task_find(tid) : task_current();

	if (!t)
		error = -ESRCH;
	else if (to_change && !cred_may_schedule(t->proc))
		error = -EPERM;
	else if (slice)
		*slice = thread_slice_ns(&t->thread);
	mutex_unlock(&proc_lock);
	return error;
}

static int check_policy(int policy)
{
	if (policy == SCHED_OTHER)
		return 0;
	if (policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_BATCH || policy == SCHED_IDLE)
		refuse("sched_setscheduler", EINVAL, "every thread is SCHED_OTHER");
	return -EINVAL;
}

/* The only priority of SCHED_OTHER is 0. */
static int check_param(uaddr_t param)
{
	i32 priority;

	if (!param)
		return -EINVAL;
	return copyin(&priority, param, sizeof(priority)) ? -EFAULT : priority ? -EINVAL : 0;
}

long sys_sched_setscheduler(int pid, int policy, uaddr_t param)
{
	int error = policy < 0 || pid < 0 ? -EINVAL : check_param(param);

	if (!error)
		error = check_policy(policy);
	return error ? error : check_thread(pid, true, NULL);
}

long sys_sched_setparam(int pid, uaddr_t param)
{
	int error = pid < 0 ? -EINVAL : check_param(param);

	return error ? error : check_thread(pid, true, NULL);
}

long sys_sched_getscheduler(int pid)
{
	int error = check_thread(pid, false, NULL);

	return error ? error : SCHED_OTHER;
}

long sys_sched_getparam(int pid, uaddr_t param)
{
	i32 priority = 0;
	int error = param ? check_thread(pid, false, NULL) : -EINVAL;

	return error ? error : copyout(param, &priority, sizeof(priority));
}

long sys_sched_get_priority_max(int policy)
{
	return check_policy(policy);
}

long sys_sched_get_priority_min(int policy)
{
	return check_policy(policy);
}

long sys_sched_rr_get_interval(int pid, uaddr_t interval)
{
	u64 slice = 0;
	int error = check_thread(pid, false, &slice);

	return error ? error : timespec_copyout(interval, slice);
}
