/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program. Buys: no process tree, no ids to look up, the current process is a constant. Costs: vfork, fork, execve do
 * not exist; there is nobody to wait for. Threads work as everywhere.
 */
#include <isolation/proc.h>

#include <core/panic.h>
#include <core/printk.h>
#include <isolation/aspace.h>
#include <isolation/clone.h>
#include <isolation/rungs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmspace.h>

struct proc the_proc;

static bool execed;                        /* the program's own image was loaded: no further execve */
static struct waitq ended = WAITQ_INIT(ended);

void proc_init(void)
{
}

int proc_spawn_first(void (*entry)(void *), void *arg)
{
	int pid = pid_alloc();

	BUG_ON(pid != PID_FIRST);
	proc_setup(&the_proc, pid, NULL);

	int error = proc_first_bag(&the_proc);
	struct task *t = error ? ERR_PTR(error) : task_create(&the_proc, pid, "init", entry, arg);

	if (IS_ERR(t))
		return (int)PTR_ERR(t);
	thread_start(&t->thread);
	return 0;
}

void proc_free(struct proc *p)
{
	(void)p;
}

long proc_fork(const struct clone_args *args)
{
	refuse(args->flags & CLONE_VFORK ? "vfork" : "fork", ENOSYS, "this kernel runs one process");
	return -ENOSYS;
}

long proc_wait(int idtype, int id, int options, struct wait_result *result)
{
	(void)idtype, (void)id, (void)options, (void)result;
	return -ECHILD;
}

void proc_adopt_children(struct proc *p, int tid)
{
	(void)p, (void)tid;
}

bool proc_group_orphaned(int pgid)
{
	(void)pgid;
	return true; /* the parent is init, which controls no jobs */
}

int proc_may_exec(void)
{
	if (!execed)
		return 0;
	refuse("execve", ENOSYS, "this kernel runs one program");
	return -ENOSYS;
}

void proc_set_vmspace(struct vmspace *vs)
{
	struct vmspace *old = the_proc.vmspace;

	the_proc.vmspace = vs;
	current()->vmspace = vs;
	if (RUNG_REWRITE)
		aspace_activate(vs);
	execed = true;
	if (old)
		vmspace_put(old);
}

void proc_exit(struct proc *p)
{
	mutex_lock(&proc_lock);
	p->state = PROC_ZOMBIE;
	mutex_unlock(&proc_lock);
	waitq_wake_all(&ended);
}

struct proc *proc_find(int pid)
{
	if (pid != the_proc.pid)
		return NULL;
	proc_get(&the_proc);
	return &the_proc;
}

int proc_foreach(int (*fn)(struct proc *p, void *arg), void *arg)
{
	return fn(&the_proc, arg);
}

int proc_wait_first(void)
{
	wait_event(&ended, READ_ONCE(the_proc.state) == PROC_ZOMBIE);

	int status = the_proc.exit_status;

	pid_free(the_proc.pid);
	proc_put(&the_proc); /* the one of proc_setup(): nobody asks for it any more */
	return status;
}
