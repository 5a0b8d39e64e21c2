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
};

/* Called by poll ops, before they look at their condition. Poll ops may not sleep: spinlocks only. */
void poll_wait(struct poll_table *pt, struct waitq *q);

struct poll_entry {
	struct file *file;   /* NULL: POLLNVAL */
	short events, revents;
};
/* Sleeps until some entry is ready: how many; 0 at the deadline; -EINTR. */
int poll_files(struct poll_entry *entries, unsigned n, u64 deadline);

#endif
