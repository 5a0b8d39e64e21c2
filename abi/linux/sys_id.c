/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a process is: user and group ids and the calls that change them, by the rules of credentials(7), with user 0 in place
 * of CAP_SETUID and CAP_SETGID. A struct cred never changes: each call makes a new one and puts it in place under siglock.
 * Where applications run in ring 0 these ids separate nobody from anything, which is said once when a program relies on them.
 */
#include <generated/syscall_proto.h>

#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "cred.h"

#define UNCHANGED (~0u) /* -1 as an id */

static struct mutex change_lock = MUTEX_INIT("cred", change_lock); /* one change at a time: none is lost. Leaf. */

/* The three ids of a user, or of a group. */
struct ids {
	u32 real, effective, saved;
};

static struct ids users(const struct cred *c)
{
	return (struct ids){c->uid, c->euid, c->suid};
}

static struct ids groups(const struct cred *c)
{
	return (struct ids){c->gid, c->egid, c->sgid};
}

static bool is_one_of(struct ids ids, u32 id)
{
	return id == ids.real || id == ids.effective || id == ids.saved;
}

/* ---- Questions ---- */

/* The current process's own. Under the lock: another of its threads may be replacing the credentials. */
static struct ids own(struct ids (*which)(const struct cred *))
{
	struct proc *p = proc_current();
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct ids ids = which(p->cred);

	spin_unlock_irqrestore(&p->siglock, flags);
	return ids;
}

bool cred_privileged(void)
{
	return own(users).effective == 0;
}

bool cred_may_control(struct proc *p)
{
	if (p == proc_current() || cred_privileged())
		return true;

	struct cred *me = proc_cred(proc_current()), *c = proc_cred(p);
	bool may = c->uid == me->uid && c->euid == me->uid && c->suid == me->uid && c->gid == me->gid && c->egid == me->gid &&
		   c->sgid == me->gid;

	cred_put(c);
	cred_put(me);
	return may;
}

bool cred_may_schedule(struct proc *p)
{
	if (p == proc_current() || cred_privileged())
		return true;

	struct cred *me = proc_cred(proc_current()), *c = proc_cred(p);
	bool may = c->uid == me->euid || c->euid == me->euid;

	cred_put(c);
	cred_put(me);
	return may;
}

long sys_getuid(void)
{
	return own(users).real;
}

long sys_geteuid(void)
{
	return own(users).effective;
}

long sys_getgid(void)
{
	return own(groups).real;
}

long sys_getegid(void)
{
	return own(groups).effective;
}

static long copyout_ids(struct ids ids, uaddr_t real, uaddr_t effective, uaddr_t saved)
{
	if (copyout(real, &ids.real, sizeof(u32)) || copyout(effective, &ids.effective, sizeof(u32)) ||
	    copyout(saved, &ids.saved, sizeof(u32)))
		return -EFAULT;
	return 0;
}

long sys_getresuid(uaddr_t ruid, uaddr_t euid, uaddr_t suid)
{
	return copyout_ids(own(users), ruid, euid, suid);
}

long sys_getresgid(uaddr_t rgid, uaddr_t egid, uaddr_t sgid)
{
	return copyout_ids(own(groups), rgid, egid, sgid);
}

/* ---- Changes ---- */

static void warn_in_ring0(const struct cred *old, const struct cred *new)
{
	static bool said;

	if (GATE_CROSSES || old->euid || !new->euid || __atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		return;
	pr_warn("setuid: applications run in ring 0 here: user %u can do all that user 0 can", new->euid);
}

/* Begins a change: a copy of the current credentials, with change_lock held. NULL: no memory. */
static struct cred *change_begin(void)
{
	mutex_lock(&change_lock);
	return cred_copy(proc_current()->cred);
}

void cred_replace(struct cred *new)
{
	struct proc *p = proc_current();

	warn_in_ring0(p->cred, new);

	u64 flags = spin_lock_irqsave(&p->siglock);
	struct cred *old = p->cred;

	p->cred = new;
	if (old->user != new->user) {
		p->crowded = proc_over_limit(p); /* by the others alone, as on Linux */
		__atomic_fetch_add(&new->user->tasks, p->ntasks, __ATOMIC_RELAXED);
		user_give_back(&old->user->tasks, p->ntasks);
	}
	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid || old->fsgid != new->fsgid) {
		p->dumpable = false;
		task_current()->death_signal = 0;
	}
	spin_unlock_irqrestore(&p->siglock, flags);
	cred_put(old);
}

/* Ends it: `new` takes effect, unless there was an error. */
static long change_end(struct cred *new, long error)
{
	if (error)
		cred_put(new);
	else
		cred_replace(new);
	mutex_unlock(&change_lock);
	return error;
}

/* setuid(2), setgid(2). */
static int set_one(struct ids *ids, u32 id, bool privileged)
{
	if (id == UNCHANGED)
		return -EINVAL;
	if (privileged)
		*ids = (struct ids){id, id, id};
	else if (id == ids->real || id == ids->saved)
		ids->effective = id;
	else
		return -EPERM;
	return 0;
}

/* setreuid(2), setregid(2). */
static int set_two(struct ids *ids, u32 real, u32 effective, bool privileged)
{
	struct ids old = *ids;

	if (!privileged && ((real != UNCHANGED && real != old.real && real != old.effective) ||
			    (effective != UNCHANGED && !is_one_of(old, effective))))
		return -EPERM;
	if (real != UNCHANGED)
		ids->real = real;
	if (effective != UNCHANGED)
		ids->effective = effective;
	if (real != UNCHANGED || (effective != UNCHANGED && effective != old.real))
		ids->saved = ids->effective;
	return 0;
}

/* setresuid(2), setresgid(2). */
static int set_three(struct ids *ids, struct ids to, bool privileged)
{
	struct ids old = *ids;
	const u32 wanted[3] = {to.real, to.effective, to.saved};

	for (unsigned i = 0; i < 3 && !privileged; i++)
		if (wanted[i] != UNCHANGED && !is_one_of(old, wanted[i]))
			return -EPERM;
	ids->real = to.real == UNCHANGED ? old.real : to.real;
	ids->effective = to.effective == UNCHANGED ? old.effective : to.effective;
	ids->saved = to.saved == UNCHANGED ? old.saved : to.saved;
	return 0;
}

/* Which ids a call is about, and which rule it follows. */
enum rule { RULE_ONE, RULE_TWO, RULE_THREE };

static int apply_rule(enum rule rule, struct ids *ids, struct ids to, bool privileged)
{
	switch (rule) {
	case RULE_ONE:
		return set_one(ids, to.real, privileged);
	case RULE_TWO:
		return set_two(ids, to.real, to.effective, privileged);
	case RULE_THREE:
		return set_three(ids, to, privileged);
	}
	return -EINVAL;
}

static long change_users(enum rule rule, struct ids to)
{
	struct cred *new = change_begin();

	if (!new)
		return change_end(NULL, -ENOMEM);

	struct ids ids = users(new);
	int error = apply_rule(rule, &ids, to, new->euid == 0);

	if (!error && ids.real != new->uid) {
		struct user *user = user_get(ids.real);

		if (!user)
			return change_end(new, -EAGAIN);
		user_put(new->user);
		new->user = user;
	}
	new->uid = ids.real;
	new->euid = new->fsuid = ids.effective;
	new->suid = ids.saved;
	return change_end(new, error);
}

static long change_groups(enum rule rule, struct ids to)
{
	struct cred *new = change_begin();

	if (!new)
		return change_end(NULL, -ENOMEM);

	struct ids ids = groups(new);
	int error = apply_rule(rule, &ids, to, new->euid == 0);

	new->gid = ids.real;
	new->egid = new->fsgid = ids.effective;
	new->sgid = ids.saved;
	return change_end(new, error);
}

long sys_setuid(unsigned int uid)
{
	return change_users(RULE_ONE, (struct ids){.real = uid});
}

long sys_setgid(unsigned int gid)
{
	return change_groups(RULE_ONE, (struct ids){.real = gid});
}

long sys_setreuid(unsigned int ruid, unsigned int euid)
{
	return change_users(RULE_TWO, (struct ids){.real = ruid, .effective = euid});
}

long sys_setregid(unsigned int rgid, unsigned int egid)
{
	return change_groups(RULE_TWO, (struct ids){.real = rgid, .effective = egid});
}

long sys_setresuid(unsigned int ruid, unsigned int euid, unsigned int suid)
{
	return change_users(RULE_THREE, (struct ids){ruid, euid, suid});
}

long sys_setresgid(unsigned int rgid, unsigned int egid, unsigned int sgid)
{
	return change_groups(RULE_THREE, (struct ids){rgid, egid, sgid});
}

/* setfsuid(2), setfsgid(2): the one before, whether it was changed or not. */
static long change_of_files(u32 id, struct ids (*which)(const struct cred *), size_t member)
{
	struct cred *new = change_begin();
	u32 *at = new ? (u32 *)((u8 *)new + member) : NULL, old = at ? *at : 0;
	bool may = new && id != UNCHANGED && (new->euid == 0 || id == old || is_one_of(which(new), id));

	if (may)
		*at = id;
	change_end(new, may ? 0 : -EPERM);
	return old;
}

long sys_setfsuid(unsigned int uid)
{
	return change_of_files(uid, users, offsetof(struct cred, fsuid));
}

long sys_setfsgid(unsigned int gid)
{
	return change_of_files(gid, groups, offsetof(struct cred, fsgid));
}

/* ---- Supplementary groups ---- */

long sys_getgroups(int size, uaddr_t list)
{
	struct cred *c = proc_cred(proc_current());
	long result = c->ngroups;

	if (size < 0 || (size && (unsigned)size < c->ngroups))
		result = -EINVAL;
	else if (size && copyout(list, c->group, c->ngroups * sizeof(u32)))
		result = -EFAULT;
	cred_put(c);
	return result;
}

long sys_setgroups(size_t size, uaddr_t list)
{
	u32 group[ARRAY_SIZE(((struct cred *)0)->group)];

	if (!cred_privileged())
		return -EPERM;
	if (size > ARRAY_SIZE(group))
		return -EINVAL;
	if (copyin(group, list, size * sizeof(u32)))
		return -EFAULT;

	struct cred *new = change_begin();

	if (!new)
		return change_end(NULL, -ENOMEM);
	new->ngroups = (u32)size;
	memcpy(new->group, group, size * sizeof(u32));
	return change_end(new, 0);
}
