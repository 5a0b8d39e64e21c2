/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - sleeping locks.
 *
 * The owner word is the lock. unlock wakes the first waiter, which then competes with whoever is on a
 * CPU just now: no idle time between owners, at the price of strict order.
 */
#include <core/mutex.h>

#include <arch/mark.h>
#include <core/lockstat.h>
#include <core/panic.h>
#include <core/preempt.h>

void mutex_init(struct mutex *m, const char *name)
{
	m->owner = NULL;
	m->name = name;
	waitq_init(&m->waiters);
}

static inline bool take(struct mutex *m)
{
	struct thread *nobody = NULL;

	return __atomic_compare_exchange_n(&m->owner, &nobody, thread_current(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool mutex_trylock(struct mutex *m)
{
	mark(MARK_SLEEPS | MARK_WANT, m);
	if (!take(m)) {
		mark(MARK_SLEEPS | MARK_LEFT, m);
		return false;
	}
	mark(MARK_SLEEPS | MARK_TAKEN, m);
	if (LOCK_STATS)
		lockstat_taken(m->name, true, m->taken_at, 0, 0);
	lockdep_mutex_taken(&m->dep, m->name, (u64)__builtin_return_address(0));
	return true;
}

void mutex_lock(struct mutex *m)
{
	u64 began = 0;

	lockdep_mutex_want(m->name);
	preempt_point(PREEMPT_SLEEP); /* not before: lockdep_nest() was said of this CPU */
	mark(MARK_SLEEPS | MARK_WANT, m);
	if (unlikely(!take(m))) {
		if (mutex_held(m))
			panic("mutex %s: taken twice by thread %s", m->name, thread_name(thread_current()));
		if (LOCK_STATS)
			began = cpu_tsc();
		wait_event(&m->waiters, take(m));
	}
	mark(MARK_SLEEPS | MARK_TAKEN, m);
	if (LOCK_STATS)
		lockstat_taken(m->name, true, m->taken_at, began, 0);
	lockdep_mutex_taken(&m->dep, m->name, (u64)__builtin_return_address(0));
}

void mutex_unlock(struct mutex *m)
{
	if (unlikely(!mutex_held(m)))
		panic("mutex %s: released by a thread that does not hold it", m->name);
	lockdep_mutex_release(&m->dep);
	if (LOCK_STATS)
		lockstat_left(m->name, m->taken_at);
	mark(MARK_SLEEPS | MARK_LEAVE, m);
	__atomic_store_n(&m->owner, NULL, __ATOMIC_RELEASE);
	mark(MARK_SLEEPS | MARK_LEFT, m);
	waitq_wake_one(&m->waiters);
	preempt_point(PREEMPT_SLEEP);
}

bool mutex_held(const struct mutex *m)
{
	return READ_ONCE(m->owner) == thread_current();
}
