/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - advisory locks: a list for each vnode, in no order, under one lock for all. Deadlocks
 * between waiters are not looked for: EDEADLK is never answered.
 */
#include <fs/lock.h>

#include <core/mutex.h>
#include <fs/vnode.h>
#include <lib/errno.h>
#include <mm/slab.h>

struct held {
	struct list link; /* vnode->locks */
	struct file_lock lock;
};

static struct mutex lock_lock = MUTEX_INIT("lock_lock", lock_lock);
static struct waitq changed = WAITQ_INIT(changed);
static u64 generation; /* lock_lock, read without: how often a lock went away */

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->record == b->record && a->start <= b->end && b->start <= a->end;
}

static struct held *find_conflict(struct vnode *v, const struct file_lock *want)
{
	struct held *h;

	list_for_each_entry(h, &v->locks, link)
		if (h->lock.owner != want->owner && overlap(&h->lock, want) &&
		    (h->lock.exclusive || want->exclusive))
			return h;
	return NULL;
}

/*
 * Takes the range out of the owner's locks; a lock that reaches over both its ends needs the spare.
 */
static void carve(struct vnode *v, const struct file_lock *range, struct held **spare)
{
	struct held *h, *ahead;

	list_for_each_entry_safe(h, ahead, &v->locks, link) {
		struct file_lock *l = &h->lock;

		if (l->owner != range->owner || !overlap(l, range))
			continue;

		bool before = l->start < range->start, behind = l->end > range->end;

		if (before && behind) {
			(*spare)->lock = *l;
			(*spare)->lock.start = range->end + 1;
			list_add_head(&(*spare)->link, &v->locks);
			*spare = NULL;
			l->end = range->start - 1;
		} else if (before) {
			l->end = range->start - 1;
		} else if (behind) {
			l->start = range->end + 1;
		} else {
			list_remove(&h->link);
			kfree(h);
		}
	}
}

static void announce(void)
{
	WRITE_ONCE(generation, generation + 1);
	waitq_wake_all(&changed);
}

int file_lock_set(struct vnode *v, const struct file_lock *lock, bool wait)
{
	struct held *fresh = kmalloc(sizeof(*fresh)), *spare = kmalloc(sizeof(*spare));
	int error = fresh && spare ? 0 : -ENOMEM;

	while (!error) {
		mutex_lock(&lock_lock);

		u64 seen = generation;

		if (!find_conflict(v, lock)) {
			carve(v, lock, &spare);
			fresh->lock = *lock;
			list_add_tail(&fresh->link, &v->locks);
			fresh = NULL;
			announce(); /* a lock may have become a shared one */
			mutex_unlock(&lock_lock);
			break;
		}
		mutex_unlock(&lock_lock);
		error = wait ? wait_event_interruptible(&changed, READ_ONCE(generation) != seen)
			     : -EAGAIN;
	}
	kfree(fresh);
	kfree(spare);
	return error;
}

int file_lock_clear(struct vnode *v, const struct file_lock *range)
{
	struct held *spare = kmalloc(sizeof(*spare));

	if (!spare)
		return -ENOMEM;
	mutex_lock(&lock_lock);
	carve(v, range, &spare);
	announce();
	mutex_unlock(&lock_lock);
	kfree(spare);
	return 0;
}

bool file_lock_test(struct vnode *v, struct file_lock *lock)
{
	mutex_lock(&lock_lock);

	struct held *h = find_conflict(v, lock);

	if (h)
		*lock = h->lock;
	mutex_unlock(&lock_lock);
	return h;
}

void file_lock_drop_owner(struct vnode *v, const void *owner)
{
	struct held *h, *ahead;
	bool dropped = false;

	if (list_empty(&v->locks))
		return;
	mutex_lock(&lock_lock);
	list_for_each_entry_safe(h, ahead, &v->locks, link) {
		if (h->lock.owner != owner)
			continue;
		list_remove(&h->link);
		kfree(h);
		dropped = true;
	}
	if (dropped)
		announce();
	mutex_unlock(&lock_lock);
}
