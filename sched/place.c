/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - which CPU: for a thread that wakes, for one that is new, for an idle CPU that looks for work, and for one that has
 * less of it than another (balance_ms=).
 *
 * Placement reads other CPUs' queues without their locks: a stale answer costs time, not correctness.
 */
#include "runqueue.h"

#include <arch/machine.h>
#include <core/param.h>
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
	const struct sched_cpu *c = sched_cpu_of(cpu);

	return READ_ONCE(c->rq->queued) + (READ_ONCE(c->current) != c->idle);
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
	return t->cpu == this_cpu_id() && !READ_ONCE(this_sched_cpu()->rq->queued) &&
	       clock_ns() - t->exec_start < WAKE_HOT_NS && !is_realtime(t);
}

static inline __attribute__((always_inline)) unsigned place(const struct thread *t, bool warm)
{
	bool may_stay = thread_may_use(t, t->cpu);
	unsigned cpu;

	if (may_stay && (claim_idle(t->cpu) || (warm && stays_warm(t))))
		return t->cpu;
	cpu = find_idle(t);
	if (cpu < CPUS_MAX)
		return cpu;
	if (unlikely(is_realtime(t)))
		return realtime_place(t);
	return may_stay ? t->cpu : least_loaded(t);
}

unsigned place_woken(struct thread *t)
{
	if (t->exempt || fpu_live(&t->arch) || READ_ONCE(runqueues) == 1)
		return t->cpu;
	return place(t, true);
}

/* Nobody waits for a CPU that has its cache while another idles. */
__cold unsigned place_shared(struct thread *t)
{
	return t->exempt || fpu_live(&t->arch) ? t->cpu : place(t, false);
}

unsigned place_new(struct thread *t)
{
	unsigned cpu;

	if (t->exempt || READ_ONCE(runqueues) == 1)
		return t->cpu;
	cpu = find_idle(t);
	if (cpu < CPUS_MAX)
		return cpu;
	return unlikely(is_realtime(t)) ? realtime_place(t) : least_loaded(t);
}

/* A thread that waits for victim and may run on `cpu`, taken out, runnable and in no queue; NULL: none. */
static struct thread *take_from(struct sched_cpu *victim, unsigned cpu)
{
	struct runqueue *rq = victim->rq;
	struct thread *t;

	spin_lock(&rq->lock);
	t = rq->queued ? policy->peek(rq, cpu) : NULL;
	if (t) {
		runqueue_dequeue(rq, t);
		victim->migrations++;
		t->cpu = cpu;
	}
	spin_unlock(&rq->lock);
	return t;
}

static bool steal_from(struct sched_cpu *victim, struct sched_cpu *c)
{
	struct thread *t;

	/* An idle victim is about to run what it has. */
	if (!READ_ONCE(victim->rq->queued) || READ_ONCE(victim->current) == victim->idle)
		return false;
	t = take_from(victim, c->cpu);
	if (!t)
		return false;
	spin_lock(&c->rq->lock);
	runqueue_enqueue(c->rq, t, false);
	spin_unlock(&c->rq->lock);
	return true;
}

bool place_steal(struct sched_cpu *c)
{
	size_t cpu;

	/* From the next CPU on, so that thieves do not all begin with the same one. */
	for (cpu = c->cpu + 1; (cpu = bitmap_find_next(cpu_online_mask, CPUS_MAX, cpu)) < CPUS_MAX;
	     cpu++) {
		if (steal_from(sched_cpu_of((unsigned)cpu), c))
			return true;
	}
	for (cpu = 0; (cpu = bitmap_find_next(cpu_online_mask, c->cpu, cpu)) < c->cpu; cpu++) {
		if (steal_from(sched_cpu_of((unsigned)cpu), c))
			return true;
	}
	return false;
}

static __cold struct sched_cpu *busiest(void)
{
	struct sched_cpu *most = this_sched_cpu();
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		if (load_of((unsigned)cpu) > load_of(most->cpu))
			most = sched_cpu_of((unsigned)cpu);
	}
	return most;
}

__cold void place_balance(struct sched_cpu *c, u64 now)
{
	struct sched_cpu *victim;
	struct thread *t;

	if (is_shared(c->rq) || now < c->balance_at)
		return;
	c->balance_at = now + param.balance_ns - TICK_NS / 2;
	victim = busiest();
	while (load_of(victim->cpu) > load_of(c->cpu) + 1 && (t = take_from(victim, c->cpu)))
		runqueue_insert(t, false);
}

__cold void place_put_off(const struct thread *t)
{
	unsigned cpu = find_idle(t);

	if (cpu < CPUS_MAX)
		arch_ipi(cpu, IPI_RESCHEDULE);
}

void place_offer(struct sched_cpu *c)
{
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		if ((READ_ONCE(idle_mask[cpu / 64]) & BIT(cpu % 64)) && cpu != c->cpu &&
		    policy->peek(c->rq, (unsigned)cpu)) {
			arch_ipi((unsigned)cpu, IPI_RESCHEDULE);
			return;
		}
	}
}
