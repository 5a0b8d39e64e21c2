/* SPDX-License-Identifier: BSD-2-Clause */
/* An epoll inside: what epoll.c, which keeps the entries, and epoll_wait.c, which gives their events, have in common. */
#ifndef FS_EPOLL_INTERNAL_H
#define FS_EPOLL_INTERNAL_H

#include <core/mutex.h>
#include <core/wait.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <uapi/linux/eventpoll.h>

struct file;
struct poll_table;

#define HOW (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET) /* no events, but how to tell of them */
#define QUEUES 2u       /* that one file may have */

struct epoll {
	u32 refs;                  /* a: its file's, and of those who end */
	struct mutex mutex;        /* (S) */
	struct rb_root entries;    /* mutex: by file and descriptor */
	struct file *file;         /* I: its own, without a reference */
	struct spinlock lock;      /* (i) */
	struct list ready;         /* lock */
	struct waitq sleepers;     /* in epoll_wait(2): one is woken for an event */
	struct waitq pollers;      /* in poll(2) and select(2) */
};

struct entry {
	struct rb_node node;       /* epoll's mutex */
	struct epoll *epoll;       /* I */
	struct file *file;         /* I */
	int fd;                    /* I */
	u32 events;                /* mutex, read without; no event but HOW: EPOLLONESHOT has struck */
	u64 data;                  /* mutex */
	struct list watch;         /* watch_lock: in file->watches */
	struct list ready;         /* epoll's lock */
	struct waiter watcher[QUEUES]; /* mutex: the first `queues` are in queues */
	unsigned queues;           /* mutex */
};

/* epoll.c */
/* What of an entry's events is true now. Its epoll's mutex held. */
unsigned epoll_ask(struct entry *e, struct poll_table *pt);
/* epoll_wait.c */
/* Is there an event, also when nobody took it yet? Entries that have none leave the ready list. */
bool epoll_has_event(struct epoll *ep);

static inline bool epoll_some_ready(const struct epoll *ep)
{
	return !list_empty(&ep->ready);
}

#endif
