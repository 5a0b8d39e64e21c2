/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_sync.c - mutexes exclude, wait queues wake in order, waits end when they should. */
#include <core/ktest.h>

#include <core/mutex.h>
#include <core/time.h>
#include <sched/thread.h>

#define THREADS 6
#define ROUNDS 2000
#define EXCHANGES 500 /* each a switch there and back, with an interrupt: slow where vCPUs share a CPU */
#define PATIENCE (60 * NSEC_PER_SEC)

static struct waitq done_wait = WAITQ_INIT(done_wait);
static unsigned running; /* a */

static void finished(void)
{
	__atomic_fetch_sub(&running, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static void start(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = kthread_create(name, fn, arg);

	if (!KT_OK(t))
		return;
	__atomic_fetch_add(&running, 1, __ATOMIC_ACQ_REL);
	thread_start(t);
}

static bool join_all(void)
{
	return wait_event_until(&done_wait, __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 0,
				WAIT_UNINTERRUPTIBLE, clock_ns() + PATIENCE) == 0;
}

static struct mutex lock = MUTEX_INIT("ktest", lock);
static u64 counter; /* lock */
static unsigned inside; /* a */

static void count_up(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		u64 seen;

		mutex_lock(&lock);
		KT_OK(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) == 0);
		seen = counter;
		if (i % 16 == 0)
			thread_yield(); /* with the lock held */
		WRITE_ONCE(counter, seen + 1);
		__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
		mutex_unlock(&lock);
		if (i % 7 == 0)
			thread_yield();
	}
	finished();
}

KTEST(mutex_excludes)
{
	counter = 0;
	for (int i = 0; i < THREADS; i++)
		start("mutex", count_up, NULL);
	KT_OK(join_all());
	KT_EQ(counter, THREADS * ROUNDS);
	KT_OK(!lock.owner);
}

KTEST(mutex_trylock_fails_when_held)
{
	KT_OK(mutex_trylock(&lock));
	KT_OK(mutex_held(&lock));
	KT_OK(!mutex_trylock(&lock));
	mutex_unlock(&lock);
	KT_OK(!mutex_held(&lock));
}

static struct waitq gate = WAITQ_INIT(gate);
static unsigned waiting, order_count; /* a */
static long order[THREADS];

/* Enters the queue by hand, so that it is known when it has. */
static void wait_once(void *number)
{
	struct waiter w;

	waitq_add(&gate, &w);
	__atomic_fetch_add(&waiting, 1, __ATOMIC_ACQ_REL);
	for (;;) {
		thread_prepare_block();
		if (READ_ONCE(w.woken))
			break;
		thread_block(NO_DEADLINE);
	}
	thread_cancel_block();
	waitq_remove(&w);
	/* One is awake at a time: its number is there before the count says so. */
	order[__atomic_load_n(&order_count, __ATOMIC_ACQUIRE)] = (long)number;
	__atomic_fetch_add(&order_count, 1, __ATOMIC_ACQ_REL);
	finished();
}

static bool soon(unsigned *count, unsigned value)
{
	u64 end = clock_ns() + PATIENCE;

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) != value) {
		if (clock_ns() > end)
			return false;
		thread_yield();
	}
	return true;
}

KTEST(waitq_wakes_one_at_a_time_in_order)
{
	waiting = order_count = 0;
	for (long i = 0; i < THREADS; i++) {
		start("waiter", wait_once, (void *)i);
		KT_OK(soon(&waiting, (unsigned)i + 1));
	}
	KT_EQ(order_count, 0);
	for (unsigned i = 0; i < THREADS; i++) {
		waitq_wake_one(&gate);
		KT_OK(soon(&order_count, i + 1));
		KT_EQ(order[i], i);
	}
	KT_OK(join_all());
	KT_EQ(waitq_wake(&gate, 1), 0);
}

static unsigned ball; /* a: whose turn */
static struct waitq court = WAITQ_INIT(court);

static void play(void *me)
{
	unsigned mine = (unsigned)(long)me;

	for (int i = 0; i < EXCHANGES; i++) {
		wait_event(&court, __atomic_load_n(&ball, __ATOMIC_ACQUIRE) % 2 == mine);
		__atomic_fetch_add(&ball, 1, __ATOMIC_RELEASE);
		waitq_wake_all(&court);
	}
	finished();
}

KTEST(ping_pong_loses_no_wake)
{
	ball = 0;
	start("ping", play, (void *)0l);
	start("pong", play, (void *)1l);
	KT_OK(join_all());
	KT_EQ(ball, 2 * EXCHANGES);
}

KTEST(wait_ends_at_its_deadline)
{
	u64 deadline = clock_ns() + 3 * NSEC_PER_MSEC;
	int error = wait_event_until(&court, false, WAIT_UNINTERRUPTIBLE, deadline);

	KT_EQ(error, -ETIMEDOUT);
	KT_OK(clock_ns() >= deadline);
	KT_EQ(wait_event_until(&court, true, WAIT_UNINTERRUPTIBLE, 0), 0);
	KT_EQ(wait_event_until(&court, false, WAIT_UNINTERRUPTIBLE, 0), -ETIMEDOUT);
}

static struct waitq broken = WAITQ_INIT(broken);
static int broken_error;
static bool posted; /* a: thread_post() has returned, so the thread may end */

static void wait_for_ever(void *unused)
{
	(void)unused;
	broken_error = wait_event_interruptible(&broken, false);
	while (!__atomic_load_n(&posted, __ATOMIC_ACQUIRE))
		thread_yield();
	finished();
}

KTEST(posted_work_ends_a_wait)
{
	struct thread *t = kthread_create("broken", wait_for_ever, NULL);

	if (!KT_OK(t))
		return;
	broken_error = 0;
	posted = false;
	running = 1;
	thread_start(t);
	while (list_empty(&broken.waiters))
		thread_yield();
	thread_post(t, WORK_SIGNAL);
	__atomic_store_n(&posted, true, __ATOMIC_RELEASE);
	KT_OK(join_all());
	KT_EQ(broken_error, -EINTR);
}

/* As an interrupt does it that comes between the last look at the work and the switch. */
KTEST(work_posted_to_oneself_ends_the_wait)
{
	u64 patience = clock_ns() + PATIENCE;

	thread_prepare_block();
	thread_post(current(), WORK_SIGNAL);
	KT_OK(thread_block(patience));
	KT_OK(clock_ns() < patience);
	thread_work_done(WORK_SIGNAL);
}
