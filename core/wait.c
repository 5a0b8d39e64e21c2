/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - wait queues.
 *
 * The waker wakes under the queue's lock, and the waiter takes that lock once more before it leaves:
 * so a waiter, and the thread it belongs to, outlive the wake.
 */
#include <core/wait.h>

void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, "waitq");
	list_init(&q->waiters);
}

void waitq_add(struct waitq *q, struct waiter *w)
{
	u64 flags = spin_lock_irqsave(&q->lock);

	w->queue = q;
	w->thread = thread_current();
	w->woken = false;
	w->notify = NULL;
	list_add_tail(&w->link, &q->waiters);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Watchers stand before all threads, so that a wake of one need not look further. */
void waitq_watch(struct waitq *q, struct waiter *w)
{
	u64 flags = spin_lock_irqsave(&q->lock);

	w->queue = q;
	list_add_head(&w->link, &q->waiters);
	spin_unlock_irqrestore(&q->lock, flags);
}

void waitq_remove(struct waiter *w)
{
	u64 flags = spin_lock_irqsave(&w->queue->lock);

	list_remove(&w->link);
	spin_unlock_irqrestore(&w->queue->lock, flags);
}

unsigned waitq_wake(struct waitq *q, unsigned max)
{
	u64 flags = spin_lock_irqsave(&q->lock);
	struct waiter *w, *next;
	bool taken = false;
	unsigned woken = 0;

	list_for_each_entry_safe(w, next, &q->waiters, link) {
		if (w->notify) {
			if (!(w->exclusive && taken) && w->notify(w))
				taken |= w->exclusive;
			continue;
		}
		if (woken == max)
			break;
		list_remove(&w->link);
		WRITE_ONCE(w->woken, true);
		thread_wake(w->thread);
		woken++;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return woken;
}

bool wait_broken(enum wait_mode mode)
{
	switch (mode) {
	case WAIT_INTERRUPTIBLE:
		return thread_interrupted();
	case WAIT_KILLABLE:
		return thread_killed();
	case WAIT_UNINTERRUPTIBLE:
		break;
	}
	return false;
}
