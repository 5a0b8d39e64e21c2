/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a process stands: its ids, parent, process group and session: getpid(2), gettid(2), getppid(2), setpgid(2),
 * getpgid(2), setsid(2), getsid(2). Groups and sessions are numbers in struct proc, under proc_lock.
 */
#include <generated/syscall_proto.h>

#include <isolation/proc.h>
#include <lib/errno.h>

long sys_getpid(void)
{
	return proc_current()->pid;
}

long sys_gettid(void)
{
	return task_current()->tid;
}

long sys_getppid(void)
{
	return READ_ONCE(proc_current()->ppid);
}

struct search {
	int pid, pgid, sid; /* 0: any */
	struct proc *found;
};

static int matches(struct proc *p, void *arg)
{
	struct search *s = arg;

	if ((s->pid && p->pid != s->pid) || (s->pgid && p->pgid != s->pgid) || (s->sid && p->sid != s->sid))
		return 0;
	s->found = p;
	return 1;
}

/* proc_lock held. NULL: there is none. Zombies count. */
static struct proc *search(struct search s)
{
	proc_foreach(matches, &s);
	return s.found;
}

static struct proc *by_pid(int pid)
{
	return pid ? search((struct search){.pid = pid}) : proc_current();
}

/* The rules of setpgid(2), proc_lock held. */
static int change_group(struct proc *me, int pid, int pgid)
{
	struct proc *p = by_pid(pid);

	if (!p || (p != me && p->parent != me))
		return -ESRCH;
	if (p->sid != me->sid || p->sid == p->pid)
		return -EPERM;
	if (!pgid)
		pgid = p->pid;
	if (pgid != p->pid && !search((struct search){.pgid = pgid, .sid = me->sid}))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

long sys_setpgid(int pid, int pgid)
{
	if (pgid < 0)
		return -EINVAL;
	if (pid < 0)
		return -ESRCH;
	mutex_lock(&proc_lock);
	int error = change_group(proc_current(), pid, pgid);

	mutex_unlock(&proc_lock);
	return error;
}

long sys_getpgid(int pid)
{
	if (pid < 0)
		return -ESRCH;
	mutex_lock(&proc_lock);
	const struct proc *p = by_pid(pid);
	long pgid = p ? p->pgid : -ESRCH;

	mutex_unlock(&proc_lock);
	return pgid;
}

long sys_getpgrp(void)
{
	return sys_getpgid(0);
}

long sys_getsid(int pid)
{
	if (pid < 0)
		return -ESRCH;
	mutex_lock(&proc_lock);
	const struct proc *p = by_pid(pid);
	long sid = p ? p->sid : -ESRCH;

	mutex_unlock(&proc_lock);
	return sid;
}

/* A leader of a group cannot: its group would be in two sessions. */
long sys_setsid(void)
{
	struct proc *p = proc_current();
	long result = -EPERM;

	mutex_lock(&proc_lock);
	if (!search((struct search){.pgid = p->pid})) {
		p->sid = p->pgid = p->pid;
		p->ctty = NULL;
		result = p->pid;
	}
	mutex_unlock(&proc_lock);
	return result;
}
