/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash_races.c - as crash.c, the ways to break that take two threads and an unlucky moment. Only in kernels with
 * CONFIG_PREEMPT_POINTS or CONFIG_RACE, which have means to bring the moment about.
 */
#include "crash.h"

#include <arch/machine.h>
#include <core/mutex.h>
#include <core/race.h>
#include <lib/string.h>
#include <sched/thread.h>

#define ROUNDS 20000

static struct mutex first = MUTEX_INIT("first", first), second = MUTEX_INIT("second", second);
static bool between; /* a: somebody has the first, and wants the second */

/* Lockdep's report comes in the round in which both would wait for ever. */
static void first_then_second(void *unused)
{
	(void)unused;
	for (;;) {
		mutex_lock(&first);
		__atomic_store_n(&between, true, __ATOMIC_RELEASE);
		mutex_lock(&second);
		__atomic_store_n(&between, false, __ATOMIC_RELEASE);
		mutex_unlock(&second);
		mutex_unlock(&first);
		thread_yield();
	}
}

static void second_then_first(void *unused)
{
	(void)unused;
	for (;;) {
		mutex_lock(&second);
		if (__atomic_load_n(&between, __ATOMIC_ACQUIRE)) {
			mutex_lock(&first);
			mutex_unlock(&first);
		}
		mutex_unlock(&second);
		thread_yield();
	}
}

static struct mutex counter_lock = MUTEX_INIT("counter", counter_lock);
static struct waitq done_wait = WAITQ_INIT(done_wait);
static u64 counter;   /* counter_lock, but for crash=race */
static unsigned done; /* a */

static void finished(void)
{
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static __attribute__((noinline)) void crash_race(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		counter++;
		asm volatile("" : : : "memory"); /* each time anew */
	}
	finished();
}

static __attribute__((noinline)) void crash_locked(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&counter_lock);
		counter++;
		mutex_unlock(&counter_lock);
	}
	finished();
}

static void run_two(void (*one)(void *), void (*other)(void *))
{
	kthread_run("crash one", one, NULL);
	kthread_run("crash other", other, NULL);
	wait_event(&done_wait, __atomic_load_n(&done, __ATOMIC_ACQUIRE) == 2);
}

void crash_races(const char *name)
{
	if (!strcmp(name, "embrace"))
		run_two(first_then_second, second_then_first);
	if (!strcmp(name, "race"))
		run_two(crash_race, crash_race);
	if (!strcmp(name, "locked"))
		run_two(crash_locked, crash_locked);
	if (done)
		arch_end(race_verdict(END_ORDERLY));
}
