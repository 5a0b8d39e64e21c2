/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * preempt.c - preemptions by a seed: implements core/preempt.h.
 *
 * Each CPU has a generator of its own, splitmix64 from the seed and its number, which is drawn from at each point that it passes:
 * so what happens there depends on nothing but the seed, the CPU, and how many points it passed. The kernel is not preempted:
 * others run first only where the thread might have slept as well; elsewhere its CPU is slow for a while, which all code must
 * bear. Cf. Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010), and Linux'
 * rcutorture and KCSAN for delays in the kernel.
 */
#include "runqueue.h"

#include <arch/cpu.h>
#include <core/irq.h>
#include <core/seeds.h>
#include <lib/bitmap.h>
#include <lib/rand.h>

struct points {
	bool seeded;
	bool moves;                 /* the thread that yields now shall go on elsewhere */
	u64 state;
	struct preempt_stats stats; /* read racily */
};

bool preempt_on;

static DEFINE_PERCPU(struct points, points); /* own CPU, not in interrupt handlers */

enum preempt_deed preempt_draw(u64 *state, unsigned density, enum preempt_place place, unsigned *pauses)
{
	u64 number = splitmix64(state);
	u32 high = (u32)(number >> 32);

	if (number % density)
		return PREEMPT_NOTHING;
	*pauses = high >> 16 & (u32)(BIT((high >> 8) % 12) - 1); /* as often below 2 as between 1024 and 2047 */
	if (place == PREEMPT_DELAY || (high & 3) == 3)
		return PREEMPT_WAIT;
	return (high & 3) == 2 ? PREEMPT_MIGRATE : PREEMPT_YIELD;
}

static void wait(unsigned pauses)
{
	while (pauses--)
		cpu_pause();
}

static bool allowed(const struct thread *t)
{
	return t && !t->is_idle && irq_enabled() && !irq_context() && !lockdep_holds_spinlock();
}

void preempt_at(enum preempt_place place)
{
	struct thread *t = current();
	struct points *p = this_cpu_ptr(points);
	unsigned pauses;

	if (!allowed(t))
		return;
	/*
	 * One that is about to block may not yield: it would be queued, and look as if it slept. To one of a real-time class a yield
	 * means more: the end of its period.
	 */
	if (READ_ONCE(t->state) != THREAD_RUNNABLE || t->special)
		place = PREEMPT_DELAY;
	if (!p->seeded) {
		p->state = seeds_state(preempt_seed.seed, this_cpu_id());
		p->seeded = true;
	}
	p->stats.points++;
	switch (preempt_draw(&p->state, preempt_seed.density, place, &pauses)) {
	case PREEMPT_NOTHING:
		break;
	case PREEMPT_WAIT:
		p->stats.waits++;
		wait(pauses);
		break;
	case PREEMPT_MIGRATE:
		p->stats.migrations++;
		p->moves = true;
		thread_yield();
		break;
	case PREEMPT_YIELD:
		p->stats.yields++;
		thread_yield();
		break;
	}
}

bool preempt_take_move(void)
{
	struct points *p = this_cpu_ptr(points);
	bool moves = p->moves;

	p->moves = false;
	return moves;
}

void preempt_init(void)
{
	WRITE_ONCE(preempt_on, preempt_seed.given);
}

void preempt_stats(struct preempt_stats *out)
{
	size_t cpu;

	*out = (struct preempt_stats){0};
	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		const struct preempt_stats *s = &cpu_ptr(points, cpu)->stats;

		out->points += READ_ONCE(s->points);
		out->waits += READ_ONCE(s->waits);
		out->yields += READ_ONCE(s->yields);
		out->migrations += READ_ONCE(s->migrations);
	}
}
