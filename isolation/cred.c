/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials as an object: counted, never changed, replaced as a whole by abi/linux/sys_id.c. Any thread of a process may
 * replace them while others look: so each thread looks through a reference of its own, and at other processes under siglock.
 */
#include <isolation/proc.h>

#include <mm/slab.h>

void cred_get(struct cred *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
}

void cred_put(struct cred *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	user_put(c->user);
	kfree(c);
}

struct cred *cred_copy(const struct cred *c)
{
	struct cred *copy = kzalloc(sizeof(*copy));

	if (!copy)
		return NULL;
	if (c) {
		*copy = *c;
		user_hold(copy->user);
	} else {
		copy->user = user_get(0);
	}
	copy->refs = 1;
	if (copy->user)
		return copy;
	kfree(copy);
	return NULL;
}

struct cred *proc_cred(struct proc *p)
{
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct cred *c = p->cred;

	cred_get(c);
	spin_unlock_irqrestore(&p->siglock, flags);
	return c;
}

u32 proc_uid(struct proc *p)
{
	struct cred *c = proc_cred(p);
	u32 uid = c->uid;

	cred_put(c);
	return uid;
}

/* Our reference keeps the old ones from becoming new ones at the same address, so comparing pointers is enough. */
const struct cred *cred_current(void)
{
	struct task *t = task_current();

	if (unlikely(t->cred != READ_ONCE(t->proc->cred))) {
		cred_put(t->cred);
		t->cred = proc_cred(t->proc);
	}
	return t->cred;
}
