/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wait queues. The waker changes the condition, then wakes; the waiter enters the queue, looks, then sleeps. Waking under
 * any spinlock and from interrupts is fine.
 */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include <core/block.h>
#include <core/race.h>
#include <core/spinlock.h>
#include <lib/errno.h>
#include <lib/list.h>

struct waitq {
	struct spinlock lock;  /* (i) */
	struct list waiters;   /* lock */
};

/* One thread in one queue; lives on the waiter's stack. poll(2) uses several. Or one watcher, which stays: epoll(7). */
struct waiter {
	struct list link;      /* queue's lock */
	struct waitq *queue;
	struct thread *thread;
	bool woken;            /* this queue was the one */
	/* A watcher's: called at each wake, under the queue's lock, in any context. True: somebody will see to it. */
	bool (*notify)(struct waiter *w);
	void *owner;           /* the watcher's own */
	bool exclusive;        /* not called when another exclusive watcher of this queue has answered true */
};

#define WAITQ_INIT(name) { .lock = SPINLOCK_INIT("waitq"), .waiters = LIST_INIT((name).waiters) }

void waitq_init(struct waitq *q);
/*
 * Enters the current thread; FIFO. After thread_prepare_block(), else a wake in between takes the waiter out of the queue
 * and leaves the thread to sleep where nobody finds it.
 */
void waitq_add(struct waitq *q, struct waiter *w);
/* Enters a watcher, whose notify, owner and exclusive are set. It is told of each wake until waitq_remove(). */
void waitq_watch(struct waitq *q, struct waiter *w);
void waitq_remove(struct waiter *w);
/* How many threads were woken. A woken waiter leaves the queue by itself; watchers are all told. */
unsigned waitq_wake(struct waitq *q, unsigned max);
/* Without the lock: see below. Marked for the race detector only: gcc makes an instruction more of a volatile read. */
static inline bool waitq_is_used(const struct waitq *q)
{
	return (RACE ? READ_ONCE(q->waiters.next) : q->waiters.next) != &q->waiters;
}
/* The fences: the waker's condition must be visible before the queue is seen empty; the waiter does the reverse. */
static inline void waitq_wake_one(struct waitq *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (waitq_is_used(q))
		waitq_wake(q, 1);
}
static inline void waitq_wake_all(struct waitq *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (waitq_is_used(q))
		waitq_wake(q, ~0u);
}

enum wait_mode { WAIT_UNINTERRUPTIBLE, WAIT_KILLABLE, WAIT_INTERRUPTIBLE };

/* Used by wait_event*(): should this wait end before its condition? */
bool wait_broken(enum wait_mode mode);

/*
 * Sleeps until `cond`. Value: 0; -ETIMEDOUT at the deadline; -EINTR if the mode lets a signal end it. `cond` is evaluated
 * several times, without locks unless it takes them. May not be called under a spinlock.
 */
#define wait_event_until(q, cond, mode, deadline)                                                  \
	({                                                                                         \
		struct waiter w__;                                                                 \
		int error__ = 0;                                                                   \
		lockdep_assert_may_sleep("wait_event");                                            \
		while (!(cond)) {                                                                  \
			/* In this order: who takes us out of the queue must find us blocking. */  \
			thread_prepare_block();                                                    \
			waitq_add((q), &w__);                                                      \
			if (cond) {                                                                \
				thread_cancel_block();                                             \
				waitq_remove(&w__);                                                \
				break;                                                             \
			}                                                                          \
			if (wait_broken(mode)) {                                                   \
				thread_cancel_block();                                             \
				waitq_remove(&w__);                                                \
				if (!(cond)) /* a wake for us may have come meanwhile */           \
					error__ = -EINTR;                                          \
				break;                                                             \
			}                                                                          \
			bool woken__ = thread_block(deadline);                                     \
			waitq_remove(&w__);                                                        \
			if (!woken__ && !(cond)) {                                                 \
				error__ = -ETIMEDOUT;                                              \
				break;                                                             \
			}                                                                          \
		}                                                                                  \
		error__;                                                                           \
	})
#define wait_event(q, cond) wait_event_until(q, cond, WAIT_UNINTERRUPTIBLE, NO_DEADLINE)
#define wait_event_killable(q, cond) wait_event_until(q, cond, WAIT_KILLABLE, NO_DEADLINE)
#define wait_event_interruptible(q, cond) wait_event_until(q, cond, WAIT_INTERRUPTIBLE, NO_DEADLINE)

#endif
