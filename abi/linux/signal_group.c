/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals to process groups from interrupts (^C on a terminal). The process tree is under a sleeping lock, so a kernel thread
 * sends what interrupts leave in a small ring. A full ring drops: it takes dozens of ^C before one was handled.
 */
#include <abi/linux/signal.h>

#include <core/spinlock.h>
#include <core/wait.h>
#include <sched/thread.h>

#define RING 32

struct request {
	int pgid, sig;
};

static struct spinlock lock = SPINLOCK_INIT("signal requests"); /* (i) */
static struct waitq wanted = WAITQ_INIT(wanted);
static struct request ring[RING]; /* lock */
static u32 head, tail;            /* lock */

void signal_group_deferred(int pgid, int sig)
{
	u64 flags = spin_lock_irqsave(&lock);

	if (head - tail < RING)
		ring[head++ % RING] = (struct request){pgid, sig};
	spin_unlock_irqrestore(&lock, flags);
	waitq_wake_one(&wanted);
}

static void sender(void *arg)
{
	(void)arg;
	for (;;) {
		wait_event(&wanted, READ_ONCE(head) != READ_ONCE(tail));

		u64 flags = spin_lock_irqsave(&lock);
		struct request r = ring[tail++ % RING];

		spin_unlock_irqrestore(&lock, flags);
		signal_send_group(r.pgid, r.sig, NULL);
	}
}

void signal_init(void)
{
	kthread_run("signals", sender, NULL);
}
