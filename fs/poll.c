/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll.c - waiting on many files at once.
 *
 * The thread first says that it is about to sleep, then asks every file, which enters it into their
 * wait queues. What becomes ready from then on wakes it.
 */
#include <fs/poll.h>

#include <core/time.h>
#include <fs/file.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <uapi/linux/poll.h>

#define INLINE_WAITERS 8u
#define QUEUES_PER_FILE 2u
#define SHORT_SLEEP_NS (10 * NSEC_PER_MSEC) /* where some queue found no room */

void poll_enter(struct poll_table *pt, struct waitq *q)
{
	if (pt->used == pt->capacity) {
		pt->full = true;
		return;
	}
	if (pt->watch)
		waitq_watch(q, &pt->waiters[pt->used++]);
	else
		waitq_add(q, &pt->waiters[pt->used++]);
}

static void leave_queues(struct poll_table *pt)
{
	while (pt->used)
		waitq_remove(&pt->waiters[--pt->used]);
	pt->full = false;
}

/* How many are ready. Once one is, there will be no sleep, and the others enter no queues. */
static int ask(struct poll_entry *entries, unsigned n, struct poll_table *pt)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++) {
		struct poll_entry *e = &entries[i];
		unsigned always = POLLERR | POLLHUP | POLLNVAL;
		unsigned now = e->file ? file_poll(e->file, ready ? NULL : pt) : POLLNVAL;

		e->revents = (short)(now & ((unsigned short)e->events | always));
		ready += e->revents != 0;
	}
	return ready;
}

/* One round: how many are ready, -EINTR, or 0 after a sleep. */
static int ask_or_sleep(struct poll_entry *entries, unsigned n, u64 deadline, struct poll_table *pt)
{
	thread_prepare_block();

	int ready = ask(entries, n, pt);

	if (!ready && wait_broken(WAIT_INTERRUPTIBLE))
		ready = -EINTR;
	if (ready)
		thread_cancel_block();
	else
		thread_block(pt->full ? MIN(deadline, clock_ns() + SHORT_SLEEP_NS) : deadline);
	leave_queues(pt);
	return ready;
}

/* With room for all their queues; for few where there is no memory. */
static int poll_until(struct poll_entry *entries, unsigned n, u64 deadline)
{
	struct waiter few[INLINE_WAITERS];
	struct poll_table pt = {.waiters = few, .capacity = INLINE_WAITERS, .events = ~0u};
	struct waiter *many = NULL;
	int ready;

	if (n * QUEUES_PER_FILE > INLINE_WAITERS) {
		many = kmalloc(n * QUEUES_PER_FILE * sizeof(*many));
		if (many) {
			pt.waiters = many;
			pt.capacity = n * QUEUES_PER_FILE;
		}
	}
	do
		ready = ask_or_sleep(entries, n, deadline, &pt);
	while (!ready && clock_ns() < deadline);
	kfree(many);
	return ready;
}

int poll_files(struct poll_entry *entries, unsigned n, u64 deadline)
{
	int ready = 0;

	lockdep_assert_may_sleep("poll");
	if (deadline && clock_ns() < deadline)
		ready = poll_until(entries, n, deadline);
	return ready ? ready : ask(entries, n, NULL);
}
