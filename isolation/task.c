/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes have in common whether there is one or many: the bag of resources and the tasks that use it. Which
 * processes there are, and how they come and go, is proc_one.c's or proc_many.c's business.
 */
#include <isolation/proc.h>

#include <arch/offsets.h>
#include <arch/pkru.h>
#include <core/panic.h>
#include <core/printk.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/vnode.h>
#include <isolation/clone.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <sched/futex.h>
#include <uapi/linux/sched.h>

struct mutex proc_lock = MUTEX_INIT("proc", proc_lock);

static struct kmem_cache *task_cache;

void task_init(void)
{
	pid_init();
	task_cache = kmem_cache_create("task", sizeof(struct task), 64);
}

/* ---- the small members of the bag ---- */

void sighand_get(struct sighand *s)
{
	__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
}

void sighand_put(struct sighand *s)
{
	if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0)
		kfree(s);
}

struct sighand *sighand_create(void)
{
	struct sighand *s = kzalloc(sizeof(*s));

	if (s)
		s->refs = 1;
	return s;
}

struct sighand *sighand_copy(struct sighand *from)
{
	struct sighand *s = sighand_create();

	if (s)
		memcpy(s->action, from->action, sizeof(s->action));
	return s;
}

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
}

struct sigqueue *sigqueue_alloc(struct proc *p, bool regardless)
{
	struct user *user = p->cred->user;
	bool within = user_take(&user->signals, p->rlimit[RLIMIT_SIGPENDING].cur);
	struct sigqueue *q = within || regardless ? kmalloc(sizeof(*q)) : NULL;

	if (!q) {
		user_give_back(&user->signals, 1);
		return NULL;
	}
	user_hold(user);
	q->user = user;
	q->kept = false;
	list_init(&q->link);
	return q;
}

void sigqueue_free(struct sigqueue *q)
{
	if (q->kept)
		return;
	user_give_back(&q->user->signals, 1);
	user_put(q->user);
	kfree(q);
}

void sigpending_clear(struct sigpending *p)
{
	while (!list_empty(&p->queue)) {
		struct sigqueue *q = list_first_entry(&p->queue, struct sigqueue, link);

		list_remove(&q->link);
		sigqueue_free(q);
	}
	p->set = 0;
}

/* ---- processes ---- */

/* As many threads as an eighth of memory has stacks for, half of them for each user: Linux's figures. */
static u64 default_share(void)
{
	struct memory_stats memory;

	page_stats(&memory);
	return memory.total_pages / 64;
}

static void default_limits(struct rlimit64 *limit)
{
	u64 share = default_share();

	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		limit[i] = (struct rlimit64){RLIM_INFINITY, RLIM_INFINITY};
	limit[RLIMIT_NICE] = limit[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
	limit[RLIMIT_STACK].cur = 8ul << 20;
	limit[RLIMIT_CORE].cur = 0;
	limit[RLIMIT_NOFILE] = (struct rlimit64){1024, FD_LIMIT};
	limit[RLIMIT_MEMLOCK] = (struct rlimit64){8ul << 20, 8ul << 20};
	limit[RLIMIT_NPROC] = limit[RLIMIT_SIGPENDING] = (struct rlimit64){share, share};
}

void proc_set_parent(struct proc *p, struct proc *parent)
{
	p->parent = parent;
	WRITE_ONCE(p->ppid, parent ? parent->pid : PID_INIT);
}

void proc_setup(struct proc *p, int pid, struct proc *parent)
{
	p->refs = 1;
	p->pid = pid;
	proc_set_parent(p, parent);
	p->start_ns = clock_ns();
	p->exit_signal = SIGCHLD;
	list_init(&p->tasks);
	list_init(&p->timers);
	sigpending_init(&p->pending);
	list_init(&p->children);
	list_init(&p->unborn);
	list_init(&p->sibling);
	list_init(&p->all_link);
	spin_init(&p->siglock, "siglock");
	waitq_init(&p->child_wait);
	waitq_init(&p->vfork_wait);
	waitq_init(&p->tasks_wait);
	timer_init(&p->alarm, proc_alarm);
	if (parent && parent->pid != PID_INIT) {
		p->pgid = parent->pgid;
		p->sid = parent->sid;
		p->ctty = parent->ctty;
		memcpy(p->rlimit, parent->rlimit, sizeof(p->rlimit));
		memcpy(p->comm, parent->comm, sizeof(p->comm));
		p->dumpable = parent->dumpable;
	} else {
		p->pgid = p->sid = pid;
		default_limits(p->rlimit);
	}
}

/* What init gives the first program: no memory yet, no files, the root directory, user 0. */
int proc_first_bag(struct proc *p)
{
	p->files = fdtable_create();
	p->fs = fsctx_create();
	p->sighand = sighand_create();
	p->cred = cred_copy(NULL);
	return p->files && p->fs && p->sighand && p->cred ? 0 : -ENOMEM;
}

void proc_get(struct proc *p)
{
	__atomic_fetch_add(&p->refs, 1, __ATOMIC_RELAXED);
}

void proc_put(struct proc *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	proc_release_bag(p);
	sighand_put(p->sighand);
	cred_put(p->cred);
	proc_free(p);
}

void proc_release_bag(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct vmspace *vs = p->vmspace;
	struct fdtable *files = p->files;
	struct fsctx *fs = p->fs;
	struct file *exe = p->exe;

	p->vmspace = NULL;
	p->files = NULL;
	p->fs = NULL;
	p->exe = NULL;
	spin_unlock_irqrestore(&p->siglock, flags);

	timer_cancel(&p->alarm);
	proc_delete_timers(p);
	sigpending_clear(&p->pending);
	if (files)
		fdtable_put(files);
	if (fs)
		fsctx_put(fs);
	if (exe)
		file_put(exe);
	if (vs)
		vmspace_put(vs);
}

/* ---- tasks ---- */

/* thread.destroy: on another stack, after the last switch away. */
static void task_destroy(struct thread *thread)
{
	struct task *t = task_of(thread);

	cred_put(t->cred);
	proc_put(t->proc);
	thread_fini(thread);
	kmem_cache_free(task_cache, t);
}

void proc_uncount(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);

	user_give_back(&p->cred->user->tasks, 1);
	spin_unlock_irqrestore(&p->siglock, flags);
}

bool proc_over_limit(const struct proc *p)
{
	const struct cred *c = p->cred;

	return READ_ONCE(c->user->tasks) > p->rlimit[RLIMIT_NPROC].cur && c->uid && c->euid;
}

/* One more thread of p's user? siglock held; as many as there may be of one user is exact: each counts itself, then looks. */
static bool count_task(struct proc *p)
{
	user_take(&p->cred->user->tasks, RLIM_INFINITY);
	if (!proc_over_limit(p))
		return true;
	user_give_back(&p->cred->user->tasks, 1);
	return false;
}

static void task_discard(struct task *t)
{
	thread_fini(&t->thread);
	kmem_cache_free(task_cache, t);
}

struct task *task_create(struct proc *p, int tid, const char *name, void (*entry)(void *), void *arg)
{
	struct task *t = kmem_cache_zalloc(task_cache);
	int error;

	if (!t)
		return ERR_PTR(-ENOMEM);
	error = thread_init(&t->thread, name, true, entry, arg);
	if (error) {
		kmem_cache_free(task_cache, t);
		return ERR_PTR(error);
	}
	t->tid = tid;
	t->proc = p;
	sigpending_init(&t->pending);
	t->altstack.flags = SS_DISABLE;
	t->thread.vmspace = p->vmspace;
	t->thread.destroy = task_destroy;

	u64 flags = spin_lock_irqsave(&p->siglock);

	if (p->exiting || p->execing || !count_task(p)) {
		spin_unlock_irqrestore(&p->siglock, flags);
		task_discard(t);
		return ERR_PTR(-EAGAIN);
	}
	list_add_tail(&t->link, &p->tasks);
	if (p->ntasks++)
		WRITE_ONCE(p->files->threads, true);
	if (!p->leader)
		p->leader = t;
	if (p->stopping)
		t->thread.work |= WORK_SIGNAL; /* born too late to be told: it shall stop too */
	spin_unlock_irqrestore(&p->siglock, flags);
	proc_get(p);
	pid_set(tid, t);
	return t;
}

/* The first steps of a cloned task, in the kernel: the tid words lie in memory that is its own by now. */
static void clone_entry(void *arg)
{
	struct task *t = task_current();
	uaddr_t child_tid = (uaddr_t)arg;

	if (child_tid)
		copyout(child_tid, &t->tid, sizeof(t->tid));
	gate_enter();
}

struct task *task_fork(struct proc *p, int tid, const struct clone_args *args)
{
	struct task *me = task_current();
	uaddr_t child_tid = args->flags & CLONE_CHILD_SETTID ? args->child_tid : 0;

	if (me->thread.class == SCHED_DEADLINE && !me->thread.reset_on_fork)
		return ERR_PTR(-EAGAIN); /* what was promised to one cannot be shared by two: sched(7) */

	struct task *t = task_create(p, tid, me->thread.name, clone_entry, (void *)child_tid);

	if (IS_ERR(t))
		return t;

	struct trapframe *tf = arch_trapframe(&t->thread.arch);

	*tf = *arch_trapframe(&me->thread.arch);
	tf->rax = 0;
	if (args->stack)
		tf->rsp = args->stack;
	fpu_save(&me->thread.arch);
	memcpy(t->thread.arch.fpu, me->thread.arch.fpu, fpu_size);
	if (pkru_works())
		t->thread.arch.pkru = pkru_read();
	t->thread.arch.gs_base = me->thread.arch.gs_base;
	t->thread.arch.fs_base = args->flags & CLONE_SETTLS ? args->tls : me->thread.arch.fs_base;
	thread_inherit(&t->thread);
	t->sigmask = me->sigmask;
	t->no_new_privs = me->no_new_privs;
	t->personality = me->personality;
	if (!(args->flags & CLONE_VM) || (args->flags & CLONE_VFORK))
		t->altstack = me->altstack;
	if (args->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = args->child_tid;
	return t;
}

long task_clone(const struct clone_args *args)
{
	int tid = page_scarce() ? -ENOMEM : pid_alloc();

	if (tid < 0)
		return tid;

	struct task *t = task_fork(proc_current(), tid, args);

	if (IS_ERR(t)) {
		pid_free(tid);
		return PTR_ERR(t);
	}
	if (args->flags & CLONE_PARENT_SETTID)
		copyout(args->parent_tid, &tid, sizeof(tid));
	thread_start(&t->thread);
	return tid;
}

bool proc_doom(struct proc *p, int status)
{
	struct task *t;
	u64 flags = spin_lock_irqsave(&p->siglock);
	bool first = !p->exiting;

	if (first) {
		p->exiting = true;
		p->exit_status = status;
		list_for_each_entry(t, &p->tasks, link)
			thread_post(&t->thread, WORK_KILL);
	}
	spin_unlock_irqrestore(&p->siglock, flags);
	return first;
}

void proc_kill_all(struct proc *p, int status)
{
	proc_doom(p, status);
	if (thread_is_app(current()) && task_current()->proc == p)
		task_exit();
}

bool proc_is_single(struct proc *p)
{
	const struct task *t;
	bool single = true;
	u64 irq = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link)
		single &= t == task_current() || __atomic_load_n(&t->leaving, __ATOMIC_ACQUIRE);
	spin_unlock_irqrestore(&p->siglock, irq);
	return single;
}

int proc_single(struct proc *p)
{
	struct task *me = task_current(), *t;
	u64 flags = spin_lock_irqsave(&p->siglock);

	if (p->exiting || p->execing) {
		spin_unlock_irqrestore(&p->siglock, flags);
		return -EAGAIN;
	}
	p->execing = true;
	list_for_each_entry(t, &p->tasks, link)
		if (t != me)
			thread_post(&t->thread, WORK_KILL);
	spin_unlock_irqrestore(&p->siglock, flags);

	wait_event(&p->tasks_wait, READ_ONCE(p->ntasks) == 1);

	/* The one that stays is the process: it takes the leader's id. */
	mutex_lock(&proc_lock);
	flags = spin_lock_irqsave(&p->siglock);
	int old = me->tid;

	p->leader = me;
	me->tid = p->pid;
	p->execing = false;
	spin_unlock_irqrestore(&p->siglock, flags);
	if (old != p->pid) {
		proc_adopt_children(p, old);
		pid_free(old);
		pid_set(p->pid, me);
	}
	mutex_unlock(&proc_lock);
	return 0;
}

/* pthread_join() waits for this word (set_tid_address(2)). Nobody can when this was the only user of the memory. */
static void clear_tid(struct task *t)
{
	u32 zero = 0;

	if (!t->clear_child_tid)
		return;
	if (copyout(t->clear_child_tid, &zero, sizeof(zero)) == 0)
		futex_wake(t->clear_child_tid, 1, ~0u, false);
}

void proc_signals_retarget(struct proc *p)
{
	struct task *t;

	list_for_each_entry(t, &p->tasks, link)
		if (p->pending.set & (~t->sigmask | t->awaited))
			thread_post(&t->thread, WORK_SIGNAL);
}

void proc_signal_unborn(struct proc *p, int sig)
{
	struct proc *child;

	list_for_each_entry(child, &p->unborn, sibling)
		child->pending.set |= SIGMASK(sig);
}

void task_exit(void)
{
	struct task *t = task_current();
	struct proc *p = t->proc;

	__atomic_store_n(&t->leaving, true, __ATOMIC_RELEASE); /* before anybody hears of its end */
	futex_release_robust(t->robust_list, (u32)t->tid);
	clear_tid(t);
	fpu_discard(&t->thread.arch);

	mutex_lock(&proc_lock);
	u64 flags = spin_lock_irqsave(&p->siglock);

	t->exited = true;
	list_remove(&t->link);
	sigpending_clear(&t->pending); /* a timer may own what is in it, and goes by siglock */
	bool last = --p->ntasks == 0;

	usage_keep_task(p, t);
	if (last)
		usage_keep_memory(p);
	if (!last) /* the last one counts until it is waited for */
		user_give_back(&p->cred->user->tasks, 1);
	if (p->leader == t)
		p->leader = NULL;
	p->exiting |= last;
	proc_signals_retarget(p);
	spin_unlock_irqrestore(&p->siglock, flags);
	if (!last)
		proc_adopt_children(p, t->tid);
	if (t->tid == p->pid)
		pid_set(t->tid, NULL); /* until the process is waited for */
	else
		pid_free(t->tid);
	waitq_wake_all(&p->tasks_wait);
	mutex_unlock(&proc_lock);

	t->thread.vmspace = NULL;
	if (last) {
		proc_release_bag(p);
		proc_end_session(p);
		proc_exit(p);
	}
	thread_exit();
}
