/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Users, as far as they are counted: how many threads and queued signals all processes with one real user id have together, for
 * RLIMIT_NPROC and RLIMIT_SIGPENDING. An entry lives while credentials or queued signals refer to it. Source: getrlimit(2).
 */
#include <isolation/proc.h>

#include <mm/slab.h>

static struct spinlock users_lock = SPINLOCK_INIT("users"); /* (i) leaf */
static struct list users = LIST_INIT(users);                 /* users_lock */

static struct user *find(u32 uid)
{
	struct user *u;

	list_for_each_entry(u, &users, link)
		if (u->uid == uid)
			return u;
	return NULL;
}

struct user *user_get(u32 uid)
{
	struct user *fresh = kzalloc(sizeof(*fresh));
	u64 flags = spin_lock_irqsave(&users_lock);
	struct user *u = find(uid);

	if (!u && fresh) {
		*fresh = (struct user){.uid = uid};
		list_add_tail(&fresh->link, &users);
		u = fresh;
		fresh = NULL;
	}
	if (u)
		u->refs++;
	spin_unlock_irqrestore(&users_lock, flags);
	kfree(fresh);
	return u;
}

void user_hold(struct user *u)
{
	u64 flags = spin_lock_irqsave(&users_lock);

	u->refs++;
	spin_unlock_irqrestore(&users_lock, flags);
}

void user_put(struct user *u)
{
	u64 flags = spin_lock_irqsave(&users_lock);
	bool last = --u->refs == 0;

	if (last)
		list_remove(&u->link);
	spin_unlock_irqrestore(&users_lock, flags);
	if (last)
		kfree(u);
}

bool user_take(u32 *count, u64 limit)
{
	return __atomic_add_fetch(count, 1, __ATOMIC_RELAXED) <= limit;
}

void user_give_back(u32 *count, u32 n)
{
	__atomic_fetch_sub(count, n, __ATOMIC_RELAXED);
}
