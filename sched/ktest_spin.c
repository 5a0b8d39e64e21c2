/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_spin.c - the kind of spinlock that this kernel has: threads on all CPUs, interrupts among them, and locks that overlap. */
#include <core/ktest.h>

#include <core/spinlock.h>
#include <core/time.h>
#include <core/wait.h>
#include <sched/thread.h>

#define THREADS 6
#define ROUNDS 100
#define HOLD_MAX 12 /* at once: no path of the kernel has more */
#define PATIENCE (60 * NSEC_PER_SEC)

static struct waitq done_wait = WAITQ_INIT(done_wait);
static unsigned running; /* a: threads, and one for the test itself */

static struct spinlock plain = SPINLOCK_INIT("ktest plain"), shared = SPINLOCK_INIT("ktest shared"), last = SPINLOCK_INIT("ktest last");
static u64 under_plain, under_shared, under_last; /* each under its lock */
static unsigned inside;  /* a: in plain */
static unsigned ticks;   /* a: of the timer that takes `shared` too */

static void count_up(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 seen, flags;

		spin_lock(&plain);
		KT_OK(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) == 0);
		seen = under_plain;
		flags = spin_lock_irqsave(&shared);
		WRITE_ONCE(under_shared, under_shared + 1);
		WRITE_ONCE(under_plain, seen + 1);
		__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
		spin_unlock(&plain); /* the first taken is the first released */
		if (i % 4 == 0) {
			spin_lock(&last);
			WRITE_ONCE(under_last, under_last + 1);
			spin_unlock(&last);
		}
		spin_unlock_irqrestore(&shared, flags);
		if (i % 64 == 0)
			thread_yield();
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static void tick(struct timer *timer)
{
	spin_lock(&shared);
	WRITE_ONCE(under_shared, under_shared + 1);
	spin_unlock(&shared);
	__atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		timer_start(timer, clock_ns() + 200 * NSEC_PER_USEC);
}

KTEST(spinlock_excludes)
{
	struct timer timer;

	under_plain = under_shared = under_last = ticks = 0;
	timer_init(&timer, tick);
	running = 1;
	timer_start(&timer, clock_ns());
	for (unsigned i = 0; i < THREADS; i++) {
		struct thread *t = kthread_create("spin", count_up, NULL);

		if (!KT_OK(t))
			break;
		__atomic_fetch_add(&running, 1, __ATOMIC_ACQ_REL);
		thread_start(t);
	}
	KT_OK(wait_event_until(&done_wait, __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 1, WAIT_UNINTERRUPTIBLE,
			       clock_ns() + PATIENCE) == 0);
	/* A busy host may have been late with the first. */
	for (u64 end = clock_ns() + PATIENCE; !READ_ONCE(ticks) && clock_ns() < end;)
		cpu_pause();
	running = 0;
	timer_cancel(&timer); /* it may have started itself again meanwhile: for the last time */
	timer_cancel(&timer);
	KT_OK(ticks > 0);
	KT_EQ(under_plain, THREADS * ROUNDS);
	KT_EQ(under_shared, THREADS * ROUNDS + ticks);
	KT_EQ(under_last, THREADS * ROUNDS / 4);
	KT_OK(!spin_is_locked(&plain) && !spin_is_locked(&shared) && !spin_is_locked(&last));
}

KTEST(spinlock_trylock_fails_when_held)
{
	KT_OK(!spin_is_locked(&plain));
	KT_OK(spin_trylock(&plain));
	KT_OK(spin_is_locked(&plain));
	KT_OK(!spin_trylock(&plain));
	spin_unlock(&plain);
	KT_OK(!spin_is_locked(&plain));
}

/* By trying, so that lockdep does not learn an order of what has one name. */
KTEST(spinlocks_are_held_many_at_once)
{
	static struct spinlock many[HOLD_MAX];

	for (unsigned i = 0; i < HOLD_MAX; i++) {
		spin_init(&many[i], "ktest many");
		KT_OK(spin_trylock(&many[i]));
	}
	for (unsigned i = 0; i < HOLD_MAX; i += 2)
		spin_unlock(&many[i]);
	for (unsigned i = 0; i < HOLD_MAX; i++)
		KT_EQ(spin_is_locked(&many[i]), i % 2);
	for (unsigned i = 1; i < HOLD_MAX; i += 2)
		spin_unlock(&many[i]);
}
