/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process's own timers: timer_create(2). Each sends a signal, or none. While its signal is pending, a timer rests; taking
 * the signal counts what it missed (the overrun) and starts it again. A child inherits none; exec and exit delete them. Each keeps
 * the entry for its signal, which RLIMIT_SIGPENDING counts: no more timers than that, and no signal lost for want of memory.
 * Calls hold posix_timer_lock; what the timer's interrupt and the taking of its signal touch is under siglock.
 *
 * A timer by CPU time waits in a tree of its process, by clock and deadline. A tick has to look at the first of two clocks: that
 * of the process, and that of the thread it falls on. What waits for the clock of a thread that has ended waits for ever.
 */
#include <generated/syscall_proto.h>

#include <abi/linux/cputime.h>
#include <abi/linux/interval.h>
#include <abi/linux/signal.h>
#include <isolation/proc.h>
#include <mm/slab.h>

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct sigevent64 {
	u64 value;
	i32 signo, notify, tid;
	u8 pad[44];
};

struct posix_timer {
	struct list link;          /* siglock: proc->timers */
	int id;                    /* I */
	int tid;                   /* I: of a thread's CPU time; else 0 */
	struct rb_node waiting;    /* siglock: proc->cpu_timers */
	struct proc *proc;         /* I: no reference; it deletes its timers */
	struct sigqueue *signal;   /* I, but for what is pending */
	struct sigevent64 event;   /* I */
	struct interval interval;  /* siglock */
	bool waits;                /* siglock: in that tree */
	bool queued;               /* siglock: its signal is pending */
	int overrun;               /* siglock: of the signal taken last */
	struct clock_watch watch;
};

static struct mutex posix_timer_lock = MUTEX_INIT("posix timers", posix_timer_lock); /* (S) */

static u64 cpu_time(const struct interval *i)
{
	const struct posix_timer *t = container_of(i, struct posix_timer, interval);

	return proc_cpu_ns_locked(t->proc, t->tid);
}

static struct posix_timer *timer_at(struct rb_node *node)
{
	return rb_entry(node, struct posix_timer, waiting);
}

/* siglock held, for these two. */
static void wait_for_cpu_time(struct posix_timer *t)
{
	struct rb_node **link = &t->proc->cpu_timers.node, *parent = NULL;

	while (*link) {
		const struct posix_timer *at = timer_at(parent = *link);
		bool before = t->tid != at->tid ? t->tid < at->tid : t->interval.deadline < at->interval.deadline;

		link = before ? &parent->left : &parent->right;
	}
	rb_insert(&t->proc->cpu_timers, &t->waiting, parent, link);
	t->waits = true;
}

static void wait_no_more(struct posix_timer *t)
{
	if (t->waits)
		rb_erase(&t->proc->cpu_timers, &t->waiting);
	t->waits = false;
}

/* siglock held. */
static void start(struct posix_timer *t)
{
	if (t->interval.now)
		wait_for_cpu_time(t);
	else
		timer_start(&t->interval.timer, t->interval.deadline);
}

static bool sends(const struct posix_timer *t)
{
	return t->event.notify != SIGEV_NONE;
}

/* siglock held; it has fired, and nobody wants its signal. */
static void go_on_unwanted(struct posix_timer *t)
{
	if (!t->interval.period || t->proc->exiting)
		return;
	interval_forward(&t->interval, UNWANTED_REST);
	start(t);
}

/* siglock held; it has fired. */
static void notify(struct posix_timer *t)
{
	t->queued = signal_send_timer(t->proc, t->event.notify & SIGEV_THREAD_ID ? t->event.tid : 0, t->signal);
	if (!t->queued)
		go_on_unwanted(t);
}

/* siglock held. */
static void look(struct posix_timer *t)
{
	if (!t->interval.deadline || t->interval.deadline > interval_now(&t->interval))
		return;
	t->interval.fired = true;
	if (sends(t))
		notify(t);
}

/* It may be off, or set anew, while this was on its way to the lock: not this deadline any more. */
static void expired(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, interval.timer);
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	look(t);
	spin_unlock_irqrestore(&t->proc->siglock, flags);
}

/* siglock held. The next to fire by that clock: the process's, or a thread's. */
static struct posix_timer *first_of(const struct proc *p, int tid)
{
	struct posix_timer *first = NULL;

	for (struct rb_node *node = p->cpu_timers.node; node;) {
		struct posix_timer *t = timer_at(node);

		if (t->tid == tid)
			first = t;
		node = t->tid < tid ? node->right : node->left;
	}
	return first;
}

/* The same. It is `now` by that clock, or was almost: what other CPUs' threads have used is read without their locks. */
static void fire(struct proc *p, int tid, u64 now)
{
	struct posix_timer *t;

	while ((t = first_of(p, tid)) && t->interval.deadline <= now) {
		wait_no_more(t);
		look(t);
		if (!t->waits && !t->interval.fired) {
			wait_for_cpu_time(t);
			return;
		}
	}
}

void posix_timers_tick(struct task *t)
{
	struct proc *p = t->proc;
	u64 flags = spin_lock_irqsave(&p->siglock);

	if (first_of(p, 0))
		fire(p, 0, proc_cpu_ns_locked(p, 0));
	fire(p, t->tid, thread_cpu_ns(&t->thread));
	spin_unlock_irqrestore(&p->siglock, flags);
}

static struct posix_timer *find(struct proc *p, int id)
{
	struct posix_timer *t;

	list_for_each_entry(t, &p->timers, link)
		if (t->id == id)
			return t;
	return NULL;
}

/* Whose signal left the queue. NULL: it was deleted, or set anew, since it sent it. */
static struct posix_timer *resting(struct proc *p, const struct siginfo *info)
{
	struct posix_timer *t = find(p, info->timer.id);

	if (!t || !t->queued)
		return NULL;
	t->queued = false;
	return t;
}

void posix_timer_taken(struct proc *p, struct siginfo *info)
{
	struct posix_timer *t = resting(p, info);

	if (!t)
		return;
	t->overrun = 0;
	if (t->interval.period) {
		t->overrun = (int)MIN(interval_forward(&t->interval, 0), (u64)INT32_MAX);
		start(t);
	}
	info->timer.overrun = t->overrun;
}

void posix_timer_dropped(struct proc *p, const struct siginfo *info)
{
	struct posix_timer *t = resting(p, info);

	if (t)
		go_on_unwanted(t);
}

/* posix_timer_lock held. */
static void remove(struct posix_timer *t)
{
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	list_remove(&t->link);
	wait_no_more(t);
	t->interval.deadline = t->interval.period = t->interval.realtime = 0;
	spin_unlock_irqrestore(&t->proc->siglock, flags);
	timer_cancel(&t->interval.timer); /* nothing starts it again without a period */
}

static void destroy(struct posix_timer *t)
{
	clock_watch_remove(&t->watch);

	u64 flags = spin_lock_irqsave(&t->proc->siglock);
	bool pending = !list_empty(&t->signal->link);

	t->signal->kept = false; /* freed when it is taken */
	spin_unlock_irqrestore(&t->proc->siglock, flags);
	if (!pending)
		sigqueue_free(t->signal);
	kfree(t);
}

void proc_delete_timers(struct proc *p)
{
	while (!list_empty(&p->timers)) {
		struct posix_timer *t = NULL;

		mutex_lock(&posix_timer_lock);
		if (!list_empty(&p->timers)) {
			t = list_first_entry(&p->timers, struct posix_timer, link);
			remove(t);
		}
		mutex_unlock(&posix_timer_lock);
		if (t)
			destroy(t);
	}
}

/* posix_timer_lock held. */
static void set(struct posix_timer *t, u64 value, u64 period, bool absolute)
{
	struct interval *i = &t->interval;
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	wait_no_more(t);
	i->deadline = i->period = 0;
	spin_unlock_irqrestore(&t->proc->siglock, flags);
	timer_cancel(&i->timer);
	flags = spin_lock_irqsave(&t->proc->siglock);
	t->queued = false;
	t->overrun = 0;
	interval_set(i, value, period, absolute);
	if (i->deadline)
		start(t);
	if (t->waits) /* perhaps for what is past: no tick need fall on that clock again */
		fire(t->proc, t->tid, interval_now(i));
	spin_unlock_irqrestore(&t->proc->siglock, flags);
}

/* An absolute deadline by CLOCK_REALTIME lies elsewhere now. */
static void clock_was_set(struct clock_watch *w)
{
	struct posix_timer *t = container_of(w, struct posix_timer, watch);

	mutex_lock(&posix_timer_lock);
	if (t->interval.realtime && !t->interval.fired)
		set(t, t->interval.realtime, t->interval.period, true);
	mutex_unlock(&posix_timer_lock);
}

/* ---- the calls ---- */

static bool is_own_thread(int tid)
{
	mutex_lock(&proc_lock);
	struct task *t = task_find(tid);
	bool own = t && t->proc == proc_current();

	mutex_unlock(&proc_lock);
	return own;
}

/* CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, and what pthread_getcpuclockid(3) makes of a thread of this process. */
static bool is_cpu_clock(int clock, int *tid)
{
	int id = ~(clock >> 3);

	*tid = 0;
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		*tid = task_current()->tid;
	if (clock == CLOCK_PROCESS_CPUTIME_ID || *tid)
		return true;
	if (clock >= 0 || id < 0 || (clock & CPUCLOCK_KIND) > CPUCLOCK_SCHED)
		return false;
	if (!(clock & CPUCLOCK_PERTHREAD))
		return !id || id == proc_current()->pid;
	*tid = id ? id : task_current()->tid;
	return is_own_thread(*tid);
}

static int check_clock(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP; /* as on Linux: these only tell the time */
	}
	return -EINVAL;
}

static int check_event(const struct sigevent64 *e)
{
	bool signal = e->signo >= 1 && e->signo <= NSIG;

	switch (e->notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* the C library's business: a signal for us */
		return signal ? 0 : -EINVAL;
	case SIGEV_THREAD_ID:
		return signal && is_own_thread(e->tid) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static struct sigqueue *signal_to_keep(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct sigqueue *q = sigqueue_alloc(p, false);

	spin_unlock_irqrestore(&p->siglock, flags);
	if (q)
		q->kept = true;
	return q;
}

/* NULL: no memory, or too many. */
static struct posix_timer *create(int clock, int tid, const struct sigevent64 *event)
{
	struct proc *p = proc_current();
	struct posix_timer *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->signal = signal_to_keep(p);
	if (!t->signal) {
		kfree(t);
		return NULL;
	}
	t->proc = p;
	t->event = *event;
	t->interval.clock = clock;
	t->tid = tid;
	timer_init(&t->interval.timer, expired);
	t->watch.fn = clock_was_set;
	clock_watch_add(&t->watch);
	mutex_lock(&posix_timer_lock);
	t->id = p->next_timer;
	p->next_timer = (p->next_timer + 1) & INT32_MAX;
	mutex_unlock(&posix_timer_lock);
	return t;
}

long sys_timer_create(int clock, uaddr_t uevent, uaddr_t uid)
{
	struct sigevent64 event = {.signo = SIGALRM, .notify = SIGEV_SIGNAL};
	struct posix_timer *t;
	int tid;
	bool cpu = is_cpu_clock(clock, &tid);
	int error = cpu ? 0 : check_clock(clock);

	if (error)
		return error;
	if (uevent && copyin(&event, uevent, sizeof(event)))
		return -EFAULT;
	error = check_event(&event);
	if (error)
		return error;
	t = create(clock, tid, &event);
	if (!t)
		return -EAGAIN;
	t->interval.now = cpu ? cpu_time : NULL;
	if (!uevent)
		t->event.value = (u64)t->id;
	t->signal->info = (struct siginfo){.signo = t->event.signo, .code = SI_TIMER, .timer = {.id = t->id, .value = t->event.value}};
	if (copyout(uid, &t->id, sizeof(t->id))) {
		destroy(t);
		return -EFAULT;
	}

	mutex_lock(&posix_timer_lock);
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	list_add_tail(&t->link, &t->proc->timers);
	spin_unlock_irqrestore(&t->proc->siglock, flags);
	mutex_unlock(&posix_timer_lock);
	return 0;
}

static struct itimerspec64 state_of(struct posix_timer *t)
{
	u64 flags = spin_lock_irqsave(&t->proc->siglock);
	struct itimerspec64 its = {timespec_of(t->interval.period), timespec_of(interval_left(&t->interval))};

	spin_unlock_irqrestore(&t->proc->siglock, flags);
	return its;
}

long sys_timer_settime(int id, int flags, uaddr_t new, uaddr_t uold)
{
	struct itimerspec64 its, old = {0};
	u64 value, period;

	if (!new)
		return -EINVAL;
	if (copyin(&its, new, sizeof(its)))
		return -EFAULT;
	if (itimerspec_ns(&its, &value, &period))
		return -EINVAL;
	mutex_lock(&posix_timer_lock);
	struct posix_timer *t = find(proc_current(), id);

	if (t) {
		old = state_of(t);
		set(t, value, period, flags & TIMER_ABSTIME);
	}
	mutex_unlock(&posix_timer_lock);
	if (!t)
		return -EINVAL;
	return uold && copyout(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_timer_gettime(int id, uaddr_t value)
{
	struct itimerspec64 its = {0};

	mutex_lock(&posix_timer_lock);
	struct posix_timer *t = find(proc_current(), id);

	if (t)
		its = state_of(t);
	mutex_unlock(&posix_timer_lock);
	return t ? copyout(value, &its, sizeof(its)) : -EINVAL;
}

long sys_timer_getoverrun(int id)
{
	mutex_lock(&posix_timer_lock);
	struct posix_timer *t = find(proc_current(), id);
	int overrun = t ? t->overrun : -EINVAL;

	mutex_unlock(&posix_timer_lock);
	return overrun;
}

long sys_timer_delete(int id)
{
	mutex_lock(&posix_timer_lock);
	struct posix_timer *t = find(proc_current(), id);

	if (t)
		remove(t);
	mutex_unlock(&posix_timer_lock);
	if (!t)
		return -EINVAL;
	destroy(t);
	return 0;
}
