/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tick.c - the tick of a CPU that is not idle: samples whether its thread is in its application or in the kernel. The clock
 * at each switch says how long threads run; reading it at each system call as well would cost more than many a call does
 * (docs/decisions/0016). An idle CPU does not tick.
 */
#include "runqueue.h"

#include <core/irq.h>
#include <lib/list.h>

static void tick(struct timer *timer)
{
	struct runqueue *rq = container_of(timer, struct runqueue, tick);
	struct thread *t = rq->current;
	bool in_application = irq_from_app();
	u64 now = clock_ns();

	if (t->is_idle) {
		rq->ticking = false;
		return;
	}
	if (in_application) {
		t->user_ns += TICK_NS;
		rq->user_ns += TICK_NS;
	} else {
		t->system_ns += TICK_NS;
		rq->system_ns += TICK_NS;
	}
	if (t->arch.fpu)
		app_tick(in_application);
	timer_start(timer, MAX(timer->deadline, now - TICK_NS / 2) + TICK_NS);
}

void tick_init(struct runqueue *rq)
{
	timer_init(&rq->tick, tick);
}

void tick_start(struct runqueue *rq, u64 now)
{
	rq->ticking = true;
	timer_start(&rq->tick, now + TICK_NS);
}
