/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a terminal needs to know of processes, without drivers knowing any: who is in front, who gets ^C, whose terminal it
 * is. POSIX.1-2017 XBD 11.1.
 */
#include <abi/linux/describe.h>
#include <abi/linux/init.h>

#include <abi/linux/signal.h>
#include <abi/linux/vdso.h>
#include <core/mutex.h>
#include <drivers/tty.h>
#include <isolation/proc.h>
#include <lib/errno.h>

void linux_procfs_init(void);
void proc_orchard_init(void);

/* In interrupt context the tree cannot be locked: the signal is handed to a thread that can. */
static void signal_group(int pgid, int sig)
{
	signal_group_deferred(pgid, sig);
}

static int current_pgid(void)
{
	return thread_is_app(current()) ? proc_current()->pgid : 0;
}

static int current_sid(void)
{
	return thread_is_app(current()) ? proc_current()->sid : 0;
}

static bool is_session_leader(void)
{
	return current_sid() == proc_current()->pid;
}

static struct tty *controlling(void)
{
	return thread_is_app(current()) ? proc_current()->ctty : NULL;
}

struct claim {
	int sid;
	struct tty *tty;
};

static int claim_for_session(struct proc *p, void *arg)
{
	const struct claim *claim = arg;

	if (p->sid == claim->sid)
		p->ctty = claim->tty;
	return 0;
}

static void set_controlling(struct tty *tty)
{
	struct claim claim = {current_sid(), tty};

	mutex_lock(&proc_lock);
	proc_foreach(claim_for_session, &claim);
	mutex_unlock(&proc_lock);
}

/* Background access: a process that ignores or blocks the signal gets an error instead (or may write). */
static int background(struct tty *tty, int sig)
{
	struct task *t = task_current();
	struct proc *p = t->proc;

	(void)tty;
	if ((t->sigmask & SIGMASK(sig)) || p->sighand->action[sig - 1].handler == SIG_IGN)
		return sig == SIGTTIN ? -EIO : 0;
	signal_send_group(p->pgid, sig, NULL);
	return -EINTR;
}

static int is_member(struct proc *p, void *arg)
{
	return p->pgid == *(int *)arg && p->sid == current_sid();
}

static bool group_in_session(int pgid)
{
	mutex_lock(&proc_lock);

	bool found = proc_foreach(is_member, &pgid);

	mutex_unlock(&proc_lock);
	return found;
}

static const struct tty_hooks hooks = {
	.signal_group = signal_group,
	.current_pgid = current_pgid,
	.current_sid = current_sid,
	.is_session_leader = is_session_leader,
	.controlling = controlling,
	.set_controlling = set_controlling,
	.background = background,
	.group_in_session = group_in_session,
};

void linux_init(void)
{
	tty_set_hooks(&hooks);
	signal_init();
	linux_procfs_init();
	proc_orchard_init();
	describe_init();
	vdso_init();
}
