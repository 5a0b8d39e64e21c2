/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_smp.c - KTESTs of several CPUs in made time (sim_steps.c): who runs where, with a queue for each CPU and with one for all.
 */
#include "sim_return.h"

#include "runqueue.h"
#include "sim.h"

#include <core/param.h>
#include <core/wait.h>
#include <lib/bitmap.h>
#include <lib/rand.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/sched.h>

#define MS NSEC_PER_MSEC
#define MANY 12
#define LATE_ROUNDS 20

static struct player {
	struct thread *thread;
	u64 random;
	u64 used;              /* at the start of a measurement, and over it */
	u64 latest;            /* ns from the end of a nap until it runs, at most */
	unsigned burst;        /* rounds that it computes between naps, on average; 0: it never naps */
} player[MANY];
static bool stop;
static unsigned left; /* a */

/* ---- watched in each round, from without ---- */
static bool watching;
static unsigned late[CPUS_MAX], worst_late;

/* Real-time threads: does one wait that may run on a CPU which runs something lower? For how many rounds has one? */
static unsigned upside_down, worst_upside_down;

static int priority_of(const struct thread *t)
{
	return t->is_idle ? -1 : t->priority;
}

static bool is_upside_down(void)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (sched_cpu_of(cpu)->rt.others_first)
			return false;
	}
	for (unsigned i = 0; i < MANY; i++) {
		const struct thread *t = player[i].thread;

		if (!t || !t->priority || t->on_cpu || t->state != THREAD_RUNNABLE)
			continue;
		for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
			if (thread_movable(t, cpu) && priority_of(sched_cpu_of(cpu)->current) < t->priority)
				return true;
		}
	}
	return false;
}

/* An idle CPU beside a thread that waits for it, or that it could take where all share a queue: for how many rounds? */
void sim_round(void)
{
	if (!watching)
		return;
	upside_down = is_upside_down() ? upside_down + 1 : 0;
	worst_upside_down = MAX(worst_upside_down, upside_down);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct sched_cpu *c = sched_cpu_of(cpu);
		bool waits = c->current->is_idle && c->rq->queued && policy->peek(c->rq, cpu);

		late[cpu] = waits ? late[cpu] + 1 : 0;
		worst_late = MAX(worst_late, late[cpu]);
	}
}

void app_tick(bool in_application)
{
	(void)in_application;
}

static void app_destroy(struct thread *t)
{
	thread_fini(t);
	kfree(t);
	__atomic_fetch_sub(&left, 1, __ATOMIC_ACQ_REL);
}

static void app_mode(void)
{
	irq_disable();
	sim_app_return();
	KT_OK(thread_may_use(current(), this_cpu_id()) || READ_ONCE(current()->work));
	irq_enable();
}

static void play(void *arg)
{
	struct player *p = arg;

	while (!READ_ONCE(stop)) {
		app_mode();
		cpu_pause();
		if (p->burst && splitmix64(&p->random) % p->burst == 0) {
			u64 until = clock_ns() + splitmix64(&p->random) % (p->burst * 64 * NSEC_PER_USEC);

			thread_sleep_until(until);
			p->latest = MAX(p->latest, clock_ns() - until);
		}
	}
}

static struct player *add(unsigned i, u64 cpus)
{
	struct player *p = &player[i];
	struct thread *t = kmalloc(sizeof(*t));

	*p = (struct player){.thread = t, .random = i};
	KT_OK(t && !thread_init(t, "player", true, play, p));
	t->destroy = app_destroy;
	t->affinity[0] = cpus;
	left++;
	return p;
}

static void set_fifo(struct thread *t, int priority)
{
	KT_EQ(thread_set_class(t, &(struct thread_class){.class = SCHED_FIFO, .priority = priority}), 0);
}

static void begin(void)
{
	stop = false;
	left = worst_late = upside_down = worst_upside_down = 0;
	memset(late, 0, sizeof(late));
	memset(player, 0, sizeof(player));
}

static void end(void)
{
	watching = false;
	for (unsigned i = 0; i < MANY; i++) {
		if (player[i].thread)
			KT_EQ(thread_set_class(player[i].thread, &(struct thread_class){.class = SCHED_OTHER}), 0);
	}
	stop = true;
	while (__atomic_load_n(&left, __ATOMIC_ACQUIRE))
		thread_sleep_until(clock_ns() + MS);
}

static void pass(u64 ns)
{
	thread_sleep_until(clock_ns() + ns);
}

static void measure_over(unsigned count, u64 ns)
{
	for (unsigned i = 0; i < count; i++)
		player[i].used = thread_cpu_ns(player[i].thread);
	pass(ns);
	for (unsigned i = 0; i < count; i++)
		player[i].used = thread_cpu_ns(player[i].thread) - player[i].used;
}

/* Of what its equals have, the least and the most. */
static void range(unsigned count, u64 *least, u64 *most)
{
	*least = ~0ul;
	*most = 0;
	for (unsigned i = 0; i < count; i++) {
		*least = MIN(*least, player[i].used);
		*most = MAX(*most, player[i].used);
	}
}

/* Runs last: from then on there are real-time classes. Of threads that nap and compute, some of them on some CPUs only, the best run; and others have what they leave. */
KTEST(the_best_realtime_threads_run)
{
	u64 random = 1;

	begin();
	set_fifo(current(), 99);
	for (unsigned i = 0; i < 10; i++) {
		add(i, i % 3 ? ~0ul : BIT(i % cpu_count))->burst = 64;
		if (i < 8)
			set_fifo(player[i].thread, 1 + (int)i);
	}
	for (unsigned i = 0; i < 10; i++)
		thread_start(player[i].thread);
	watching = true;
	for (unsigned i = 0; i < 400; i++) {
		unsigned who = (unsigned)(splitmix64(&random) % 8);

		pass(2 * MS);
		set_fifo(player[who].thread, 1 + (int)(splitmix64(&random) % 90));
	}
	KT_OK(worst_upside_down < LATE_ROUNDS);
	KT_OK(cpu_count < 3 || thread_cpu_ns(player[9].thread) > 10 * MS);
	end();
	KT_EQ(thread_set_class(current(), &(struct thread_class){.class = SCHED_OTHER}), 0);
}

/* Threads that nap and compute, some of them on some CPUs only, and change their minds. */
KTEST(no_cpu_idles_beside_a_thread_that_may_run_there)
{
	u64 random = 1;

	begin();
	for (unsigned i = 0; i < 10; i++) {
		add(i, i % 3 ? ~0ul : BIT(i % cpu_count))->burst = 64;
		thread_start(player[i].thread);
	}
	watching = true;
	for (unsigned i = 0; i < 400; i++) {
		u64 only[CPUSET_WORDS] = {splitmix64(&random) % 3 ? BIT(i % cpu_count) : ~0ul};

		pass(2 * MS);
		KT_EQ(thread_set_affinity(player[splitmix64(&random) % 10].thread, only), 0);
	}
	KT_OK(worst_late < LATE_ROUNDS);
	end();
}

/* Each CPU has one that computes. Two that nap get a CPU at once, also when the one where they ran last is the other's just now. */
KTEST(who_wakes_takes_any_cpu_that_gives_way)
{
	u64 boosts = sched_cpu_of(0)->rq->mlfq.boosts;

	if (cpu_count < 4 || !param.one_runqueue || strcmp(policy->name, "mlfq"))
		return;
	begin();
	for (unsigned i = 0; i < cpu_count + 2; i++)
		add(i, ~0ul)->burst = i < cpu_count ? 0 : 8;
	for (unsigned i = 0; i < cpu_count; i++)
		thread_start(player[i].thread);
	while (sched_cpu_of(0)->rq->mlfq.boosts == boosts)
		pass(MS);
	pass(150 * MS);
	for (unsigned i = cpu_count; i < cpu_count + 2; i++)
		thread_start(player[i].thread);
	pass(25 * MS); /* those who compute have sunk long ago, these have not yet */
	for (unsigned i = cpu_count; i < cpu_count + 2; i++)
		KT_OK(player[i].latest && player[i].latest < 150 * NSEC_PER_USEC);
	end();
}

/* Each CPU has one that computes, and no slice to count, when one more comes: all have the same share from then on. */
KTEST(one_queue_shares_all_cpus)
{
	u64 least, most;

	if (!param.one_runqueue)
		return;
	begin();
	for (unsigned i = 0; i <= cpu_count; i++)
		add(i, ~0ul);
	for (unsigned i = 0; i < cpu_count; i++)
		thread_start(player[i].thread);
	pass(50 * MS);
	thread_start(player[cpu_count].thread);
	pass(100 * MS);
	measure_over(cpu_count + 1, 4000 * MS);
	range(cpu_count + 1, &least, &most);
	KT_OK(least * 10 >= most * (strcmp(policy->name, "lottery") ? 8 : 6));
	end();
}

/* All but one of many threads begin on CPU 0, and may run anywhere then; each other CPU has one of its own, so that none idles and steals. */
KTEST(a_lopsided_start_evens_out_by_balancing)
{
	unsigned here[CPUS_MAX] = {0}, least = ~0u, most = 0;
	u64 all[CPUSET_WORDS] = {~0ul};

	begin();
	for (unsigned i = 0; i < cpu_count; i++)
		add(i, BIT(i));
	for (unsigned i = cpu_count; i < cpu_count + 5; i++)
		add(i, BIT(0));
	for (unsigned i = 0; i < cpu_count + 5; i++)
		thread_start(player[i].thread);
	pass(50 * MS);
	for (unsigned i = cpu_count; i < cpu_count + 5; i++)
		KT_EQ(thread_set_affinity(player[i].thread, all), 0);
	pass(1000 * MS);
	for (unsigned i = 0; i < cpu_count + 5; i++)
		here[player[i].thread->cpu]++;
	for (unsigned i = 0; i < cpu_count; i++) {
		least = MIN(least, here[i]);
		most = MAX(most, here[i]);
	}
	if (param.balance_ns)
		KT_OK(most <= least + 1);
	else if (!param.one_runqueue)
		KT_EQ(most, 6);
	end();
}
