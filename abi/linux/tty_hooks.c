/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a terminal needs to know of processes, without drivers knowing any: who is in front, who gets ^C, whose terminal it
 * is. POSIX.1-2017 XBD 11.1.
 */
#include <abi/linux/describe.h>
#include <abi/linux/init.h>

#include <abi/linux/restart.h>
#include <abi/linux/signal.h>
#include <abi/linux/vdso.h>
#include <arch/cpu.h>
#include <core/mutex.h>
#include <drivers/tty.h>
#include <fs/linked.h>
#include <isolation/proc.h>
#include <lib/errno.h>

void linux_procfs_init(void);
void proc_orchard_init(void);

/* From interrupts the tree cannot be locked: then a thread sends that can. */
static void signal_group(int pgid, int sig)
{
	if (irq_enabled())
		signal_send_group(pgid, sig, NULL);
	else
		signal_group_deferred(pgid, sig);
}

static bool leads(const struct proc *p)
{
	return p->pid == p->sid;
}

static bool controls(const struct tty *tty)
{
	return READ_ONCE(proc_current()->ctty) == tty;
}

static struct tty *controlling(void)
{
	mutex_lock(&proc_lock);
	struct tty *tty = proc_current()->ctty;

	if (tty)
		tty_get(tty);
	mutex_unlock(&proc_lock);
	return tty;
}

static int forget(struct proc *p, void *tty)
{
	if (p->ctty == tty)
		p->ctty = NULL;
	return 0;
}

/*
 * A terminal's session has it no more. A process's ctty is no reference: the session that tty_claim() names holds one, and ends
 * here, for all of its processes at once. proc_lock held.
 */
static void leave(struct tty *tty)
{
	proc_foreach(forget, tty);
	tty_claim(tty, 0, 0);
	tty_put(tty);
}

/* Other processes of the session have it only when they are born later: as on Linux. */
static int acquire(struct tty *tty, bool steal)
{
	struct proc *p = proc_current();
	int error = 0;

	mutex_lock(&proc_lock);
	if (!leads(p) || (p->ctty && p->ctty != tty) || (!p->ctty && tty_session(tty) && (!steal || cred_current()->euid))) {
		error = -EPERM;
	} else if (!p->ctty) {
		if (tty_session(tty))
			leave(tty);
		if (tty_claim(tty, p->sid, p->pgid)) {
			tty_get(tty);
			p->ctty = tty;
			p->lost_foreground = 0;
		} else {
			error = -EIO;
		}
	}
	mutex_unlock(&proc_lock);
	return error;
}

static int give_up(struct tty *tty)
{
	struct proc *p = proc_current();
	int group = 0, error = 0;

	mutex_lock(&proc_lock);
	if (p->ctty != tty) {
		error = -ENOTTY;
	} else if (leads(p)) {
		group = tty_foreground(tty);
		leave(tty);
	} else {
		p->ctty = NULL;
	}
	mutex_unlock(&proc_lock);
	if (group) {
		signal_send_group(group, SIGHUP, NULL);
		signal_send_group(group, SIGCONT, NULL);
	}
	return error;
}

/* The leader hears of it, and what was in front when the leader ends. */
static int hang_up_leader(struct proc *p, void *tty)
{
	if (p->ctty == tty && leads(p)) {
		p->lost_foreground = tty_foreground(tty);
		proc_signal(p, SIGHUP, false);
		proc_signal(p, SIGCONT, false);
	}
	return 0;
}

static void hang_up(struct tty *tty)
{
	mutex_lock(&proc_lock);
	if (tty_session(tty)) {
		proc_foreach(hang_up_leader, tty);
		leave(tty);
	}
	mutex_unlock(&proc_lock);
}

void proc_end_session(struct proc *p)
{
	struct tty *tty;
	int group;

	if (!leads(p))
		return;
	mutex_lock(&proc_lock);
	tty = p->ctty;
	group = tty ? tty_foreground(tty) : p->lost_foreground;
	if (tty)
		leave(tty);
	mutex_unlock(&proc_lock);
	if (group)
		signal_send_group(group, SIGHUP, NULL);
	if (group && !tty)
		signal_send_group(group, SIGCONT, NULL);
}

/* Who ignores or blocks the signal may write, but not read; who could not be continued by anybody gets an error, not a stop. */
static int background(struct tty *tty, int sig)
{
	struct task *t = task_current();
	struct proc *p = t->proc;
	int front = tty_foreground(tty);

	if (!controls(tty) || !front || front == p->pgid)
		return 0;
	if ((t->sigmask & SIGMASK(sig)) || p->sighand->action[sig - 1].handler == SIG_IGN)
		return sig == SIGTTIN ? -EIO : 0;
	if (proc_group_orphaned(p->pgid))
		return -EIO;
	signal_send_group(p->pgid, sig, NULL);
	thread_post(&t->thread, WORK_SIGNAL); /* another thread may take it: this call begins again all the same */
	return -ERESTARTSYS;
}

struct group_check {
	int pgid, error;
};

/* Linux also takes the id of a process that leads no group. */
static int check_member(struct proc *p, void *arg)
{
	struct group_check *c = arg;

	if (p->pgid == c->pgid || p->pid == c->pgid)
		c->error = p->sid == proc_current()->sid ? 0 : -EPERM;
	return p->pgid == c->pgid;
}

static int check_group(int pgid)
{
	struct group_check c = {pgid, -ESRCH};

	mutex_lock(&proc_lock);
	proc_foreach(check_member, &c);
	mutex_unlock(&proc_lock);
	return c.error;
}

static const struct tty_hooks hooks = {
	.signal_group = signal_group,
	.controls = controls,
	.controlling = controlling,
	.acquire = acquire,
	.give_up = give_up,
	.hang_up = hang_up,
	.background = background,
	.check_group = check_group,
};

void linux_init(void)
{
	tty_set_hooks(&hooks);
	signal_init();
	if (!APP_LINKED) {
		linux_procfs_init();
		proc_orchard_init();
	}
	describe_init();
	vdso_init();
}
