/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_preempt.c - what `preempt=SEED` draws, and does. */
#include <core/ktest.h>

#include <core/mutex.h>
#include <core/param.h>
#include <core/seeds.h>
#include <sched/thread.h>

#define DRAWS 100000u
#define ROUNDS 400
#define THREADS 3
#define PATIENCE (60 * NSEC_PER_SEC)

static enum preempt_deed draw(u64 *state, unsigned density, enum preempt_place place)
{
	unsigned pauses = 0;

	return preempt_draw(state, density, place, &pauses) | pauses << 4;
}

/* How often two generators say the same, of 1000 draws. */
static unsigned same_draws(u64 seed_a, unsigned cpu_a, u64 seed_b, unsigned cpu_b)
{
	u64 a = seeds_state(seed_a, cpu_a), b = seeds_state(seed_b, cpu_b);
	unsigned same = 0;

	for (unsigned i = 0; i < 1000; i++)
		same += draw(&a, 1, PREEMPT_SLEEP) == draw(&b, 1, PREEMPT_SLEEP);
	return same;
}

KTEST(preempt_draws_the_same_from_the_same_seed_only)
{
	KT_EQ(same_draws(5, 0, 5, 0), 1000);
	KT_EQ(same_draws(5, 63, 5, 63), 1000);
	KT_OK(same_draws(5, 0, 6, 0) < 500);
	KT_OK(same_draws(5, 0, 5, 1) < 500);
	KT_OK(same_draws(5, 0, 4, 1) < 500);
}

KTEST(preempt_draws_as_densely_as_asked)
{
	unsigned count[PREEMPT_MIGRATE + 1] = {0}, longest = 0, pauses = 0;
	u64 state = seeds_state(1, 0);

	for (unsigned i = 0; i < DRAWS; i++) {
		enum preempt_deed deed = preempt_draw(&state, 10, PREEMPT_SLEEP, &pauses);

		count[deed]++;
		longest = MAX(longest, deed == PREEMPT_WAIT ? pauses : 0);
	}
	KT_OK(count[PREEMPT_NOTHING] > DRAWS * 89 / 100 && count[PREEMPT_NOTHING] < DRAWS * 91 / 100);
	KT_OK(count[PREEMPT_YIELD] > DRAWS * 45 / 1000 && count[PREEMPT_YIELD] < DRAWS * 55 / 1000);
	KT_OK(count[PREEMPT_WAIT] > DRAWS * 20 / 1000 && count[PREEMPT_MIGRATE] > DRAWS * 20 / 1000);
	KT_OK(longest > 1000 && longest < 2048);
	for (unsigned i = 0; i < 1000; i++)
		KT_EQ(preempt_draw(&state, 1, PREEMPT_DELAY, &pauses), PREEMPT_WAIT);
}

static struct mutex lock = MUTEX_INIT("ktest preempt", lock);
static struct waitq done_wait = WAITQ_INIT(done_wait);
static unsigned done;       /* a */
static u64 sum;             /* lock */
static unsigned moves;      /* lock: how often somebody went on on another CPU */

static void add_up(void *unused)
{
	unsigned cpu = this_cpu_id();

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&lock);
		moves += this_cpu_id() != cpu;
		cpu = this_cpu_id();
		sum++;
		mutex_unlock(&lock);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static struct preempt_stats work_with(bool on, unsigned threads)
{
	const struct seed given = preempt_seed;
	const bool was_on = preempt_on;
	struct preempt_stats before, after;

	done = 0;
	sum = 0;
	moves = 0;
	preempt_seed = (struct seed){.given = given.given, .seed = given.seed, .density = 1};
	WRITE_ONCE(preempt_on, on);
	preempt_stats(&before);
	for (unsigned i = 0; i < threads; i++)
		kthread_run("ktest preempt", add_up, NULL);
	KT_EQ(wait_event_until(&done_wait, __atomic_load_n(&done, __ATOMIC_ACQUIRE) == threads, WAIT_UNINTERRUPTIBLE,
			       clock_ns() + PATIENCE), 0);
	preempt_stats(&after);
	WRITE_ONCE(preempt_on, was_on);
	preempt_seed = given;
	KT_EQ(sum, threads * ROUNDS);
	return (struct preempt_stats){after.points - before.points, after.waits - before.waits, after.yields - before.yields,
				      after.migrations - before.migrations};
}

KTEST(preempt_takes_the_cpu_from_who_passes_a_point)
{
	struct preempt_stats s = work_with(true, THREADS);

	KT_OK(s.points >= 2 * THREADS * ROUNDS);
	KT_OK(s.waits > ROUNDS / 4 && s.yields > ROUNDS / 2 && s.migrations > ROUNDS / 4);
}

/* One that waits for nobody is moved by nothing else. */
KTEST(preempt_moves_a_thread)
{
	struct preempt_stats s = work_with(true, 1);

	KT_OK(s.migrations > ROUNDS / 4);
	/* From a queue that all share it is taken by who looks first. */
	KT_OK(cpu_online == 1 || param.one_runqueue || moves > ROUNDS / 8);
}

KTEST(preempt_does_nothing_unless_asked)
{
	KT_EQ(work_with(false, THREADS).points, 0);
}

/* Where a thread may not lose the CPU, a point is none. */
KTEST(preempt_points_heed_the_context)
{
	static struct spinlock spin = SPINLOCK_INIT("ktest preempt spin");
	const struct seed given = preempt_seed;
	const bool was_on = preempt_on;
	u64 switches, flags;

	preempt_seed.density = 1;
	WRITE_ONCE(preempt_on, true);
	spin_lock(&spin);
	switches = current()->nvcsw;
	for (unsigned i = 0; i < 100; i++)
		preempt_point(PREEMPT_SLEEP);
	KT_EQ(current()->nvcsw, switches);
	WRITE_ONCE(preempt_on, false);
	spin_unlock(&spin);
	WRITE_ONCE(preempt_on, true);
	flags = irq_save();
	for (unsigned i = 0; i < 100; i++)
		preempt_point(PREEMPT_SLEEP);
	irq_restore(flags);
	for (unsigned i = 0; i < 100; i++)
		preempt_point(PREEMPT_DELAY);
	KT_EQ(current()->nvcsw, switches);
	WRITE_ONCE(preempt_on, was_on);
	preempt_seed = given;
}
