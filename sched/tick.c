/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tick.c - the tick of a CPU that is not idle: samples whether its thread is in its application or in the kernel. The clock
 * at each switch says how long threads run; reading it at each system call as well would cost more than many a call does
 * (docs/decisions/0016). An idle CPU does not tick. Who comes into a queue that CPUs share interrupts one of them at most: the
 * others learn here that somebody waits, and count their threads' slices from then on.
 */
#include "runqueue.h"

#include <core/irq.h>
#include <core/param.h>
#include <lib/list.h>

static void tick(struct timer *timer)
{
	struct sched_cpu *c = container_of(timer, struct sched_cpu, tick);
	struct thread *t = c->current;
	bool in_application = irq_from_app();
	u64 now = clock_ns();

	if (t->is_idle) {
		c->ticking = false;
		return;
	}
	if (in_application) {
		t->user_ns += TICK_NS;
		c->user_ns += TICK_NS;
	} else {
		t->system_ns += TICK_NS;
		c->system_ns += TICK_NS;
	}
	if (t->arch.fpu)
		app_tick(in_application);
	if (param.balance_ns)
		place_balance(c, now);
	if (is_shared(c->rq) && READ_ONCE(c->rq->queued))
		sched_interrupt();
	timer_start(timer, MAX(timer->deadline, now - TICK_NS / 2) + TICK_NS);
}

void tick_init(struct sched_cpu *c)
{
	timer_init(&c->tick, tick);
}

void tick_start(struct sched_cpu *c, u64 now)
{
	c->ticking = true;
	timer_start(&c->tick, now + TICK_NS);
}
