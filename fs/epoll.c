/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll.c - waiting on many files again and again: epoll(7).
 *
 * An entry watches its file's wait queues for as long as it exists: a wake puts it on the epoll's ready list, in any context.
 * A wait takes entries off that list, asks their files, and gives what is true; level-triggered ones go back to its end. So
 * it costs what is ready, however many there are. Nothing that comes meanwhile is lost: an entry leaves the list before its
 * file is asked.
 *
 * An entry holds no reference on its file. The file's end removes it (epoll_forget()), under the epoll's lock: who holds that
 * lock finds the files of all entries alive. Epolls in epolls: the parent's lock is taken before the child's; that there is
 * no circle is checked when an epoll is added. A wake goes up from child to parent under watch_lock, not by the child's wait
 * queues, whose locks are one class.
 */
#include <fs/epoll.h>

#include "epoll_internal.h"

#include <core/panic.h>
#include <core/time.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/poll.h>

#define EXCLUSIVE_MAY (POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define ALWAYS (POLLERR | POLLHUP)
#define CHAIN_MAX 5u    /* epolls in epolls: epoll_ctl(2) */
#define PARENTS_MAX 8u  /* that one epoll may be in: a wake goes up all ways */

static struct mutex nest_lock = MUTEX_INIT("epoll nesting", nest_lock); /* (S): who may contain whom */
static struct spinlock watch_lock = SPINLOCK_INIT("epoll watches");    /* (i) */

/* ---- waking: in any context, under the lock of the queue that was woken ---- */

static bool armed(const struct entry *e)
{
	return READ_ONCE(e->events) & ~HOW;
}

/* On the list it stays where it is. True: somebody sleeps who will see. */
static bool make_ready(struct entry *e)
{
	struct epoll *ep = e->epoll;
	u64 flags = spin_lock_irqsave(&ep->lock);

	if (list_empty(&e->ready))
		list_add_tail(&e->ready, &ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);

	bool sleeper = !list_empty(&ep->sleepers.waiters);

	waitq_wake_one(&ep->sleepers);
	waitq_wake_all(&ep->pollers);
	return sleeper;
}

/* watch_lock held. What holds ep may have become ready with it; no deeper than CHAIN_MAX. */
static void tell_parents(struct epoll *ep)
{
	struct entry *e;

	list_for_each_entry(e, &ep->file->watches, watch) {
		if (!armed(e))
			continue;
		make_ready(e);
		tell_parents(e->epoll);
	}
}

static bool became_ready(struct entry *e)
{
	struct epoll *ep = e->epoll;
	bool sleeper = make_ready(e);

	if (!list_empty(&ep->file->watches)) {
		u64 flags = spin_lock_irqsave(&watch_lock);

		tell_parents(ep);
		spin_unlock_irqrestore(&watch_lock, flags);
	}
	return sleeper;
}

static bool notified(struct waiter *w)
{
	struct entry *e = w->owner;

	return armed(e) && became_ready(e);
}

/* ---- entries; the epoll's mutex held ---- */

static struct entry *find(struct epoll *ep, const struct file *f, int fd, struct rb_node ***link, struct rb_node **parent)
{
	*link = &ep->entries.node;
	*parent = NULL;
	while (**link) {
		struct entry *e = rb_entry(**link, struct entry, node);
		bool left = f != e->file ? f < e->file : fd < e->fd;

		if (f == e->file && fd == e->fd)
			return e;
		*parent = **link;
		*link = left ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

static struct entry *lookup(struct epoll *ep, const struct file *f, int fd)
{
	struct rb_node **link, *parent;

	return find(ep, f, fd, &link, &parent);
}

unsigned epoll_ask(struct entry *e, struct poll_table *pt)
{
	return file_poll(e->file, pt) & READ_ONCE(e->events) & ~HOW;
}

static void unwatch(struct entry *e)
{
	while (e->queues)
		waitq_remove(&e->watcher[--e->queues]);
}

/* Enters the queues of its file; what is ready now. An epoll's wakes come by tell_parents(). */
static unsigned watch(struct entry *e)
{
	struct poll_table pt = {.waiters = e->watcher, .capacity = QUEUES, .events = e->events, .watch = true};

	for (unsigned i = 0; i < QUEUES; i++)
		e->watcher[i] = (struct waiter){
			.notify = notified, .owner = e, .exclusive = e->events & EPOLLEXCLUSIVE};

	unsigned now = epoll_ask(e, file_is_epoll(e->file) ? NULL : &pt);

	e->queues = pt.used;
	BUG_ON(pt.full);
	return now;
}

static void entry_remove(struct entry *e)
{
	struct epoll *ep = e->epoll;
	u64 flags;

	unwatch(e);
	flags = spin_lock_irqsave(&watch_lock);
	list_remove(&e->watch);
	spin_unlock_irqrestore(&watch_lock, flags);
	flags = spin_lock_irqsave(&ep->lock);
	list_remove(&e->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	rb_erase(&ep->entries, &e->node);
	kfree(e);
}

/* ---- epoll_ctl(2) ---- */

static int add(struct epoll *ep, struct file *target, int fd, u32 events, u64 data)
{
	struct rb_node **link, *parent;

	if (find(ep, target, fd, &link, &parent))
		return -EEXIST;

	struct entry *e = kzalloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->epoll = ep;
	e->file = target;
	e->fd = fd;
	target->watched = true;
	e->events = events;
	e->data = data;
	list_init(&e->ready);
	rb_insert(&ep->entries, &e->node, parent, link);

	u64 flags = spin_lock_irqsave(&watch_lock);

	list_add_tail(&e->watch, &target->watches);
	spin_unlock_irqrestore(&watch_lock, flags);
	if (watch(e))
		became_ready(e);
	return 0;
}

/* The most epolls in a row from f down, f included; too many when `stop` is one of them. nest_lock held. */
static unsigned chain_below(struct file *f, const struct file *stop)
{
	struct epoll *ep = f->data;
	unsigned most = 0;

	if (f == stop)
		return CHAIN_MAX + 1;
	lockdep_nest(); /* a parent's before its child's, here and below */
	mutex_lock(&ep->mutex);
	for (struct rb_node *node = rb_first(&ep->entries); node; node = rb_next(node)) {
		struct entry *e = rb_entry(node, struct entry, node);

		if (file_is_epoll(e->file))
			most = MAX(most, chain_below(e->file, stop));
	}
	mutex_unlock(&ep->mutex);
	return most + 1;
}

/* The same upward. watch_lock held. */
static unsigned chain_above(struct file *f)
{
	unsigned most = 0;
	struct entry *e;

	list_for_each_entry(e, &f->watches, watch)
		most = MAX(most, chain_above(e->epoll->file));
	return most + 1;
}

/* nest_lock held. */
static int may_contain(struct file *epoll, struct file *child)
{
	unsigned below = chain_below(child, epoll), above, parents = 0;
	u64 flags = spin_lock_irqsave(&watch_lock);
	struct entry *e;

	above = chain_above(epoll);
	list_for_each_entry(e, &child->watches, watch)
		parents++;
	spin_unlock_irqrestore(&watch_lock, flags);
	if (above + below > CHAIN_MAX)
		return -ELOOP;
	return parents >= PARENTS_MAX ? -EINVAL : 0;
}

static int add_locked(struct file *epoll, struct file *target, int fd, u32 events, u64 data)
{
	struct epoll *ep = epoll->data;

	mutex_lock(&ep->mutex);

	int error = add(ep, target, fd, events | ALWAYS, data);

	mutex_unlock(&ep->mutex);
	return error;
}

int epoll_add(struct file *epoll, struct file *target, int fd, u32 events, u64 data)
{
	int error;

	if ((events & EPOLLEXCLUSIVE) && (file_is_epoll(target) || (events & ~EXCLUSIVE_MAY)))
		return -EINVAL;
	if (!file_is_epoll(target))
		return add_locked(epoll, target, fd, events, data);
	mutex_lock(&nest_lock);
	error = may_contain(epoll, target);
	if (!error)
		error = add_locked(epoll, target, fd, events, data);
	mutex_unlock(&nest_lock);
	return error;
}

int epoll_modify(struct file *epoll, struct file *target, int fd, u32 events, u64 data)
{
	struct epoll *ep = epoll->data;
	struct entry *e;
	int error = 0;

	if (events & EPOLLEXCLUSIVE)
		return -EINVAL;
	mutex_lock(&ep->mutex);
	e = lookup(ep, target, fd);
	if (!e) {
		error = -ENOENT;
	} else if (e->events & EPOLLEXCLUSIVE) {
		error = -EINVAL;
	} else {
		unwatch(e);
		WRITE_ONCE(e->events, events | ALWAYS);
		e->data = data;
		if (watch(e))
			became_ready(e);
	}
	mutex_unlock(&ep->mutex);
	return error;
}

int epoll_delete(struct file *epoll, struct file *target, int fd)
{
	struct epoll *ep = epoll->data;
	struct entry *e;

	mutex_lock(&ep->mutex);
	e = lookup(ep, target, fd);
	if (e)
		entry_remove(e);
	mutex_unlock(&ep->mutex);
	return e ? 0 : -ENOENT;
}

/* Where an entry of f is linked, its epoll has not ended yet: a reference taken there is good. */
static struct epoll *next_watching(struct file *f, int *fd)
{
	struct epoll *ep = NULL;
	u64 flags = spin_lock_irqsave(&watch_lock);

	if (!list_empty(&f->watches)) {
		struct entry *e = list_first_entry(&f->watches, struct entry, watch);

		ep = e->epoll;
		*fd = e->fd;
		__atomic_fetch_add(&ep->refs, 1, __ATOMIC_RELAXED);
	}
	spin_unlock_irqrestore(&watch_lock, flags);
	return ep;
}

static void epoll_put(struct epoll *ep)
{
	if (__atomic_sub_fetch(&ep->refs, 1, __ATOMIC_ACQ_REL) == 0)
		kfree(ep);
}

/* Others may remove the same entries meanwhile: looked up again under the mutex. */
void epoll_forget(struct file *f)
{
	struct epoll *ep;
	int fd;

	while ((ep = next_watching(f, &fd))) {
		struct entry *e;

		mutex_lock(&ep->mutex);
		e = lookup(ep, f, fd);
		if (e)
			entry_remove(e);
		mutex_unlock(&ep->mutex);
		epoll_put(ep);
	}
}

/* ---- an epoll as a file ---- */

static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->data;

	poll_wait_for(pt, &ep->pollers, POLLIN | POLLRDNORM);
	return epoll_some_ready(ep) && epoll_has_event(ep) ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->data;
	struct rb_node *node;

	mutex_lock(&ep->mutex);
	while ((node = rb_first(&ep->entries)))
		entry_remove(rb_entry(node, struct entry, node));
	mutex_unlock(&ep->mutex);
	epoll_put(ep);
}

static const struct file_ops epoll_ops = {
	.anonymous = "anon_inode:[eventpoll]",
	.poll = epoll_poll,
	.release = epoll_release,
};

bool file_is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

struct file *epoll_create(void)
{
	struct epoll *ep = kzalloc(sizeof(*ep));

	if (!ep)
		return ERR_PTR(-ENOMEM);
	ep->refs = 1;
	mutex_init(&ep->mutex, "epoll");
	spin_init(&ep->lock, "epoll ready");
	list_init(&ep->ready);
	waitq_init(&ep->sleepers);
	waitq_init(&ep->pollers);
	/* Woken under the lock of another queue, always in this order. */
	spin_init(&ep->sleepers.lock, "epoll sleepers");
	spin_init(&ep->pollers.lock, "epoll sleepers");

	struct file *f = file_create(&epoll_ops, O_RDWR, NULL, ep);

	if (IS_ERR(f))
		kfree(ep);
	else
		ep->file = f;
	return f;
}
