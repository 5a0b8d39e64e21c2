/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest_lockdep.c - what lockdep must report of mutexes, it reports, and nothing else. Only in kernels that have it.
 *
 * What ends a kernel by its nature is not here but in sched/crash.c.
 */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <core/mutex.h>
#include <core/time.h>

static struct spinlock spin = SPINLOCK_INIT("ktest spin");
static struct mutex a = MUTEX_INIT("ktest a", a), b = MUTEX_INIT("ktest b", b), c = MUTEX_INIT("ktest c", c);
static struct mutex d = MUTEX_INIT("ktest d", d), e = MUTEX_INIT("ktest e", e);
static struct mutex twin = MUTEX_INIT("ktest a", twin);

static void take_both(struct mutex *first, struct mutex *second)
{
	mutex_lock(first);
	mutex_lock(second);
	mutex_unlock(second);
	mutex_unlock(first);
}

KTEST(lockdep_learns_the_order_of_mutexes)
{
	lockdep_expect("lock order: taking ktest a while holding ktest c, but ktest a -> ktest b -> ktest c was seen before");
	take_both(&a, &b);
	take_both(&b, &c);
	take_both(&a, &c);
	KT_EQ(lockdep_expect("lock order: taking ktest a while holding ktest c"), 0);
	take_both(&c, &a);
	KT_EQ(lockdep_expect("lock order: taking ktest a while holding ktest b, but ktest a -> ktest b was seen before"), 1);
	take_both(&b, &a);
	KT_EQ(lockdep_expect(NULL), 1);
}

/* Who tries does not wait, so nothing is learned of it; what it holds then counts. Releases come in any order. */
KTEST(lockdep_knows_what_a_mutex_trylock_means)
{
	lockdep_expect("lock order: taking ktest d while holding ktest e");
	take_both(&d, &e);
	mutex_lock(&e);
	KT_OK(mutex_trylock(&d));
	mutex_unlock(&e);
	mutex_unlock(&d);
	KT_EQ(lockdep_expect("lock order: taking ktest d while holding ktest e"), 0);
	KT_OK(mutex_trylock(&e));
	mutex_lock(&d);
	mutex_unlock(&d);
	mutex_unlock(&e);
	KT_EQ(lockdep_expect(NULL), 1);
}

KTEST(lockdep_lets_mutexes_of_a_class_nest_only_where_said)
{
	lockdep_expect("lock order: taking ktest a while holding another one of that name");
	mutex_lock(&a);
	lockdep_nest();
	mutex_lock(&twin);
	mutex_unlock(&twin);
	KT_EQ(lockdep_expect("lock order: taking ktest a while holding another one of that name"), 0);
	mutex_lock(&twin);
	mutex_unlock(&twin);
	mutex_unlock(&a);
	KT_EQ(lockdep_expect(NULL), 1);
}

KTEST(lockdep_reports_a_mutex_under_a_spinlock)
{
	lockdep_expect("ktest a: may sleep, while holding ktest spin");
	spin_lock(&spin);
	mutex_lock(&a);
	mutex_unlock(&a);
	spin_unlock(&spin);
	KT_EQ(lockdep_expect(NULL), 1);
}

KTEST(lockdep_reports_a_mutex_with_interrupts_off)
{
	u64 flags;

	lockdep_expect("ktest a: may sleep, with interrupts off");
	flags = irq_save();
	mutex_lock(&a);
	mutex_unlock(&a);
	irq_restore(flags);
	KT_EQ(lockdep_expect(NULL), 1);
}

static bool interrupted; /* a */

static void take_in_interrupt(struct timer *unused)
{
	(void)unused;
	mutex_lock(&b);
	mutex_unlock(&b);
	if (mutex_trylock(&b))
		mutex_unlock(&b);
	__atomic_store_n(&interrupted, true, __ATOMIC_RELEASE);
}

/* Waiting, trying and having it: three reports, as the first says that it would sleep and the others that it is there. */
KTEST(lockdep_reports_a_mutex_in_an_interrupt_handler)
{
	struct timer timer;

	lockdep_expect("an interrupt handler");
	timer_init(&timer, take_in_interrupt);
	timer_start(&timer, clock_ns() + NSEC_PER_MSEC);
	while (!__atomic_load_n(&interrupted, __ATOMIC_ACQUIRE))
		cpu_pause();
	timer_cancel(&timer);
	KT_EQ(lockdep_expect(NULL), 3);
}

KTEST(lockdep_reports_a_mutex_held_outside_the_kernel)
{
	lockdep_expect("ktest: leaves the kernel while holding ktest b");
	lockdep_assert_no_mutex("ktest");
	mutex_lock(&b);
	lockdep_assert_no_mutex("ktest");
	mutex_unlock(&b);
	lockdep_assert_no_mutex("ktest");
	KT_EQ(lockdep_expect(NULL), 1);
}
