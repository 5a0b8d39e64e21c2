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
	list_add_tail(&w->link, &q->waiters);
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
	struct list *link;
	unsigned woken = 0;

	while (woken < max && (link = list_pop_head(&q->waiters))) {
		struct waiter *w = list_entry(link, struct waiter, link);

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
