/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reaper.c - the end of a thread: its stack and its resources, freed by another one.
 *
 * A thread cannot free the stack it stands on, and what destroy() drops (an address space, files) may
 * have to sleep: so a kernel thread of its own does it.
 */
#include "runqueue.h"

#include <core/panic.h>
#include <core/wait.h>

static struct spinlock dead_lock = SPINLOCK_INIT("reaper");     /* (i) */
static struct list dead_threads = LIST_INIT(dead_threads);      /* dead_lock, by link */
static struct waitq reaper_wait = WAITQ_INIT(reaper_wait);

void reaper_take(struct thread *t)
{
	spin_lock(&dead_lock);
	list_add_tail(&t->link, &dead_threads); /* in no queue any more: the link is free */
	spin_unlock(&dead_lock);
	waitq_wake_one(&reaper_wait);
}

static struct thread *next_dead(void)
{
	u64 flags = spin_lock_irqsave(&dead_lock);
	struct list *link = list_pop_head(&dead_threads);

	spin_unlock_irqrestore(&dead_lock, flags);
	return link ? list_entry(link, struct thread, link) : NULL;
}

static void reaper(void *unused)
{
	(void)unused;
	for (;;) {
		struct thread *t;

		wait_event(&reaper_wait, (t = next_dead()));
		t->destroy(t);
	}
}

void reaper_init(void)
{
	kthread_run("reaper", reaper, NULL);
}
