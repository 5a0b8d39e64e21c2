/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_biglock.c - the big lock excludes, nests, and is given up by who sleeps. Only in kernels that have it. */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <core/biglock.h>
#include <core/time.h>
#include <core/wait.h>
#include <sched/thread.h>

#define THREADS 6
#define ROUNDS 1000
#define PATIENCE (60 * NSEC_PER_SEC)

static struct waitq queue = WAITQ_INIT(queue);
static unsigned running; /* a */
static u64 counter;      /* the big lock */
static bool passed;      /* the big lock */

static void start(void (*fn)(void *))
{
	struct thread *t = kthread_create("big", fn, NULL);

	if (!KT_OK(t))
		return;
	__atomic_fetch_add(&running, 1, __ATOMIC_ACQ_REL);
	thread_start(t);
}

static void finished(void)
{
	__atomic_fetch_sub(&running, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&queue);
}

static bool join_all(void)
{
	return wait_event_until(&queue, __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 0, WAIT_UNINTERRUPTIBLE, clock_ns() + PATIENCE) == 0;
}

static void count_up(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 seen;

		big_lock();
		big_lock();
		seen = counter;
		for (unsigned spin = 0; spin < i % 8; spin++)
			cpu_pause();
		WRITE_ONCE(counter, seen + 1);
		big_unlock();
		KT_OK(big_lock_held());
		if (i % 16 == 0)
			thread_yield(); /* gives it up, and has it again */
		KT_OK(big_lock_held());
		seen = counter;
		WRITE_ONCE(counter, seen + 1);
		big_unlock();
		KT_OK(!big_lock_held());
	}
	finished();
}

KTEST(biglock_excludes)
{
	counter = 0;
	for (unsigned i = 0; i < THREADS; i++)
		start(count_up);
	KT_OK(join_all());
	KT_EQ(counter, 2 * THREADS * ROUNDS);
}

static void pass(void *unused)
{
	(void)unused;
	big_lock();
	passed = true;
	waitq_wake_all(&queue);
	big_unlock();
	finished();
}

KTEST(biglock_is_given_up_by_who_sleeps)
{
	passed = false;
	big_lock();
	big_lock();
	start(pass);
	KT_OK(wait_event_until(&queue, READ_ONCE(passed), WAIT_UNINTERRUPTIBLE, clock_ns() + PATIENCE) == 0);
	KT_OK(big_lock_held());
	big_unlock();
	KT_OK(big_lock_held());
	big_unlock();
	KT_OK(!big_lock_held());
	KT_OK(join_all());
}
