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

/*
 * How long all CPUs slept together: the last to fall asleep says since when, the first to wake until when. On one CPU that is its
 * idle time. Of a wake between the two writes of who falls asleep last nothing is counted: a few instructions.
 */
static struct {
	u32 asleep;    /* a: CPUs */
	u64 since, ns; /* a: since: 0: not all */
} all_idle;

static void fall_asleep(void)
{
	u64 now;

	if (cpu_count == 1 || __atomic_add_fetch(&all_idle.asleep, 1, __ATOMIC_SEQ_CST) != READ_ONCE(cpu_online))
		return;
	now = clock_ns();
	__atomic_store_n(&all_idle.since, now, __ATOMIC_SEQ_CST);
	/* Who woke before that did not see it, and it must not stand there for the next one. */
	if (__atomic_load_n(&all_idle.asleep, __ATOMIC_SEQ_CST) != READ_ONCE(cpu_online))
		__atomic_compare_exchange_n(&all_idle.since, &now, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void wake_up(void)
{
	u64 since;

	if (cpu_count == 1 || __atomic_fetch_sub(&all_idle.asleep, 1, __ATOMIC_SEQ_CST) != READ_ONCE(cpu_online))
		return;
	since = __atomic_exchange_n(&all_idle.since, 0, __ATOMIC_SEQ_CST);
	if (since)
		__atomic_fetch_add(&all_idle.ns, clock_ns() - since, __ATOMIC_RELAXED);
}

u64 idle_all_ns(void)
{
	return cpu_count == 1 ? sched_cpu_idle_ns(0) : __atomic_load_n(&all_idle.ns, __ATOMIC_RELAXED);
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
	fall_asleep();
	cpu_wait_for_interrupt();
	irq_disable();
	wake_up();
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
