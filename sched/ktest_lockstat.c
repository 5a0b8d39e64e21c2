/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_lockstat.c - locks are counted: how often, how often in vain at first, and for how long. Only in kernels that count. */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/lockstat.h>
#include <core/mutex.h>
#include <core/time.h>
#include <lib/bitmap.h>
#include <sched/thread.h>

#define ROUNDS 100
#define HOLD_NS (2 * NSEC_PER_MSEC)

static struct spinlock spin = SPINLOCK_INIT("ktest counted"), busy = SPINLOCK_INIT("ktest busy");
static struct mutex mutex = MUTEX_INIT("ktest counted mutex", mutex);
static bool holds, done; /* a */

static struct lock_counts sum_of(const char *name)
{
	struct lock_counts sum = {0}, one;
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		lockstat_read(lock_class_id(name), (unsigned)cpu, &one);
		lock_counts_add(&sum, &one);
	}
	return sum;
}

static void delay(u64 ns)
{
	u64 end = clock_ns() + ns;

	while (clock_ns() < end)
		cpu_pause();
}

KTEST(lockstat_counts_spinlocks)
{
	struct lock_counts c, before = sum_of("ktest counted");
	u64 began = cpu_tsc(), took;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 2)
			spin_lock(&spin);
		else
			KT_OK(spin_trylock(&spin));
		KT_OK(!spin_trylock(&spin)); /* in vain: no acquisition */
		if (!i)
			delay(HOLD_NS);
		spin_unlock(&spin);
	}
	took = cpu_tsc() - began;
	c = sum_of("ktest counted");
	KT_EQ(c.taken - before.taken, ROUNDS);
	KT_EQ(c.contended, 0);
	KT_EQ(c.spins, 0);
	KT_EQ(c.wait, 0);
	KT_OK(c.held > c.held_max && c.held - before.held <= took);
	KT_OK(c.held_max >= HOLD_NS * arch_tsc_khz() / NSEC_PER_MSEC);
	KT_OK(!lockstat_sleeps(lock_class_id("ktest counted")));
}

static void hold_spinlock(void *unused)
{
	(void)unused;
	spin_lock(&busy);
	__atomic_store_n(&holds, true, __ATOMIC_RELEASE);
	delay(HOLD_NS);
	spin_unlock(&busy);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

static void hold_mutex(void *unused)
{
	(void)unused;
	mutex_lock(&mutex);
	__atomic_store_n(&holds, true, __ATOMIC_RELEASE);
	while (list_empty(&mutex.waiters.waiters))
		thread_yield();
	mutex_unlock(&mutex);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

/* On another CPU, where there is one; when it has the lock. */
static bool start(void (*fn)(void *))
{
	u64 cpus[CPUSET_WORDS] = {0};
	struct thread *t = kthread_create("holder", fn, NULL);
	unsigned other = (this_cpu_id() + 1) % cpu_online;

	cpus[other / 64] = BIT(other % 64);
	if (!KT_OK(t) || !KT_OK(thread_set_affinity(t, cpus) == 0))
		return false;
	holds = done = false;
	thread_start(t);
	while (!__atomic_load_n(&holds, __ATOMIC_ACQUIRE))
		thread_yield();
	return true;
}

static void wait_for_end(void)
{
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		thread_yield();
}

KTEST(lockstat_counts_waits_for_spinlocks)
{
	struct lock_counts c, before = sum_of("ktest busy");

	/* With one CPU it has ended by now. The next CPU may be late on a small host, then nobody waits: once more. */
	for (unsigned i = 0; cpu_online > 1 && i < 100 && sum_of("ktest busy").contended == before.contended; i++) {
		if (!start(hold_spinlock))
			return;
		spin_lock(&busy);
		spin_unlock(&busy);
		wait_for_end();
	}
	c = sum_of("ktest busy");
	KT_EQ(c.contended - before.contended, cpu_online > 1);
	KT_OK((c.spins > before.spins) == (cpu_online > 1));
	KT_OK((c.wait > before.wait) == (cpu_online > 1));
}

KTEST(lockstat_counts_mutexes)
{
	struct lock_counts c, before = sum_of("ktest counted mutex");

	if (!start(hold_mutex))
		return;
	KT_OK(!mutex_trylock(&mutex));
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	wait_for_end();
	c = sum_of("ktest counted mutex");
	KT_EQ(c.taken - before.taken, 2);
	KT_EQ(c.contended - before.contended, 1);
	KT_EQ(c.spins, 0);
	KT_OK(c.wait > before.wait && c.held > before.held);
	KT_OK(lockstat_sleeps(lock_class_id("ktest counted mutex")));
}
