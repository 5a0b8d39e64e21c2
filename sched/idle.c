/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idle.c - what a CPU does that has nothing to do: takes work from others, else sleeps.
 *
 * The idle thread is the CPU's boot flow; it never blocks and stands in no queue.
 */
#include "runqueue.h"

#include <arch/cpu.h>
#include <core/panic.h>
#include <isolation/gate.h>
#include <lib/string.h>
#include <mm/tlb.h>

static DEFINE_PERCPU(struct thread, idle_thread);

void idle_adopt(unsigned cpu)
{
	struct thread *t = cpu_ptr(idle_thread, cpu);

	arch_thread_adopt(&t->arch);
	t->arch.fpu_cpu = -1;
	t->state = THREAD_RUNNABLE;
	t->on_cpu = true;
	t->is_idle = true;
	t->special = true;
	t->exempt = true;
	t->cpu = cpu;
	t->affinity[cpu / 64] = BIT(cpu % 64);
	t->exec_start = clock_ns();
	timer_init(&t->sleep_timer, NULL);
	strlcpy(t->name, "idle", sizeof(t->name));
	runqueue_init(cpu, t);
	this_cpu(current_thread) = t;
	gate_switch(&t->arch);
}

/* Halts unless something was queued. Once `sleeping` is set, who queues something sends an interrupt. */
static void sleep_until_work(struct sched_cpu *c)
{
	struct runqueue *rq = c->rq;
	bool sleep;

	spin_lock(&rq->lock);
	sleep = !rq->queued || (is_shared(rq) && !shared_waits(c));
	c->sleeping = sleep;
	spin_unlock(&rq->lock);
	if (!sleep)
		return;
	tlb_idle_enter();
	cpu_wait_for_interrupt();
	irq_disable();
	tlb_idle_leave();
	spin_lock(&rq->lock);
	c->sleeping = false;
	spin_unlock(&rq->lock);
}

void sched_idle(void)
{
	struct sched_cpu *c = this_sched_cpu();
	u64 bit = BIT(c->cpu % 64), *mask = &idle_mask[c->cpu / 64];

	irq_disable();
	for (;;) {
		__atomic_fetch_or(mask, bit, __ATOMIC_ACQ_REL);
		WRITE_ONCE(c->rt.rank, RANK_OTHER);
		if (is_shared(c->rq) || (!READ_ONCE(c->rq->queued) && !place_steal(c)))
			sleep_until_work(c);
		__atomic_fetch_and(mask, ~bit, __ATOMIC_ACQ_REL);
		if (READ_ONCE(c->rq->queued))
			schedule(LEAVE_YIELD);
	}
}
