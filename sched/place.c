/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - which CPU: for a thread that wakes, for one that is new, and for an idle CPU that looks
 * for work.
 *
 * Placement reads other CPUs' queues without their locks: a stale answer costs time, not correctness.
 */
#include "runqueue.h"

#include <arch/machine.h>
#include <lib/bitmap.h>

/* A thread that slept no longer than this, and whose waker runs where it did, stays there: it finds its cache warm and
 * its waker is likely to sleep soon. */
#define WAKE_HOT_NS (100 * NSEC_PER_USEC)

u64 idle_mask[CPUSET_WORDS];

/* Only one waker gets an idle CPU. */
static bool claim_idle(unsigned cpu)
{
	u64 bit = BIT(cpu % 64);

	if (!(READ_ONCE(idle_mask[cpu / 64]) & bit))
		return false;
	return __atomic_fetch_and(&idle_mask[cpu / 64], ~bit, __ATOMIC_ACQ_REL) & bit;
}

/* An idle CPU that t may use, claimed; CPUS_MAX: none. */
static unsigned find_idle(const struct thread *t)
{
	for (unsigned word = 0; word < CPUSET_WORDS; word++) {
		u64 idle = READ_ONCE(idle_mask[word]) & READ_ONCE(t->affinity[word]);

		for (; idle; idle &= idle - 1) {
			unsigned cpu = word * 64 + (unsigned)__builtin_ctzl(idle);

			if (claim_idle(cpu))
				return cpu;
		}
	}
	return CPUS_MAX;
}

static unsigned load_of(unsigned cpu)
{
	const struct runqueue *rq = runqueue_of(cpu);

	return READ_ONCE(rq->queued) + (READ_ONCE(rq->current) != rq->idle);
}

static unsigned least_loaded(const struct thread *t)
{
	unsigned best = t->cpu, best_load = ~0u;
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		if (!thread_may_use(t, (unsigned)cpu) || load_of((unsigned)cpu) >= best_load)
			continue;
		best = (unsigned)cpu;
		best_load = load_of(best);
	}
	return best;
}

static bool stays_warm(const struct thread *t)
{
	return t->cpu == this_cpu_id() && !READ_ONCE(this_runqueue()->queued) &&
	       clock_ns() - t->exec_start < WAKE_HOT_NS && !is_realtime(t);
}

unsigned place_woken(struct thread *t)
{
	bool may_stay = thread_may_use(t, t->cpu);
	unsigned cpu;

	if (t->exempt || fpu_live(&t->arch) || READ_ONCE(cpu_online) == 1)
		return t->cpu;
	if (may_stay && (claim_idle(t->cpu) || stays_warm(t)))
		return t->cpu;
	cpu = find_idle(t);
	if (cpu < CPUS_MAX)
		return cpu;
	if (unlikely(is_realtime(t)))
		return realtime_place(t);
	return may_stay ? t->cpu : least_loaded(t);
}

unsigned place_new(struct thread *t)
{
	unsigned cpu;

	if (t->exempt)
		return t->cpu;
	cpu = find_idle(t);
	if (cpu < CPUS_MAX)
		return cpu;
	return unlikely(is_realtime(t)) ? realtime_place(t) : least_loaded(t);
}

static bool steal_from(struct runqueue *victim, struct runqueue *rq)
{
	struct thread *t;

	/* An idle victim is about to run what it has. */
	if (!READ_ONCE(victim->queued) || READ_ONCE(victim->current) == victim->idle)
		return false;
	spin_lock(&victim->lock);
	t = victim->queued ? policy->peek_movable(victim, rq->cpu) : NULL;
	if (t) {
		runqueue_dequeue(victim, t);
		victim->migrations++;
		t->cpu = rq->cpu;
	}
	spin_unlock(&victim->lock);
	if (!t)
		return false;
	spin_lock(&rq->lock);
	runqueue_enqueue(rq, t, false);
	spin_unlock(&rq->lock);
	return true;
}

bool place_steal(struct runqueue *rq)
{
	size_t cpu;

	/* From the next CPU on, so that thieves do not all begin with the same one. */
	for (cpu = rq->cpu + 1; (cpu = bitmap_find_next(cpu_online_mask, CPUS_MAX, cpu)) < CPUS_MAX;
	     cpu++) {
		if (steal_from(runqueue_of((unsigned)cpu), rq))
			return true;
	}
	for (cpu = 0; (cpu = bitmap_find_next(cpu_online_mask, rq->cpu, cpu)) < rq->cpu; cpu++) {
		if (steal_from(runqueue_of((unsigned)cpu), rq))
			return true;
	}
	return false;
}

void place_offer(struct runqueue *rq)
{
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		if ((READ_ONCE(idle_mask[cpu / 64]) & BIT(cpu % 64)) && cpu != rq->cpu &&
		    policy->peek_movable(rq, (unsigned)cpu)) {
			arch_ipi((unsigned)cpu, IPI_RESCHEDULE);
			return;
		}
	}
}
