/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - sums over all run queues, and load averages without a tick.
 *
 * Each run queue adds up runnable threads times ns. Whoever asks for the load takes the mean since
 * somebody asked last, and lets the averages decay as if it had been sampled every 5 s, as Linux does
 * (Gunther, "UNIX Load Average", 2004). Read without the queues' locks: a moment old, never torn.
 */
#include "runqueue.h"

#include <lib/bitmap.h>

#define SAMPLE_NS (5 * NSEC_PER_SEC)
#define ONE 65536ul /* fixed point */

static struct spinlock load_lock = SPINLOCK_INIT("load");
static u64 load[3];          /* load_lock */
static u64 sampled_at;       /* load_lock: clock */
static u64 sampled_runnable; /* load_lock: sum of runnable_ns then */

/* exp(-5 s / 1, 5, 15 min) */
static const u64 decay[3] = {60296, 64453, 65173};

static u64 since_switch(const struct runqueue *rq)
{
	u64 now = clock_ns(), stamp = READ_ONCE(rq->stamp);

	return now > stamp ? now - stamp : 0;
}

u64 sched_cpu_idle_ns(unsigned cpu)
{
	return thread_cpu_ns(sched_cpu_of(cpu)->idle);
}

void sched_cpu_busy_ns(unsigned cpu, u64 *user, u64 *system)
{
	const struct sched_cpu *c = sched_cpu_of(cpu);

	*user = READ_ONCE(c->user_ns);
	*system = READ_ONCE(c->system_ns);
}

static u64 power(u64 base, u64 exponent)
{
	u64 result = ONE;

	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = result * base / ONE;
		base = base * base / ONE;
	}
	return result;
}

static void sample_load(u64 now, u64 runnable_ns, u64 out[3])
{
	u64 flags = spin_lock_irqsave(&load_lock);
	u64 samples = now > sampled_at ? (now - sampled_at) / SAMPLE_NS : 0;

	if (samples) {
		u64 mean = 0;

		if (runnable_ns > sampled_runnable)
			mean = (runnable_ns - sampled_runnable) / ((now - sampled_at) / ONE);
		for (int i = 0; i < 3; i++) {
			u64 kept = power(decay[i], samples);

			load[i] = (load[i] * kept + mean * (ONE - kept)) / ONE;
		}
		sampled_at = now;
		sampled_runnable = runnable_ns;
	}
	for (int i = 0; i < 3; i++)
		out[i] = load[i];
	spin_unlock_irqrestore(&load_lock, flags);
}

void sched_stats(struct sched_stats *out)
{
	u64 runnable_ns = 0;
	size_t cpu;

	*out = (struct sched_stats){0};
	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		const struct sched_cpu *c = sched_cpu_of((unsigned)cpu);
		const struct runqueue *rq = c->rq;

		out->switches += READ_ONCE(c->switches);
		out->migrations += READ_ONCE(c->migrations);
		out->idle_ns += sched_cpu_idle_ns((unsigned)cpu);
		out->running += READ_ONCE(c->current) != c->idle;
		if (rq->cpu != cpu)
			continue; /* counted */
		out->running += READ_ONCE(rq->queued);
		runnable_ns += READ_ONCE(rq->runnable_ns) + READ_ONCE(rq->runnable) * since_switch(rq);
	}
	out->all_idle_ns = idle_all_ns();
	sample_load(clock_ns(), runnable_ns, out->load);
}
