/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many processes: the tree, fork and vfork, wait, orphans. Buys: a shell. Costs: a lock over the tree, ids to look up, and
 * in a private space a copy of the page tables at each fork. Where the space is shared fork is refused (aspace_fork()), but
 * vfork, posix_spawn and exec work: a child borrows its parent's vmspace until it execs.
 */
#include <isolation/proc.h>

#include <core/panic.h>
#include <core/printk.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <isolation/aspace.h>
#include <isolation/clone.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <uapi/linux/wait.h>

static struct kmem_cache *proc_cache;
static struct proc init;                   /* process 1: the kernel's own, parent of the first program and of orphans */
static struct list all = LIST_INIT(all);   /* proc_lock: in order of creation */
static struct proc *first;                 /* proc_lock */
static int first_status;                   /* proc_lock */
static bool first_ended;                   /* a */

void proc_init(void)
{
	proc_cache = kmem_cache_create("proc", sizeof(struct proc), 64);
	proc_setup(&init, PID_INIT, NULL);
	memcpy(init.comm, "init", 5);
}

static struct proc *proc_new(struct proc *parent)
{
	int pid = parent != &init && page_scarce() ? -ENOMEM : pid_alloc();

	if (pid < 0)
		return ERR_PTR(pid);

	struct proc *p = kmem_cache_zalloc(proc_cache);

	if (!p) {
		pid_free(pid);
		return ERR_PTR(-ENOMEM);
	}
	mutex_lock(&proc_lock);

	/* A signal that came to the group before now is not the child's: it is taken first, and then we fork, or do not. */
	bool interrupted = thread_interrupted();

	if (!interrupted) {
		proc_setup(p, pid, parent);
		list_add_tail(&p->sibling, &parent->unborn);
	}
	mutex_unlock(&proc_lock);
	if (!interrupted)
		return p;
	kmem_cache_free(proc_cache, p);
	pid_free(pid);
	return ERR_PTR(-ERESTARTNOINTR);
}

/* Its first task, not yet started, finds the signals that its group was sent while it was unborn. */
static void proc_link(struct proc *p, struct task *t)
{
	mutex_lock(&proc_lock);
	list_add_tail(&p->all_link, &all);
	list_remove(&p->sibling);
	list_add_tail(&p->sibling, &p->parent->children);

	u64 flags = spin_lock_irqsave(&p->siglock);

	if (p->pending.set)
		t->thread.work |= WORK_SIGNAL;
	if (p->pending.set & SIGMASK(SIGKILL)) {
		p->exiting = true;
		p->exit_status = SIGKILL;
		t->thread.work |= WORK_KILL;
	}
	spin_unlock_irqrestore(&p->siglock, flags);
	mutex_unlock(&proc_lock);
}

/* proc_lock held. */
static void proc_unlink(struct proc *p)
{
	list_remove(&p->all_link);
	list_remove(&p->sibling);
}

void proc_free(struct proc *p)
{
	kmem_cache_free(proc_cache, p);
}

int proc_spawn_first(void (*entry)(void *), void *arg)
{
	struct proc *p = proc_new(&init);

	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	BUG_ON(p->pid != PID_FIRST);
	first = p;

	int error = proc_first_bag(p);
	struct task *t = error ? ERR_PTR(error) : task_create(p, p->pid, "init", entry, arg);

	if (IS_ERR(t))
		return (int)PTR_ERR(t);
	proc_link(p, t);
	thread_start(&t->thread);
	return 0;
}

/* Each resource by itself, shared or copied: the flags of clone(2) are exactly this list. */
static int copy_bag(struct proc *p, struct proc *parent, u64 flags)
{
	if (flags & CLONE_VM) {
		vmspace_get(parent->vmspace);
		p->vmspace = parent->vmspace;
	} else {
		int error = aspace_fork(parent->vmspace, &p->vmspace);

		if (error)
			return error;
	}
	if (flags & CLONE_FILES) {
		fdtable_get(parent->files);
		p->files = parent->files;
	} else {
		p->files = fdtable_copy(parent->files);
	}
	if (flags & CLONE_FS) {
		fsctx_get(parent->fs);
		p->fs = parent->fs;
	} else {
		p->fs = fsctx_copy(parent->fs);
	}
	if (flags & CLONE_SIGHAND) {
		sighand_get(parent->sighand);
		p->sighand = parent->sighand;
	} else if (flags & CLONE_CLEAR_SIGHAND) {
		p->sighand = sighand_create();
	} else {
		p->sighand = sighand_copy(parent->sighand);
	}
	p->cred = proc_cred(parent);
	if (parent->exe)
		file_get(parent->exe);
	p->exe = parent->exe;
	return p->files && p->fs && p->sighand ? 0 : -ENOMEM;
}

long proc_fork(const struct clone_args *args)
{
	struct proc *me = proc_current(), *p = proc_new(me);
	struct task *t;
	int error;

	if (IS_ERR(p))
		return PTR_ERR(p);
	p->exit_signal = args->exit_signal;
	error = copy_bag(p, me, args->flags);
	t = error ? ERR_PTR(error) : task_fork(p, p->pid, args);
	if (IS_ERR(t)) {
		mutex_lock(&proc_lock);
		list_remove(&p->sibling);
		mutex_unlock(&proc_lock);
		pid_free(p->pid);
		proc_put(p);
		return PTR_ERR(t);
	}

	int pid = p->pid;

	if (args->flags & CLONE_PARENT_SETTID)
		copyout(args->parent_tid, &pid, sizeof(pid));
	if (args->flags & CLONE_VFORK)
		proc_get(p);
	proc_link(p, t);
	thread_start(&t->thread);
	if (args->flags & CLONE_VFORK) {
		wait_event_killable(&p->vfork_wait, READ_ONCE(p->vfork_done));
		proc_put(p);
	}
	return pid;
}

/* The child uses its parent's memory no more. */
static void vfork_release(struct proc *p)
{
	__atomic_store_n(&p->vfork_done, true, __ATOMIC_RELEASE);
	waitq_wake_all(&p->vfork_wait);
}

int proc_may_exec(void)
{
	return 0;
}

void proc_set_vmspace(struct vmspace *vs)
{
	struct proc *p = proc_current();
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct vmspace *old = p->vmspace;

	p->vmspace = vs;
	current()->vmspace = vs;
	aspace_activate(vs);
	spin_unlock_irqrestore(&p->siglock, flags);
	vfork_release(p);
	if (old)
		vmspace_put(old);
}

/* ---- the end, and waiting for it ---- */

/* Takes a zombie out of the tree; proc_lock held. The tree's reference is the caller's. */
static void reap(struct proc *p)
{
	proc_uncount(p);
	proc_unlink(p);
	pid_free(p->pid);
}

static void tell_first_ended(struct proc *p)
{
	first_status = p->exit_status;
	__atomic_store_n(&first_ended, true, __ATOMIC_RELEASE);
	waitq_wake_all(&init.child_wait);
}

void proc_exit(struct proc *p)
{
	struct list gone = LIST_INIT(gone);
	struct proc *child, *next;

	vfork_release(p);
	mutex_lock(&proc_lock);
	list_for_each_entry_safe(child, next, &p->children, sibling) {
		proc_set_parent(child, &init);
		list_remove(&child->sibling);
		list_add_tail(&child->sibling, &init.children);
		if (child->state == PROC_ZOMBIE) {
			reap(child);
			list_add_tail(&child->sibling, &gone);
		}
	}
	p->state = PROC_ZOMBIE;
	p->wait_stopped = p->wait_continued = false; /* news of the dead */

	bool signaled = p->exit_status & 0x7f;
	bool wanted = p->parent != &init &&
		      proc_tell_parent(p, signaled ? CLD_KILLED : CLD_EXITED,
				       signaled ? p->exit_status & 0x7f : p->exit_status >> 8 & 0xff);

	if (p == first)
		tell_first_ended(p);
	if (!wanted) {
		reap(p);
		list_add_tail(&p->sibling, &gone);
	}
	waitq_wake_all(&p->parent->child_wait);
	mutex_unlock(&proc_lock);

	list_for_each_entry_safe(child, next, &gone, sibling) {
		list_remove(&child->sibling);
		proc_put(child);
	}
}

static bool wait_matches(const struct proc *child, int idtype, int id)
{
	return idtype == P_ALL || (idtype == P_PID && child->pid == id) || (idtype == P_PGID && child->pgid == id);
}

/* Has this child something to report? Fills *status. proc_lock held. */
static bool wait_event_of(struct proc *child, int options, int *status)
{
	if (child->state == PROC_ZOMBIE && (options & WEXITED)) {
		*status = child->exit_status;
		return true;
	}
	if (child->wait_stopped && (options & WSTOPPED)) {
		*status = child->stop_signal << 8 | 0x7f;
		return true;
	}
	if (child->wait_continued && (options & WCONTINUED)) {
		*status = 0xffff;
		return true;
	}
	return false;
}

static void wait_take(struct proc *me, struct proc *child, int options, u64 *cpu_ns)
{
	*cpu_ns = child->dead_cpu_ns + child->child_cpu_ns;
	if (options & WNOWAIT)
		return;
	if (child->state == PROC_ZOMBIE) {
		me->child_cpu_ns += *cpu_ns;
		reap(child);
	} else {
		child->wait_stopped = child->wait_continued = false;
	}
}

/* One look at the children: pid, 0 (none ready), or -ECHILD. *reaped needs a proc_put() without the lock. */
static long wait_look(struct proc *me, int idtype, int id, int options, int *status, u64 *cpu_ns, struct siginfo *info,
		      struct proc **reaped)
{
	struct proc *child;
	bool any = false;
	long pid = 0;

	mutex_lock(&proc_lock);
	list_for_each_entry(child, &me->children, sibling) {
		if (!wait_matches(child, idtype, id))
			continue;
		any = true;
		if (!wait_event_of(child, options, status))
			continue;
		pid = child->pid;
		*info = (struct siginfo){.signo = SIGCHLD};
		info->child.pid = child->pid;
		info->child.uid = proc_uid(child);
		if (child->state == PROC_ZOMBIE && !(options & WNOWAIT))
			*reaped = child;
		wait_take(me, child, options, cpu_ns);
		break;
	}
	mutex_unlock(&proc_lock);
	return any ? pid : -ECHILD;
}

long proc_wait(int idtype, int id, int options, int *status, u64 *cpu_ns, struct siginfo *info)
{
	struct proc *me = proc_current(), *reaped = NULL;
	long found = 0;
	int error = wait_event_interruptible(
		&me->child_wait,
		(found = wait_look(me, idtype, id, options, status, cpu_ns, info, &reaped)) != 0 || (options & WNOHANG));

	if (reaped)
		proc_put(reaped);
	return error ? -ERESTARTSYS : found;
}

struct proc *proc_find(int pid)
{
	struct proc *p, *found = NULL;

	mutex_lock(&proc_lock);
	struct task *t = task_find(pid);

	if (t && t->proc->pid == pid) {
		found = t->proc;
	} else {
		list_for_each_entry(p, &all, all_link)
			if (p->pid == pid)
				found = p;
	}
	if (found)
		proc_get(found);
	mutex_unlock(&proc_lock);
	return found;
}

int proc_foreach(int (*fn)(struct proc *p, void *arg), void *arg)
{
	struct proc *p, *next;

	list_for_each_entry_safe(p, next, &all, all_link) {
		int result = fn(p, arg);

		if (result)
			return result;
	}
	return 0;
}

int proc_wait_first(void)
{
	wait_event(&init.child_wait, READ_ONCE(first_ended));
	return first_status;
}
