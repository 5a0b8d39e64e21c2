/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: sending, choosing who takes one, and what taking it does. Everything pending is under the process's siglock, so
 * a signal may be sent from interrupts; acting on one happens only in the receiving thread, on its way to the application.
 * Source: signal(7), POSIX.1-2017 XSH 2.4.
 */
#include <abi/linux/signal.h>

#include <abi/linux/restart.h>
#include <abi/linux/signalfd.h>
#include <core/panic.h>
#include <core/printk.h>
#include <core/time.h>
#include <generated/syscall_nr.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/time.h>

#define MASK_IGNORED (SIGMASK(SIGCHLD) | SIGMASK(SIGCONT) | SIGMASK(SIGURG) | SIGMASK(SIGWINCH))
#define MASK_STOP (SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) | SIGMASK(SIGTTOU))
#define MASK_UNBLOCKABLE (SIGMASK(SIGKILL) | SIGMASK(SIGSTOP))
#define MASK_SYNCHRONOUS                                                                                               \
	(SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) | SIGMASK(SIGTRAP) | SIGMASK(SIGFPE) | SIGMASK(SIGSYS))
#define FIRST_REALTIME 32

/* ---- sending; siglock held ---- */

static bool ignored(const struct proc *p, int sig)
{
	u64 handler = p->sighand->action[sig - 1].handler;

	return handler == SIG_IGN || (handler == SIG_DFL && (MASK_IGNORED & SIGMASK(sig)));
}

static struct sigqueue *entry_for(struct proc *p, int sig, const struct siginfo *info)
{
	struct sigqueue *q = sigqueue_alloc(p, sig < FIRST_REALTIME && (!info || info->code >= 0));

	if (q) {
		q->info = info ? *info : (struct siginfo){.code = SI_KERNEL};
		q->info.signo = sig;
	}
	return q;
}

/*
 * A timer's signal, `own`, is told apart from others: it carries the overrun, and its timer waits for it. -EAGAIN: a real-time
 * signal with more to say than its number, and RLIMIT_SIGPENDING is reached.
 */
static int pend(struct proc *p, struct sigpending *pending, int sig, const struct siginfo *info, struct sigqueue *own)
{
	bool realtime = sig >= FIRST_REALTIME;

	if (own ? !list_empty(&own->link) : !realtime && (pending->set & SIGMASK(sig)))
		return 0;

	struct sigqueue *q = own ? own : entry_for(p, sig, info);

	if (!q && realtime && info && info->code != SI_USER)
		return -EAGAIN;
	if (q) /* otherwise the signal still comes, as from the kernel */
		list_add_tail(&q->link, &pending->queue);
	pending->set |= SIGMASK(sig);
	return 0;
}

/* Timers whose signals these are go on. */
static void drop(struct proc *p, struct sigpending *pending, u64 set)
{
	struct sigqueue *q, *next;

	if (!(pending->set & set))
		return;
	pending->set &= ~set;
	if (set & SIGMASK(SIGALRM))
		alarm_dropped(p);
	list_for_each_entry_safe(q, next, &pending->queue, link) {
		if (!(SIGMASK(q->info.signo) & set))
			continue;
		list_remove(&q->link);
		if (q->info.code == SI_TIMER)
			posix_timer_dropped(p, &q->info);
		sigqueue_free(q);
	}
}

static void drop_everywhere(struct proc *p, u64 set)
{
	struct task *t;

	drop(p, &p->pending, set);
	list_for_each_entry(t, &p->tasks, link)
		drop(p, &t->pending, set);
}

/* SIGCONT ends a stop even when it is blocked or ignored; each cancels the other. */
static void stop_and_continue(struct proc *p, int sig)
{
	if (sig == SIGCONT || sig == SIGKILL) {
		drop_everywhere(p, MASK_STOP);
		if (p->stopping) {
			p->stopping = false;
			waitq_wake_all(&p->tasks_wait);
		}
	} else if (MASK_STOP & SIGMASK(sig)) {
		drop_everywhere(p, SIGMASK(SIGCONT));
	}
}

static bool takes(const struct task *t, int sig)
{
	return (~t->sigmask | t->awaited) & SIGMASK(sig);
}

/* Which thread shall look: the one it was sent to, one that waits for it, or any that does not block it. NULL: all block it. */
static struct task *choose_taker(struct proc *p, struct task *to, int sig)
{
	struct task *t, *found = NULL;

	if (to)
		return takes(to, sig) ? to : NULL;
	list_for_each_entry(t, &p->tasks, link) {
		if (t->awaited & SIGMASK(sig))
			return t;
		if (!found && takes(t, sig))
			found = t;
	}
	return found;
}

/* `to` NULL: to the process; `own`: of a timer. 1: it is pending now; 0: nobody wants it; -EAGAIN, as pend() has it. */
static int send(struct proc *p, struct task *to, int sig, const struct siginfo *info, struct sigqueue *own)
{
	struct task *taker, *t;
	int error;

	if (p->exiting || p->state == PROC_ZOMBIE || !p->sighand)
		return 0;
	stop_and_continue(p, sig);
	if (sig == SIGKILL) {
		p->exiting = true;
		p->exit_status = SIGKILL;
		list_for_each_entry(t, &p->tasks, link)
			thread_post(&t->thread, WORK_KILL);
		return 0;
	}
	taker = choose_taker(p, to, sig);
	if (taker && !(taker->awaited & SIGMASK(sig)) && ignored(p, sig))
		return 0;
	error = pend(p, to ? &to->pending : &p->pending, sig, info, own);
	if (error)
		return error;
	signalfd_notify(sig);
	if (taker)
		thread_post(&taker->thread, WORK_SIGNAL);
	return 1;
}

bool signal_send_timer(struct proc *p, int tid, struct sigqueue *own)
{
	struct task *t;

	if (!tid)
		return send(p, NULL, own->info.signo, NULL, own) > 0;
	list_for_each_entry(t, &p->tasks, link)
		if (t->tid == tid)
			return send(p, t, own->info.signo, NULL, own) > 0;
	return false;
}

bool signal_send_alarm(struct proc *p)
{
	return send(p, NULL, SIGALRM, NULL, NULL) > 0;
}

int signal_send_proc(struct proc *p, int sig, const struct siginfo *info)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	int error = MIN(send(p, NULL, sig, info, NULL), 0);

	spin_unlock_irqrestore(&p->siglock, flags);
	return error;
}

int signal_send_task(struct task *t, int sig, const struct siginfo *info)
{
	u64 flags = spin_lock_irqsave(&t->proc->siglock);
	int error = t->exited ? 0 : MIN(send(t->proc, t, sig, info, NULL), 0);

	spin_unlock_irqrestore(&t->proc->siglock, flags);
	return error;
}

struct group_signal {
	int pgid, sig;
	const struct siginfo *info;
	unsigned count;
};

static int send_if_member(struct proc *p, void *arg)
{
	struct group_signal *g = arg;

	if (p->pgid == g->pgid && p->state != PROC_ZOMBIE) {
		g->count++;
		if (g->sig) {
			signal_send_proc(p, g->sig, g->info);
			proc_signal_unborn(p, g->sig);
		}
	}
	return 0;
}

unsigned signal_send_group(int pgid, int sig, const struct siginfo *info)
{
	struct group_signal g = {pgid, sig, info, 0};

	mutex_lock(&proc_lock);
	proc_foreach(send_if_member, &g);
	mutex_unlock(&proc_lock);
	return g.count;
}

int signal_send_current(int sig)
{
	struct siginfo info = {.code = SI_USER};

	info.child.pid = proc_current()->pid;
	info.child.uid = proc_uid(proc_current());
	signal_send_task(task_current(), sig, &info);
	return 0;
}

void signal_force_current(int sig, const struct siginfo *info)
{
	struct task *t = task_current();
	struct proc *p = t->proc;
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct ksigaction *action = &p->sighand->action[sig - 1];

	if ((t->sigmask & SIGMASK(sig)) || action->handler == SIG_IGN) {
		action->handler = SIG_DFL; /* the instruction cannot go on: a handler that is not to run means death */
		t->sigmask &= ~SIGMASK(sig);
	}
	send(p, t, sig, info, NULL);
	spin_unlock_irqrestore(&p->siglock, flags);
}

bool proc_tell_parent(struct proc *child, int code, int status)
{
	struct proc *parent = child->parent; /* NULL: the one process of PROC_ONE */
	bool ended = code == CLD_EXITED || code == CLD_KILLED;
	int sig = ended ? child->exit_signal : SIGCHLD;
	bool wanted = true;

	if (!parent || parent->pid == PID_INIT)
		return false; /* init asks for nothing */

	struct siginfo info = {.code = code};

	info.child.pid = child->pid;
	info.child.uid = proc_uid(child);
	info.child.status = status;

	struct usage usage = proc_usage(child);

	info.child.utime = (i64)(usage.user_ns / (NSEC_PER_SEC / CLK_TCK));
	info.child.stime = (i64)(usage.system_ns / (NSEC_PER_SEC / CLK_TCK));

	u64 flags = spin_lock_irqsave(&parent->siglock);
	const struct ksigaction *action = parent->sighand ? &parent->sighand->action[SIGCHLD - 1] : NULL;

	if (action && sig == SIGCHLD) {
		if (ended)
			wanted = action->handler != SIG_IGN && !(action->flags & SA_NOCLDWAIT);
		else if (action->flags & SA_NOCLDSTOP)
			sig = 0;
	}
	if (sig)
		send(parent, NULL, sig, &info, NULL);
	spin_unlock_irqrestore(&parent->siglock, flags);
	waitq_wake_all(&parent->child_wait);
	return wanted;
}

void proc_signal(struct proc *p, int sig, bool from_current)
{
	struct siginfo info = {.code = SI_KERNEL};

	if (from_current) {
		info.code = SI_USER;
		info.child.pid = proc_current()->pid;
		info.child.uid = proc_uid(proc_current());
	}
	signal_send_proc(p, sig, &info);
}

void signal_set_action(int sig, const struct ksigaction *new, struct ksigaction *before)
{
	struct proc *p = proc_current();
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct ksigaction *action = &p->sighand->action[sig - 1];

	*before = *action;
	if (new) {
		*action = *new;
		if (ignored(p, sig))
			drop_everywhere(p, SIGMASK(sig)); /* POSIX: whether or not it is blocked */
	}
	spin_unlock_irqrestore(&p->siglock, flags);
}

/* ---- masks ---- */

/* Signals may have become deliverable: look at them on the way back. */
static void recheck(struct task *t)
{
	if ((t->pending.set | t->proc->pending.set) & ~t->sigmask)
		thread_post(&t->thread, WORK_SIGNAL);
}

void signal_set_mask(u64 mask)
{
	struct task *t = task_current();
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	u64 blocks = mask & ~t->sigmask;

	t->sigmask = mask & ~MASK_UNBLOCKABLE;
	recheck(t);
	if (t->proc->pending.set & blocks)
		proc_signals_retarget(t->proc);
	spin_unlock_irqrestore(&t->proc->siglock, flags);
}

int signal_suspend_mask(uaddr_t address, size_t size)
{
	struct task *t = task_current();
	u64 mask;

	if (!address)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copyin(&mask, address, sizeof(mask)))
		return -EFAULT;
	if (!t->restore_sigmask) {
		t->saved_sigmask = t->sigmask;
		t->restore_sigmask = true;
	}
	signal_set_mask(mask);
	thread_post(&t->thread, WORK_SIGMASK); /* signal_deliver() puts the old mask back */
	return 0;
}

/* ---- taking ---- */

/* The next unblocked signal, out of the set; synchronous ones first, then by number. siglock held. 0: none. */
static int take_from(struct sigpending *pending, u64 blocked, struct siginfo *info)
{
	u64 ready = pending->set & ~blocked;
	struct sigqueue *q, *found = NULL;
	bool more = false;

	if (!ready)
		return 0;
	if (ready & MASK_SYNCHRONOUS)
		ready &= MASK_SYNCHRONOUS;

	int sig = __builtin_ctzl(ready) + 1;

	*info = (struct siginfo){.signo = sig, .code = SI_KERNEL};
	list_for_each_entry(q, &pending->queue, link) {
		if (q->info.signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
	}
	if (found) {
		*info = found->info;
		list_remove(&found->link);
		sigqueue_free(found);
	}
	if (!more)
		pending->set &= ~SIGMASK(sig);
	return sig;
}

int signal_take(u64 blocked, struct siginfo *info, struct ksigaction *action)
{
	struct task *t = task_current();
	struct proc *p = t->proc;
	u64 flags = spin_lock_irqsave(&p->siglock);
	int sig = take_from(&t->pending, blocked, info);

	if (!sig)
		sig = take_from(&p->pending, blocked, info);
	if (sig && info->code == SI_TIMER)
		posix_timer_taken(p, info);
	if (sig == SIGALRM)
		alarm_taken(p);
	if (sig && action) {
		*action = p->sighand->action[sig - 1];
		if ((action->flags & SA_RESETHAND) && action->handler > SIG_IGN)
			p->sighand->action[sig - 1].handler = SIG_DFL;
	}
	spin_unlock_irqrestore(&p->siglock, flags);
	return sig;
}

void signal_await(u64 set)
{
	struct task *t = task_current();
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	t->awaited = set;
	spin_unlock_irqrestore(&t->proc->siglock, flags);
}

/* proc_lock held. */
static void report(struct proc *p, enum proc_state state, int code, int status)
{
	p->state = state;
	p->wait_stopped = code == CLD_STOPPED;
	p->wait_continued = code == CLD_CONTINUED;
	proc_tell_parent(p, code, status);
}

static void report_stop(struct proc *p, int sig)
{
	mutex_lock(&proc_lock);
	report(p, PROC_STOPPED, CLD_STOPPED, sig);
	mutex_unlock(&proc_lock);
}

/* By whichever thread goes on first: the one that reported the stop may have ended by another's exec. */
static void report_continue(struct proc *p)
{
	mutex_lock(&proc_lock);
	if (p->state == PROC_STOPPED && !READ_ONCE(p->stopping))
		report(p, PROC_ALIVE, CLD_CONTINUED, SIGCONT);
	mutex_unlock(&proc_lock);
}

/* The default action of the stop signals: every thread of the process rests here until SIGCONT or SIGKILL. */
static void stop(struct proc *p, int sig)
{
	struct task *t;
	bool mine = false;
	u64 flags = spin_lock_irqsave(&p->siglock);

	if (!p->stopping && sig) {
		p->stopping = mine = true;
		p->stop_signal = sig;
		list_for_each_entry(t, &p->tasks, link)
			thread_post(&t->thread, WORK_SIGNAL);
	}
	spin_unlock_irqrestore(&p->siglock, flags);
	if (mine)
		report_stop(p, sig);
	wait_event_killable(&p->tasks_wait, !READ_ONCE(p->stopping));
	if (!thread_killed())
		report_continue(p);
}

static bool is_restart(long rax)
{
	return rax == -ERESTARTSYS || rax == -ERESTARTNOINTR || rax == -ERESTARTNOHAND || rax == -ERESTART_RESTARTBLOCK;
}

/* What an interrupted call answers: the instruction again, or EINTR. `action` NULL: no handler runs. */
static void settle_restart(struct trapframe *tf, const struct ksigaction *action)
{
	long rax = (long)tf->rax;

	if (tf->vector != VECTOR_SYSCALL || !is_restart(rax))
		return;
	if (action && rax != -ERESTARTNOINTR && !(rax == -ERESTARTSYS && (action->flags & SA_RESTART))) {
		tf->rax = (u64)-EINTR;
		return;
	}
	tf->rax = rax == -ERESTART_RESTARTBLOCK ? SYS_restart_syscall : tf->error; /* the number of the call */
	tf->rip -= 2;        /* syscall is two bytes: 0f 05 */
}

static void run_handler(struct trapframe *tf, int sig, const struct siginfo *info, const struct ksigaction *action)
{
	struct task *t = task_current();
	u64 old = t->restore_sigmask ? t->saved_sigmask : t->sigmask;

	settle_restart(tf, action);
	if (sigframe_push(tf, sig, info, action, old)) {
		struct siginfo fault = {.code = SI_KERNEL};

		if (sig == SIGSEGV)
			proc_kill_all(t->proc, SIGSEGV);
		signal_force_current(SIGSEGV, &fault); /* no room for the frame; that handler may have a stack of its own */
		return;
	}
	t->restore_sigmask = false;
	signal_set_mask(t->sigmask | action->mask | (action->flags & SA_NODEFER ? 0 : SIGMASK(sig)));
}

void signal_deliver(struct trapframe *tf)
{
	struct task *t = task_current();
	struct ksigaction action;
	struct siginfo info;
	int sig;

	thread_work_done(WORK_SIGNAL | WORK_SIGMASK);
	if (READ_ONCE(t->proc->stopping))
		stop(t->proc, 0);
	while ((sig = signal_take(t->sigmask, &info, &action))) {
		if (action.handler == SIG_IGN || (action.handler == SIG_DFL && (MASK_IGNORED & SIGMASK(sig))))
			continue;
		if (action.handler != SIG_DFL) {
			run_handler(tf, sig, &info, &action);
			recheck(t);
			return;
		}
		if (MASK_STOP & SIGMASK(sig)) {
			/* A terminal's stop is for jobs that somebody can continue (signal(7), POSIX XSH 2.4.3). */
			if (sig == SIGSTOP || !proc_group_orphaned(t->proc->pgid))
				stop(t->proc, sig);
			continue;
		}
		if (MASK_SYNCHRONOUS & SIGMASK(sig))
			pr_info("%s[%d]: signal %d at ip %lx sp %lx address %lx", t->thread.name, t->tid, sig, tf->rip, tf->rsp,
				info.fault.addr);
		proc_kill_all(t->proc, sig);
	}
	settle_restart(tf, NULL);
	if (t->restore_sigmask) {
		t->restore_sigmask = false;
		signal_set_mask(t->saved_sigmask);
	}
}
