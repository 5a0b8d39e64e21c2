/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling classes as programs ask for them: sched_setscheduler(2), sched_setattr(2) and their kin. Called by the dispatcher
 * only. SCHED_BATCH is SCHED_OTHER by another name.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/timespec.h>
#include <core/printk.h>
#include <isolation/proc.h>
#include <lib/bitmap.h>
#include <uapi/linux/sched.h>

#include "cred.h"

#define KEEP (-1) /* the class that the thread has */
#define RUNTIME_MIN 1024ul
#define PERIOD_MIN (100 * NSEC_PER_USEC)
#define PERIOD_MAX (4194304 * NSEC_PER_USEC)

/* A thread by id, 0 being the current one. proc_lock held: it stays. */
static struct task *task_by_id(int tid)
{
	return tid ? task_find(tid) : task_current();
}

/* 0, -EINVAL, -ESRCH. */
static int class_of(int tid, struct thread_class *c)
{
	if (tid < 0)
		return -EINVAL;
	mutex_lock(&proc_lock);
	struct task *t = task_by_id(tid);

	if (t)
		thread_get_class(&t->thread, c);
	mutex_unlock(&proc_lock);
	return t ? 0 : -ESRCH;
}

static bool has_priority(int class)
{
	return class == SCHED_FIFO || class == SCHED_RR;
}

static bool has_niceness(int class)
{
	return class == SCHED_OTHER || class == SCHED_BATCH || class == SCHED_IDLE;
}

/* As sched(7) and Linux's sched_deadline_period_min_us and _max_us have it. */
static bool deadline_is_sound(struct thread_class *c)
{
	if (!c->period)
		c->period = c->deadline;
	return c->runtime >= RUNTIME_MIN && c->runtime <= c->deadline && c->deadline <= c->period && c->period >= PERIOD_MIN &&
	       c->period <= PERIOD_MAX;
}

static int check_class(struct thread_class *c)
{
	if (has_priority(c->class))
		return c->priority >= 1 && c->priority <= 99 ? 0 : -EINVAL;
	if (c->priority)
		return -EINVAL;
	if (c->class == SCHED_DEADLINE)
		return deadline_is_sound(c) ? 0 : -EINVAL;
	return has_niceness(c->class) ? 0 : -EINVAL;
}

/* Does what is asked need user 0? sched(7), "Privileges and resource limits". */
static bool needs_privilege(const struct thread_class *was, const struct thread_class *c)
{
	u64 limit = READ_ONCE(proc_current()->rlimit[RLIMIT_RTPRIO].cur);

	if (was->reset_on_fork && !c->reset_on_fork)
		return true;
	if (c->class == SCHED_DEADLINE)
		return true;
	if (has_priority(c->class))
		return (c->class != was->class && !limit) || (c->priority > was->priority && (u64)c->priority > limit);
	return c->nice < was->nice || (was->class == SCHED_IDLE && c->class != SCHED_IDLE);
}

static bool may_use_all(const struct thread *t)
{
	for (unsigned word = 0; word < CPUSET_WORDS; word++) {
		if (READ_ONCE(cpu_online_mask[word]) & ~READ_ONCE(t->affinity[word]))
			return false;
	}
	return true;
}

/* What was read into c, with niceness as it is, or its parameters as they are. proc_lock held. */
static int set_class(struct task *t, struct thread_class *c, bool keep_nice, bool keep_params)
{
	struct thread_class was;
	int error;

	thread_get_class(&t->thread, &was);
	if (c->class == KEEP) {
		c->class = was.class;
		c->reset_on_fork = was.reset_on_fork;
	}
	if (keep_params) {
		c->priority = was.priority;
		c->runtime = was.runtime;
		c->deadline = was.deadline;
		c->period = was.period;
	}
	if (keep_nice || keep_params || !has_niceness(c->class))
		c->nice = was.nice;
	error = check_class(c);
	if (error)
		return error;
	if (!cred_may_schedule(t->proc) || (needs_privilege(&was, c) && !cred_privileged()))
		return -EPERM;
	if (c->class == SCHED_DEADLINE && !may_use_all(&t->thread))
		return -EPERM; /* its promise is one of all CPUs */
	return thread_set_class(&t->thread, c);
}

static int change_class(int tid, struct thread_class *c, bool keep_nice, bool keep_params)
{
	mutex_lock(&proc_lock);
	struct task *t = task_by_id(tid);
	int error = t ? set_class(t, c, keep_nice, keep_params) : -ESRCH;

	mutex_unlock(&proc_lock);
	return error;
}

static int set_param(int pid, int class, bool reset, uaddr_t param)
{
	struct thread_class c = {.class = class, .reset_on_fork = reset};

	if (!param || pid < 0)
		return -EINVAL;
	if (copyin(&c.priority, param, sizeof(c.priority)))
		return -EFAULT;
	return change_class(pid, &c, true, false);
}

long sys_sched_setscheduler(int pid, int policy, uaddr_t param)
{
	if (policy < 0)
		return -EINVAL;
	return set_param(pid, policy & ~SCHED_RESET_ON_FORK, policy & SCHED_RESET_ON_FORK, param);
}

long sys_sched_setparam(int pid, uaddr_t param)
{
	return set_param(pid, KEEP, false, param);
}

long sys_sched_getscheduler(int pid)
{
	struct thread_class c;
	int error = class_of(pid, &c);

	return error ? error : c.class | (c.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

long sys_sched_getparam(int pid, uaddr_t param)
{
	struct thread_class c;
	int error = param ? class_of(pid, &c) : -EINVAL;

	return error ? error : copyout(param, &c.priority, sizeof(c.priority));
}

/* ---- sched_setattr(2), sched_getattr(2) ---- */

/* The structure grows with time: a size that this kernel does not know must be followed by nothing but zeros. */
static int attr_copyin(uaddr_t from, struct sched_attr *attr)
{
	u32 known = sizeof(*attr), size;
	u8 byte;

	*attr = (struct sched_attr){0};
	if (copyin(&size, from, sizeof(size)))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return copyout(from, &known, sizeof(known)) ? -EFAULT : -E2BIG;
	if (copyin(attr, from, MIN(size, known)))
		return -EFAULT;
	for (u32 at = known; at < size; at++) {
		if (copyin(&byte, from + at, 1))
			return -EFAULT;
		if (byte)
			return copyout(from, &known, sizeof(known)) ? -EFAULT : -E2BIG;
	}
	attr->size = size;
	return 0;
}

static int check_flags(const struct sched_attr *attr)
{
	if (attr->flags & ~(u64)SCHED_FLAG_ALL)
		return -EINVAL;
	if (attr->flags & SCHED_FLAG_UTIL_CLAMP)
		return attr->size < sizeof(*attr) ? -EINVAL : -EOPNOTSUPP;
	if (attr->flags & (SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN)) {
		refuse("sched_setattr", EINVAL, "no SCHED_FLAG_RECLAIM, no SCHED_FLAG_DL_OVERRUN");
		return -EINVAL;
	}
	return 0;
}

long sys_sched_setattr(int pid, uaddr_t uattr, unsigned flags)
{
	struct sched_attr attr;
	int error;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	error = attr_copyin(uattr, &attr);
	if (!error)
		error = check_flags(&attr);
	if (error)
		return error;
	if ((int)attr.policy < 0)
		return -EINVAL;

	struct thread_class c = {
		.class = attr.flags & SCHED_FLAG_KEEP_POLICY ? KEEP : (int)attr.policy,
		.nice = MAX(-20, MIN(attr.nice, 19)),
		.priority = (int)attr.priority,
		.runtime = attr.runtime,
		.deadline = attr.deadline,
		.period = attr.period,
		.reset_on_fork = attr.flags & SCHED_FLAG_RESET_ON_FORK,
	};

	return change_class(pid, &c, false, attr.flags & SCHED_FLAG_KEEP_PARAMS);
}

long sys_sched_getattr(int pid, uaddr_t uattr, unsigned size, unsigned flags)
{
	struct thread_class c;
	int error;

	if (!uattr || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || flags)
		return -EINVAL;
	error = class_of(pid, &c);
	if (error)
		return error;

	struct sched_attr attr = {
		.size = MIN(size, (u32)sizeof(attr)),
		.policy = (u32)c.class,
		.flags = c.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
		.nice = has_niceness(c.class) ? c.nice : 0,
		.priority = (u32)c.priority,
		.runtime = c.runtime,
		.deadline = c.deadline,
		.period = c.period,
	};

	return copyout(uattr, &attr, attr.size);
}

/* ---- what there is ---- */

static long priority_of(int policy, long of_realtime)
{
	if (has_priority(policy))
		return of_realtime;
	return has_niceness(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

long sys_sched_get_priority_max(int policy)
{
	return priority_of(policy, 99);
}

long sys_sched_get_priority_min(int policy)
{
	return priority_of(policy, 1);
}

/* Of the policy in force, or SCHED_RR's; SCHED_FIFO and SCHED_DEADLINE have none. */
long sys_sched_rr_get_interval(int pid, uaddr_t interval)
{
	u64 slice = 0;

	if (pid < 0)
		return -EINVAL;
	mutex_lock(&proc_lock);
	struct task *t = task_by_id(pid);

	if (t && has_niceness(t->thread.class))
		slice = thread_slice_ns(&t->thread);
	else if (t && t->thread.class == SCHED_RR)
		slice = RR_INTERVAL;
	mutex_unlock(&proc_lock);
	return t ? timespec_copyout(interval, slice) : -ESRCH;
}
