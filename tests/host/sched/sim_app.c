/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_app.c - KTESTs that need applications: futexes under contention, preemption, and vector
 * registers that pin a thread to a CPU. Only the simulated machine has such applications.
 */
#include "sim_return.h"

#include <core/panic.h>
#include <core/wait.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <sched/futex.h>
#include <sched/thread.h>
#include <uapi/linux/sched.h>

#define THREADS 8
#define ROUNDS 3000
#define ANY (~0u)

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
				WAIT_UNINTERRUPTIBLE, clock_ns() + 60 * NSEC_PER_SEC) == 0;
}

static void app_destroy(struct thread *t)
{
	thread_fini(t);
	kfree(t);
}

static struct thread *app_create(void (*entry)(void *), void *arg)
{
	struct thread *t = kmalloc(sizeof(*t));

	if (!KT_OK(t && !thread_init(t, "app", true, entry, arg)))
		return NULL;
	t->destroy = app_destroy;
	t->vmspace = (struct vmspace *)&done_wait; /* only compared */
	return t;
}

void app_tick(bool in_application)
{
	(void)in_application;
}

static void app_mode(void)
{
	irq_disable();
	sim_app_return();
	irq_enable();
}

/* ---- a mutex as in "Futexes Are Tricky" (Drepper), and a counter under it ---- */
static u32 word;
static u64 counter;

static void user_lock(void)
{
	u32 seen = 0;

	if (__atomic_compare_exchange_n(&word, &seen, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	if (seen != 2)
		seen = __atomic_exchange_n(&word, 2, __ATOMIC_SEQ_CST);
	while (seen) {
		int error = futex_wait((uaddr_t)&word, 2, ANY, NO_DEADLINE, true);

		KT_OK(error == 0 || error == -EAGAIN);
		seen = __atomic_exchange_n(&word, 2, __ATOMIC_SEQ_CST);
	}
}

static void user_unlock(void)
{
	if (__atomic_fetch_sub(&word, 1, __ATOMIC_SEQ_CST) != 1) {
		__atomic_store_n(&word, 0, __ATOMIC_SEQ_CST);
		KT_OK(futex_wake((uaddr_t)&word, 1, ANY, true) >= 0);
	}
}

static void count_up(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		u64 seen;

		app_mode();
		user_lock();
		seen = READ_ONCE(counter);
		if (i % 8 == 0)
			thread_yield();
		WRITE_ONCE(counter, seen + 1);
		user_unlock();
	}
	finished();
}

KTEST(futex_mutex_excludes_and_loses_no_wake)
{
	word = 0;
	counter = done = 0;
	for (int i = 0; i < THREADS; i++)
		thread_start(app_create(count_up, NULL));
	KT_OK(wait_done(THREADS));
	KT_EQ(counter, THREADS * ROUNDS);
	KT_EQ(word, 0);
}

/* ---- requeue: all wait on one word, are moved to another, and are woken there ---- */
static u32 from, to;
static unsigned waiters; /* a */

static void wait_from(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&waiters, 1, __ATOMIC_ACQ_REL);
	KT_EQ(futex_wait((uaddr_t)&from, 7, ANY, NO_DEADLINE, false), 0);
	finished();
}

KTEST(futex_requeue_moves_waiters)
{
	struct thread *self = current();
	u32 expected = 8;
	long moved = 0;

	self->vmspace = (struct vmspace *)&done_wait;
	done = waiters = 0;
	from = 7;
	for (int i = 0; i < THREADS; i++)
		thread_start(app_create(wait_from, NULL));
	while (__atomic_load_n(&waiters, __ATOMIC_ACQUIRE) < THREADS)
		thread_yield();
	KT_EQ(futex_requeue((uaddr_t)&from, 1, 100, (uaddr_t)&to, &expected, false), -EAGAIN);
	expected = 7;
	while (moved < THREADS) {
		long n = futex_requeue((uaddr_t)&from, 1, 100, (uaddr_t)&to, &expected, false);

		KT_OK(n >= 0);
		moved += n;
		thread_yield();
	}
	KT_EQ(futex_wake((uaddr_t)&from, 100, ANY, false), 0);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < THREADS) {
		KT_OK(futex_wake((uaddr_t)&to, 1, ANY, false) >= 0);
		thread_yield();
	}
	KT_OK(wait_done(THREADS));
	self->vmspace = NULL;
}

KTEST(futex_answers)
{
	struct thread *self = current();
	u64 deadline = clock_ns() + 2 * NSEC_PER_MSEC;
	u32 w = 5;

	self->vmspace = (struct vmspace *)&done_wait;
	KT_EQ(futex_wait((uaddr_t)&w, 4, ANY, NO_DEADLINE, true), -EAGAIN);
	KT_EQ(futex_wait((uaddr_t)&w, 5, 0, NO_DEADLINE, true), -EINVAL);
	KT_EQ(futex_wait((uaddr_t)&w + 1, 5, ANY, NO_DEADLINE, true), -EINVAL);
	KT_EQ(futex_wait((uaddr_t)&w, 5, ANY, deadline, true), -ETIMEDOUT);
	KT_OK(clock_ns() >= deadline);
	/* SET 9 there; compare old == 5: nobody waits. */
	KT_EQ(futex_wake_op((uaddr_t)&from, 1, (uaddr_t)&w, 1, 9 << 12 | 5, true), 0);
	KT_EQ(w, 9);
	/* ADD -1. */
	KT_EQ(futex_wake_op((uaddr_t)&from, 1, (uaddr_t)&w, 1, 1u << 28 | 0xfff << 12, true), 0);
	KT_EQ(w, 8);
	KT_EQ(futex_wake_op((uaddr_t)&from, 1, (uaddr_t)&w, 1, 7u << 28, true), -ENOSYS);
	self->vmspace = NULL;
}

/* ---- preemption: threads that only compute all get their share ---- */
static u64 stop_at;

static void compute(void *unused)
{
	(void)unused;
	while (clock_ns() < stop_at)
		app_mode();
	finished();
}

KTEST(preemption_shares_the_cpus)
{
	struct thread *t[4];
	u64 preempted[ARRAY_SIZE(t)], ran[ARRAY_SIZE(t)];

	done = 0;
	stop_at = clock_ns() + 400 * NSEC_PER_MSEC;
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = app_create(compute, NULL);
		if (!t[i])
			return;
		t[i]->affinity[0] = 1;
		for (unsigned word_ = 1; word_ < CPUSET_WORDS; word_++)
			t[i]->affinity[word_] = 0;
		thread_start(t[i]);
	}
	thread_sleep_until(stop_at - 20 * NSEC_PER_MSEC);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		preempted[i] = t[i]->nivcsw;
		ran[i] = thread_cpu_ns(t[i]);
	}
	/* How much each got is the host's business too; that none kept the CPU is ours. */
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		KT_OK(ran[i] && preempted[i]);
	KT_OK(wait_done(ARRAY_SIZE(t)));
}

/* ---- who ran alone owes nothing to one that comes later ---- */
static u64 alone_turns; /* a */
static bool stop_alone; /* a */

static void run_alone(void *unused)
{
	(void)unused;
	while (!READ_ONCE(stop_alone)) {
		WRITE_ONCE(alone_turns, alone_turns + 1);
		app_mode();
	}
	finished();
}

/* How much CPU time it has before the other has its turn. */
static void come_later(void *arg)
{
	u64 turns = READ_ONCE(alone_turns), start = thread_cpu_ns(current());

	while (READ_ONCE(alone_turns) == turns)
		app_mode();
	*(u64 *)arg = thread_cpu_ns(current()) - start;
	finished();
}

KTEST(who_ran_alone_is_not_put_off)
{
	u64 wait = ~0ul;

	/* The host may stop the CPU at any time: the shortest of some tries. */
	for (int i = 0; i < 5 && wait >= 100 * NSEC_PER_MSEC; i++) {
		struct thread *t[2] = {app_create(run_alone, NULL), app_create(come_later, &wait)};

		done = 0;
		stop_alone = false;
		for (unsigned n = 0; n < 2; n++) {
			for (unsigned word_ = 0; word_ < CPUSET_WORDS; word_++)
				t[n]->affinity[word_] = word_ == 0;
		}
		thread_start(t[0]);
		thread_sleep_until(clock_ns() + 200 * NSEC_PER_MSEC);
		thread_start(t[1]);
		KT_OK(wait_done(1));
		stop_alone = true;
		KT_OK(wait_done(2));
	}
	KT_OK(wait < 100 * NSEC_PER_MSEC);
}

/* ---- vector registers and affinity: a thread with live registers is moved while it runs ---- */
static bool stop_wandering;

static void wander(void *unused)
{
	(void)unused;
	while (!READ_ONCE(stop_wandering)) {
		app_mode();
		if (clock_ns() % 64 == 0)
			thread_sleep_until(clock_ns() + 20 * NSEC_PER_USEC);
		cpu_pause();
	}
	finished();
}

KTEST(threads_with_live_registers_move)
{
	struct thread *t[6];

	done = 0;
	stop_wandering = false;
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = app_create(wander, NULL);
		if (t[i])
			thread_start(t[i]);
	}
	for (unsigned i = 0; i < 2000; i++) {
		u64 only[CPUSET_WORDS] = {0};

		bitmap_set(only, i % cpu_online);
		KT_EQ(thread_set_affinity(t[i % ARRAY_SIZE(t)], only), 0);
		thread_post(t[i % ARRAY_SIZE(t)], WORK_RESCHED);
		thread_set_nice(t[(i + 1) % ARRAY_SIZE(t)], (int)(i % 40) - 20);
		if (i % 16 == 0)
			thread_sleep_until(clock_ns() + 50 * NSEC_PER_USEC);
	}
	stop_wandering = true;
	KT_OK(wait_done(ARRAY_SIZE(t)));
}

/* ---- classes: as above, in and out of the real-time classes ---- */
KTEST(classes_change_under_running_threads)
{
	static const int classes[] = {SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_DEADLINE, SCHED_IDLE};
	struct thread *t[6];
	u64 all[CPUSET_WORDS] = {~0ul};

	done = 0;
	stop_wandering = false;
	/* Who changes them must not wait for them. */
	KT_EQ(thread_set_class(current(), &(struct thread_class){.class = SCHED_FIFO, .priority = 99}), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = app_create(wander, NULL);
		if (t[i])
			thread_start(t[i]);
	}
	for (unsigned i = 0; i < 2000; i++) {
		struct thread_class c = {.class = classes[i * 7 / 3 % ARRAY_SIZE(classes)]};
		u64 only[CPUSET_WORDS] = {0};

		c.priority = c.class == SCHED_FIFO || c.class == SCHED_RR ? 1 + (int)(i % 98) : 0;
		if (c.class == SCHED_DEADLINE) {
			c.runtime = 300 * NSEC_PER_USEC;
			c.deadline = c.period = 2 * NSEC_PER_MSEC;
		}
		thread_set_class(t[i % ARRAY_SIZE(t)], &c);
		bitmap_set(only, i % cpu_online);
		KT_EQ(thread_set_affinity(t[(i + 2) % ARRAY_SIZE(t)], i % 3 ? all : only), 0);
		if (i % 16 == 0)
			thread_sleep_until(clock_ns() + 50 * NSEC_PER_USEC);
	}
	stop_wandering = true;
	KT_OK(wait_done(ARRAY_SIZE(t)));
	KT_EQ(thread_set_class(current(), &(struct thread_class){.class = SCHED_OTHER}), 0);
}
