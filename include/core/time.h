/* SPDX-License-Identifier: BSD-2-Clause */
/* Time in nanoseconds, and timers. Tickless: each CPU's timer is armed for its earliest event only. */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <core/percpu.h>
#include <core/spinlock.h>
#include <lib/rbtree.h>

#define NSEC_PER_SEC 1000000000ul
#define NSEC_PER_MSEC 1000000ul
#define NSEC_PER_USEC 1000ul

/* CLOCK_MONOTONIC: since kernel entry, never back, the same on every CPU. */
u64 clock_ns(void);
/* CLOCK_REALTIME. */
u64 clock_realtime_ns(void);
void clock_set_realtime(u64 ns);
/* Boot: the offset from CLOCK_MONOTONIC to CLOCK_REALTIME is kept in this word from now on, where others can read it too. */
void clock_share_offset(u64 *word);
void time_init(void);

/* A one-shot timer. `fn` runs in interrupt context on the CPU that started it. */
struct timer {
	struct rb_node node;  /* base lock */
	u64 deadline;         /* ns, base lock */
	void (*fn)(struct timer *);
	int cpu;              /* a: where it is queued; -1: nowhere; -2 - c: nowhere, and it fired last on CPU c */
};

void timer_init(struct timer *t, void (*fn)(struct timer *));
/* (Re)starts it on this CPU. A deadline in the past fires at once. */
void timer_start(struct timer *t, u64 deadline);
/* True: it was pending and will not run. False: it had run, or is running on another CPU and has ended on return. Must not
 * be called from its own fn or while holding a lock that fn takes. */
bool timer_cancel(struct timer *t);
/* The timer interrupt: runs what is due, re-arms. */
void timer_interrupt(void);
/* The scheduler's slice end for this CPU shares the hardware timer: ~0 for none. Interrupts off. */
void timer_set_slice(u64 deadline);

#endif
