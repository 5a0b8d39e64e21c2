/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting on many files at once: each file's poll op names its wait queue, then answers what is ready. */
#ifndef FS_POLL_H
#define FS_POLL_H

#include <core/wait.h>

struct file;

/* NULL where the caller only asks. */
struct poll_table {
	struct waiter *waiters;  /* capacity entries */
	unsigned used, capacity;
	bool full;               /* more queues than room: the sleeper must use a short timeout */
	unsigned events;         /* POLL* that the caller wants to hear of */
	bool watch;              /* the waiters are watchers, made ready for waitq_watch(); else the current thread's */
};

/* Into one more queue; pt not NULL. */
void poll_enter(struct poll_table *pt, struct waitq *q);
/*
 * Called by poll ops, before they look at their condition. Between the two the thread may be about to block, so a poll op that
 * sleeps (epoll's, for another's lock) makes its caller ask once more.
 */
static inline void poll_wait(struct poll_table *pt, struct waitq *q)
{
	if (pt)
		poll_enter(pt, q);
}
/* The same for a queue that is woken for some events only. */
static inline void poll_wait_for(struct poll_table *pt, struct waitq *q, unsigned events)
{
	if (pt && (pt->events & events))
		poll_wait(pt, q);
}

struct poll_entry {
	struct file *file;   /* NULL: POLLNVAL */
	short events, revents;
};
/* Sleeps until some entry is ready: how many; 0 at the deadline; -EINTR. */
int poll_files(struct poll_entry *entries, unsigned n, u64 deadline);

#endif
