/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll_wait.c - taking events from an epoll: who is on the ready list is asked, and told of if something is true. */
#include <fs/epoll.h>

#include "epoll_internal.h"

#include <core/time.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <lib/errno.h>

static struct entry *pop(struct epoll *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);
	struct list *first = list_pop_head(&ep->ready);

	spin_unlock_irqrestore(&ep->lock, flags);
	return first ? list_entry(first, struct entry, ready) : NULL;
}

/* To the end of a list, unless it was put on one meanwhile. */
static void put_back(struct epoll *ep, struct entry *e, struct list *list)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	if (list_empty(&e->ready))
		list_add_tail(&e->ready, list);
	spin_unlock_irqrestore(&ep->lock, flags);
}

static int deliver(struct entry *e, unsigned now, uaddr_t to)
{
	struct epoll_event64 event = {.events = now, .data = e->data};

	return copyout(to, &event, sizeof(event));
}

/* Mutex held: how many events were given, or -EFAULT. What is to be asked again next time waits in `again`, not to be met twice. */
static long give_ready(struct epoll *ep, uaddr_t events, unsigned max, struct list *again)
{
	struct entry *e;
	long n = 0;

	while ((unsigned)n < max && (e = pop(ep))) {
		unsigned now = epoll_ask(e, NULL);

		if (!now)
			continue;
		if (deliver(e, now, events + (u64)n * sizeof(struct epoll_event64))) {
			put_back(ep, e, again);
			return n ? n : -EFAULT;
		}
		n++;
		if (e->events & EPOLLONESHOT)
			WRITE_ONCE(e->events, e->events & HOW);
		else if (!(e->events & EPOLLET))
			put_back(ep, e, again);
	}
	return n;
}

static long harvest(struct epoll *ep, uaddr_t events, unsigned max)
{
	struct list again = LIST_INIT(again);
	u64 flags;
	long n;

	mutex_lock(&ep->mutex);
	n = give_ready(ep, events, max, &again);
	flags = spin_lock_irqsave(&ep->lock);
	list_splice_tail(&again, &ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	mutex_unlock(&ep->mutex);
	if (n && epoll_some_ready(ep)) /* more than this thread takes: the next one */
		waitq_wake_one(&ep->sleepers);
	return n;
}

long epoll_wait(struct file *epoll, uaddr_t events, unsigned max, u64 deadline)
{
	struct epoll *ep = epoll->data;

	for (;;) {
		long n = epoll_some_ready(ep) ? harvest(ep, events, max) : 0;
		int error;

		if (n || deadline <= clock_ns())
			return n;
		error = wait_event_until(&ep->sleepers, epoll_some_ready(ep), WAIT_INTERRUPTIBLE, deadline);
		if (error)
			return error == -ETIMEDOUT ? 0 : error;
	}
}

bool epoll_has_event(struct epoll *ep)
{
	struct entry *e;
	bool found = false;

	lockdep_nest();
	mutex_lock(&ep->mutex);
	while (!found && (e = pop(ep))) {
		found = epoll_ask(e, NULL);
		if (found)
			put_back(ep, e, &ep->ready);
	}
	mutex_unlock(&ep->mutex);
	return found;
}
