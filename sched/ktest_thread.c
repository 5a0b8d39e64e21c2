/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_thread.c - threads sleep long enough, take turns, move between CPUs, and are reaped. */
#include <core/ktest.h>

#include <core/wait.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sched/thread.h>

#define PATIENCE (60 * NSEC_PER_SEC)
#define TRIES 50 /* where one is enough: the host may stop a vCPU at any time for any time */

static struct waitq done_wait = WAITQ_INIT(done_wait);
static unsigned done; /* a */

static void finished(void)
{
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static bool wait_done(unsigned count)
{
	return wait_event_until(&done_wait, __atomic_load_n(&done, __ATOMIC_ACQUIRE) == count,
				WAIT_UNINTERRUPTIBLE, clock_ns() + PATIENCE) == 0;
}

KTEST(sleep_is_never_short)
{
	for (u64 us = 10; us <= 20000; us *= 4) {
		u64 deadline = clock_ns() + us * NSEC_PER_USEC;

		KT_EQ(thread_sleep_until(deadline), 0);
		KT_OK(clock_ns() >= deadline);
	}
}

static unsigned turn; /* a */
static unsigned turns_in_a_row; /* a: the longest */

/* On one CPU two threads that yield alternate. */
static void take_turns(void *me)
{
	unsigned mine = (unsigned)(long)me, row = 0;

	for (int i = 0; i < 1000; i++) {
		row = READ_ONCE(turn) == mine ? row + 1 : 0;
		WRITE_ONCE(turn, mine);
		if (row > READ_ONCE(turns_in_a_row))
			WRITE_ONCE(turns_in_a_row, row);
		thread_yield();
	}
	finished();
}

KTEST(yield_gives_others_a_turn)
{
	u64 only_this[CPUSET_WORDS] = {0};
	struct thread *t[2];

	done = turn = turns_in_a_row = 0;
	bitmap_set(only_this, this_cpu_id());
	for (long i = 0; i < 2; i++) {
		t[i] = kthread_create("turns", take_turns, (void *)(i + 1));
		if (!KT_OK(t[i]))
			return;
		KT_EQ(thread_set_affinity(t[i], only_this), 0);
	}
	thread_start(t[0]);
	thread_start(t[1]);
	KT_OK(wait_done(2));
	/* The first may run some turns before the second has begun, the second after the first has ended. */
	KT_OK(turns_in_a_row < 1000);
}

static void visit_all(void *unused)
{
	size_t cpu;

	(void)unused;
	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		u64 only[CPUSET_WORDS] = {0};

		bitmap_set(only, cpu);
		KT_EQ(thread_set_affinity(current(), only), 0);
		KT_EQ(this_cpu_id(), cpu);
		thread_sleep_until(clock_ns() + NSEC_PER_MSEC);
		KT_EQ(this_cpu_id(), cpu);
	}
	finished();
}

KTEST(affinity_moves_a_thread)
{
	struct thread *t = kthread_create("visitor", visit_all, NULL);
	u64 none[CPUSET_WORDS] = {0};

	done = 0;
	if (!KT_OK(t))
		return;
	KT_EQ(thread_set_affinity(t, none), -EINVAL);
	thread_start(t);
	KT_OK(wait_done(1));
}

static struct timer slow;
static bool slow_entered, slow_left; /* a */

static void fire_slowly(struct timer *t)
{
	u64 start = clock_ns();

	timer_start(t, start + PATIENCE);
	__atomic_store_n(&slow_entered, true, __ATOMIC_RELEASE);
	while (clock_ns() < start + 2 * NSEC_PER_MSEC)
		cpu_pause();
	__atomic_store_n(&slow_left, true, __ATOMIC_RELEASE);
}

static void start_slow(void *unused)
{
	(void)unused;
	timer_start(&slow, 0);
	finished();
}

KTEST(timer_cancel_waits_for_one_that_restarts_itself)
{
	u64 all[CPUSET_WORDS], here[CPUSET_WORDS] = {0}, there[CPUSET_WORDS] = {0};
	struct thread *t = kthread_create("starter", start_slow, NULL);

	if (!KT_OK(t))
		return;
	done = 0;
	slow_entered = slow_left = false;
	timer_init(&slow, fire_slowly);
	bitmap_set(here, 0);
	bitmap_set(there, cpu_online > 1 ? 1 : 0);
	memset(all, 0xff, sizeof(all));
	KT_EQ(thread_set_affinity(current(), here), 0);
	KT_EQ(thread_set_affinity(t, there), 0);
	thread_start(t);
	while (!__atomic_load_n(&slow_entered, __ATOMIC_ACQUIRE))
		thread_yield();
	KT_OK(timer_cancel(&slow));
	KT_OK(__atomic_load_n(&slow_left, __ATOMIC_ACQUIRE));
	KT_OK(wait_done(1));
	KT_EQ(thread_set_affinity(current(), all), 0);
}

static unsigned destroyed; /* a */

static void count_destroy(struct thread *t)
{
	thread_fini(t);
	kfree(t);
	__atomic_fetch_add(&destroyed, 1, __ATOMIC_ACQ_REL);
}

static void nap(void *unused)
{
	(void)unused;
	thread_sleep_until(clock_ns() + 100 * NSEC_PER_USEC);
	finished();
}

KTEST(dead_threads_are_reaped)
{
	const unsigned count = 200;
	u64 end;

	done = destroyed = 0;
	for (unsigned i = 0; i < count; i++) {
		struct thread *t = kthread_create("mayfly", nap, NULL);

		if (!KT_OK(t))
			return;
		t->destroy = count_destroy;
		thread_start(t);
	}
	KT_OK(wait_done(count));
	end = clock_ns() + PATIENCE;
	while (__atomic_load_n(&destroyed, __ATOMIC_ACQUIRE) < count && clock_ns() < end)
		thread_sleep_until(clock_ns() + NSEC_PER_MSEC);
	KT_EQ(destroyed, count);
}

KTEST(cpu_time_is_counted)
{
	u64 before = thread_cpu_ns(current()), start = clock_ns();

	while (clock_ns() < start + 2 * NSEC_PER_MSEC)
		cpu_pause();
	KT_OK(thread_cpu_ns(current()) - before >= 2 * NSEC_PER_MSEC);

	bool sleep_is_free = false;

	for (int i = 0; i < TRIES && !sleep_is_free; i++) {
		before = thread_cpu_ns(current());
		thread_sleep_until(clock_ns() + 5 * NSEC_PER_MSEC);
		sleep_is_free = thread_cpu_ns(current()) - before < 5 * NSEC_PER_MSEC;
	}
	KT_OK(sleep_is_free);
}

KTEST(sched_stats_add_up)
{
	struct sched_stats a, b;

	sched_stats(&a);
	b = a;
	for (int i = 0; i < TRIES && b.switches == a.switches; i++) {
		thread_sleep_until(clock_ns() + NSEC_PER_MSEC);
		sched_stats(&b);
	}
	KT_OK(b.switches > a.switches);
	KT_OK(b.idle_ns >= a.idle_ns);
	KT_OK(b.running >= 1);
}
