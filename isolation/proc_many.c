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

/*
 * Its first task, not yet started, finds the signals that its group was sent while it was unborn. With CLONE_PARENT it is the
 * sibling of the process that made it.
 */
static void proc_link(struct proc *p, struct task *t, u64 clone_flags)
{
	mutex_lock(&proc_lock);
	if (clone_flags & CLONE_PARENT) {
		const struct proc *maker = p->parent;

		proc_set_parent(p, maker->parent);
		p->parent_tid = maker->parent_tid;
		p->exit_signal = maker->exit_signal;
	}
	p->ctty = p->sid == p->parent->sid ? p->parent->ctty : NULL; /* it may have been lost since p began */
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
	proc_link(p, t, 0);
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
		p->sighand = sighand_copy(parent->sighand);
		for (int i = 0; p->sighand && i < NSIG; i++)
			if (p->sighand->action[i].handler != SIG_IGN)
				p->sighand->action[i] = (struct ksigaction){0};
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
	p->parent_tid = task_current()->tid;
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
	proc_link(p, t, args->flags);
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

	usage_keep_memory(p);
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

/* SIGCHLD for a zombie. False: its parent does not want to know. proc_lock held. */
static bool tell_of_end(struct proc *p)
{
	bool signaled = p->exit_status & 0x7f;

	return proc_tell_parent(p, signaled ? CLD_KILLED : CLD_EXITED,
				signaled ? p->exit_status & 0x7f : p->exit_status >> 8 & 0xff);
}

static void tell_first_ended(struct proc *p)
{
	first_status = p->exit_status;
	__atomic_store_n(&first_ended, true, __ATOMIC_RELEASE);
	waitq_wake_all(&init.child_wait);
}

/* ---- orphans; all with proc_lock held ---- */

/* Would the group have nobody left, `leaving` gone, whose parent is in another group of the same session? */
static bool is_orphaned(int pgid, const struct proc *leaving)
{
	const struct proc *p;

	list_for_each_entry(p, &all, all_link) {
		if (p->pgid != pgid || p == leaving || p->state == PROC_ZOMBIE || p->parent == &init)
			continue;
		if (p->parent->pgid != pgid && p->parent->sid == p->sid)
			return false;
	}
	return true;
}

bool proc_group_orphaned(int pgid)
{
	mutex_lock(&proc_lock);

	bool orphaned = is_orphaned(pgid, NULL);

	mutex_unlock(&proc_lock);
	return orphaned;
}

static bool has_stopped(int pgid)
{
	const struct proc *p;

	list_for_each_entry(p, &all, all_link)
		if (p->pgid == pgid && p->state == PROC_STOPPED)
			return true;
	return false;
}

/*
 * `p` and `parent` part, by the end of either. If that orphans p's group, nobody can continue those of it that are stopped:
 * POSIX.1-2017 XSH _Exit(), "Consequences of Process Termination".
 */
static void release_orphans(const struct proc *p, const struct proc *parent, const struct proc *leaving)
{
	struct proc *member;

	if (parent->pgid == p->pgid || parent->sid != p->sid || !is_orphaned(p->pgid, leaving) || !has_stopped(p->pgid))
		return;
	list_for_each_entry(member, &all, all_link) {
		if (member->pgid == p->pgid && member->state != PROC_ZOMBIE) {
			proc_signal(member, SIGHUP, false);
			proc_signal(member, SIGCONT, false);
		}
	}
}

static struct proc *reaper_of(const struct proc *p)
{
	struct proc *reaper = p->parent;

	while (reaper != &init && (!reaper->subreaper || reaper->state == PROC_ZOMBIE))
		reaper = reaper->parent;
	return reaper;
}

/* The thread ended that child is of: each thread of child may have asked to hear of it (PR_SET_PDEATHSIG). proc_lock held. */
static void tell_of_death(struct proc *child)
{
	struct task *t;
	u64 wanted = 0, flags = spin_lock_irqsave(&child->siglock);

	list_for_each_entry(t, &child->tasks, link)
		wanted |= t->death_signal ? SIGMASK(t->death_signal) : 0;
	spin_unlock_irqrestore(&child->siglock, flags);
	for (int sig = 1; wanted >> (sig - 1); sig++)
		if (wanted & SIGMASK(sig))
			proc_signal(child, sig, true);
}

void proc_adopt_children(struct proc *p, int tid)
{
	struct task *heir = list_first_entry(&p->tasks, struct task, link);
	struct proc *child;

	list_for_each_entry(child, &p->children, sibling) {
		if (child->parent_tid != tid)
			continue;
		child->parent_tid = heir->tid;
		tell_of_death(child);
	}
}

/* Whom its parent's end made an orphan gets another parent. True: reaped, to be put by the caller. */
static bool reparent(struct proc *child, struct proc *reaper)
{
	bool wanted = reaper != &init;

	proc_set_parent(child, reaper);
	child->parent_tid = reaper->pid;
	child->exit_signal = SIGCHLD;
	list_remove(&child->sibling);
	list_add_tail(&child->sibling, &reaper->children);
	tell_of_death(child);
	if (child->state != PROC_ZOMBIE)
		return false;
	if (wanted)
		wanted = tell_of_end(child);
	if (!wanted)
		reap(child);
	return !wanted;
}

void proc_exit(struct proc *p)
{
	struct list gone = LIST_INIT(gone);
	struct proc *child, *next;

	vfork_release(p);
	mutex_lock(&proc_lock);
	struct proc *reaper = reaper_of(p);

	list_for_each_entry_safe(child, next, &p->children, sibling) {
		if (reparent(child, reaper))
			list_add_tail(&child->sibling, &gone);
		else
			release_orphans(child, p, NULL);
	}
	release_orphans(p, p->parent, p);
	p->state = PROC_ZOMBIE;
	p->wait_stopped = p->wait_continued = false; /* news of the dead */

	bool wanted = p->parent != &init && tell_of_end(p);

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

/* Children of clone(2) that announce their end otherwise than by SIGCHLD are waited for only where one asks for them. */
static bool wait_matches(const struct proc *child, int idtype, int id, int options)
{
	bool clone = child->exit_signal != SIGCHLD;

	if ((options & __WNOTHREAD) && child->parent_tid != task_current()->tid)
		return false;
	if (!(options & (int)__WALL) && clone != !!(options & (int)__WCLONE))
		return false;
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

static void wait_take(struct proc *me, struct proc *child, int options, struct wait_result *result)
{
	result->uid = proc_uid(child);
	result->usage = proc_usage(child);
	usage_add(&result->usage, &child->waited);
	if (options & WNOWAIT)
		return;
	if (child->state == PROC_ZOMBIE) {
		usage_add(&me->waited, &result->usage);
		reap(child);
	} else {
		child->wait_stopped = child->wait_continued = false;
	}
}

/* One look at the children: pid, 0 (none ready), or -ECHILD. *reaped needs a proc_put() without the lock. */
static long wait_look(struct proc *me, int idtype, int id, int options, struct wait_result *result, struct proc **reaped)
{
	struct proc *child;
	bool any = false;
	long pid = 0;

	mutex_lock(&proc_lock);
	list_for_each_entry(child, &me->children, sibling) {
		if (!wait_matches(child, idtype, id, options))
			continue;
		any = true;
		if (!wait_event_of(child, options, &result->status))
			continue;
		pid = child->pid;
		if (child->state == PROC_ZOMBIE && !(options & WNOWAIT))
			*reaped = child;
		wait_take(me, child, options, result);
		break;
	}
	mutex_unlock(&proc_lock);
	return any ? pid : -ECHILD;
}

long proc_wait(int idtype, int id, int options, struct wait_result *result)
{
	struct proc *me = proc_current(), *reaped = NULL;
	long found = 0;
	int error = wait_event_interruptible(
		&me->child_wait,
		(found = wait_look(me, idtype, id, options, result, &reaped)) != 0 || (options & WNOHANG));

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
