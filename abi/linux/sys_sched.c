/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling as programs see it: sched_yield(2), sched_setaffinity(2), sched_getaffinity(2), getpriority(2),
 * setpriority(2). Called by the dispatcher only.
 */
#include <generated/syscall_proto.h>

#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <uapi/linux/sched.h>

#include "cred.h"

long sys_sched_yield(void)
{
	thread_yield();
	return 0;
}

/* A thread by id, 0 being the current one. proc_lock held: it stays. NULL: ESRCH. */
static struct task *task_by_id(int tid)
{
	return tid ? task_find(tid) : task_current();
}

/* ---- Affinity ---- */

struct cpuset {
	u64 word[CPUSET_WORDS];
};

static int get_affinity(int tid, struct cpuset *set)
{
	mutex_lock(&proc_lock);
	const struct task *t = task_by_id(tid);

	for (unsigned i = 0; t && i < CPUSET_WORDS; i++)
		set->word[i] = READ_ONCE(t->thread.affinity[i]) & READ_ONCE(cpu_online_mask[i]);
	mutex_unlock(&proc_lock);
	return t ? 0 : -ESRCH;
}

static int set_affinity(int tid, const struct cpuset *set)
{
	mutex_lock(&proc_lock);
	struct task *t = task_by_id(tid);
	int error = !t ? -ESRCH : !cred_may_schedule(t->proc) ? -EPERM : 0;

	/* What SCHED_DEADLINE was promised, it was promised by all CPUs. */
	for (unsigned i = 0; !error && t->thread.class == SCHED_DEADLINE && i < CPUSET_WORDS; i++)
		error = READ_ONCE(cpu_online_mask[i]) & ~set->word[i] ? -EBUSY : 0;
	if (!error)
		error = thread_set_affinity(&t->thread, set->word);
	mutex_unlock(&proc_lock);
	return error;
}

/* Answers the bytes written: those of a set that has room for each CPU there may be. */
long sys_sched_getaffinity(int pid, size_t size, uaddr_t mask)
{
	size_t whole = DIV_ROUND_UP(cpu_count, 64u) * sizeof(u64);
	struct cpuset set;

	if (!IS_ALIGNED(size, sizeof(u64)) || size < whole || pid < 0)
		return -EINVAL;

	int error = get_affinity(pid, &set);

	if (error)
		return error;
	return copyout(mask, &set, whole) ? -EFAULT : (long)whole;
}

long sys_sched_setaffinity(int pid, size_t size, uaddr_t mask)
{
	struct cpuset set = {0};

	if (copyin(&set, mask, MIN(size, sizeof(set))))
		return -EFAULT;
	return pid < 0 ? -ESRCH : set_affinity(pid, &set);
}

/* ---- Niceness ---- */

#define NICE_MIN (-20)
#define NICE_MAX 19

/* What getpriority() and setpriority() do with each thread they are about; returns 0 or -errno. */
struct visit {
	int which, who;
	int (*fn)(struct thread *t, struct visit *v);
	int nice;        /* to set, or the best seen */
	bool privileged; /* may lower niceness */
	bool allowed;    /* may change the process at hand */
	bool found;
	int error;
};

static bool concerns(struct proc *p, const struct visit *v)
{
	if (v->which == PRIO_PGRP)
		return p->pgid == v->who;

	struct cred *c = proc_cred(p);
	bool his = c->uid == (u32)v->who;

	cred_put(c);
	return his;
}

static void visit_thread(struct thread *t, struct visit *v)
{
	int error = v->fn(t, v);

	v->found = true;
	if (error)
		v->error = error;
}

/* All threads of a process that is meant. */
static int visit_proc(struct proc *p, void *arg)
{
	struct visit *v = arg;
	struct task *t;

	if (!concerns(p, v))
		return 0;

	v->allowed = cred_may_schedule(p);

	u64 flags = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link)
		visit_thread(&t->thread, v);
	spin_unlock_irqrestore(&p->siglock, flags);
	return 0;
}

/* PRIO_PROCESS means a single thread on Linux, and so here. */
static void visit_single(struct visit *v)
{
	struct task *t = task_by_id(v->who);

	if (!t)
		return;
	v->allowed = cred_may_schedule(t->proc);
	visit_thread(&t->thread, v);
}

/* 0, or what went wrong last. */
static int visit(struct visit *v)
{
	if (v->which != PRIO_PROCESS && v->which != PRIO_PGRP && v->which != PRIO_USER)
		return -EINVAL;
	v->privileged = cred_privileged();
	if (!v->who && v->which == PRIO_USER)
		v->who = (int)sys_getuid();
	mutex_lock(&proc_lock);
	if (!v->who && v->which == PRIO_PGRP)
		v->who = proc_current()->pgid;
	if (v->which == PRIO_PROCESS)
		visit_single(v);
	else
		proc_foreach(visit_proc, v);
	mutex_unlock(&proc_lock);
	return v->found ? v->error : -ESRCH;
}

static int note_nice(struct thread *t, struct visit *v)
{
	v->nice = MIN(v->nice, t->nice);
	return 0;
}

static int change_nice(struct thread *t, struct visit *v)
{
	if (!v->allowed)
		return -EPERM;
	if (v->nice < t->nice && !v->privileged)
		return -EACCES;
	thread_set_nice(t, v->nice);
	return 0;
}

/* As the system call has it: 40 (best) to 1, so that no answer looks like an error. Anybody may ask. */
long sys_getpriority(int which, int who)
{
	struct visit v = {.which = which, .who = who, .fn = note_nice, .nice = NICE_MAX};
	int error = visit(&v);

	return error ? error : 20 - v.nice;
}

long sys_setpriority(int which, int who, int prio)
{
	struct visit v = {.which = which, .who = who, .fn = change_nice, .nice = MAX(NICE_MIN, MIN(prio, NICE_MAX))};

	return visit(&v);
}
