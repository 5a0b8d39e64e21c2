/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_readers.c - readers without a lock, on processors that are threads of the host: what they found stays whole until they have
 * left, who takes away waits for those who may have found it, and for nobody else. What is read is ordinary memory, so an order that
 * core/readers.c does not make is a report of TSan's.
 */
#include "test.h"

#include <core/panic.h>
#include <core/readers.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define READERS 3
#define ROUNDS 3000
#define CHANGES 1000

struct thing {
	u64 left, right; /* the same, while it may be found */
};

__thread unsigned machine_cpu;
u64 cpu_online_mask[CPUSET_WORDS] = {BIT(MACHINE_CPUS) - 1};

static unsigned pauses[MACHINE_CPUS]; /* a */
static struct thing things[2], *found = &things[0]; /* a */
static unsigned errors, readers;      /* a */
static bool waits_over, may_leave;    /* a */
static unsigned inside;               /* a: how often the reader of test_waits has entered */

void cpu_pause(void)
{
	__atomic_fetch_add(&pauses[machine_cpu], 1, __ATOMIC_RELEASE);
	sched_yield();
}

void panic(const char *format, ...)
{
	(void)format;
	abort();
}

static void *read_on(void *cpu)
{
	machine_cpu = (unsigned)(uintptr_t)cpu;
	for (unsigned i = 0; i < ROUNDS; i++) {
		readers_enter();

		const struct thing *thing = __atomic_load_n(&found, __ATOMIC_ACQUIRE);
		u64 left = thing->left;

		if (i % 16 == 0)
			sched_yield();
		if (thing->right != left)
			__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
		readers_leave();
	}
	__atomic_fetch_sub(&readers, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Two things take turns: the one that was taken away is filled anew once nobody can be reading it. */
static void test_what_is_found_stays(void **state)
{
	pthread_t threads[READERS];

	(void)state;
	readers = READERS;
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, (void *)(uintptr_t)(i + 1)), 0);
	for (u64 i = 1; i <= CHANGES || __atomic_load_n(&readers, __ATOMIC_ACQUIRE); i++) {
		struct thing *spare = &things[i % 2];

		spare->left = i;
		if (i % 16 == 0)
			sched_yield();
		spare->right = i;
		__atomic_store_n(&found, spare, __ATOMIC_RELEASE);
		readers_wait();
	}
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(errors, 0);
}

static void *wait_for_readers(void *unused)
{
	(void)unused;
	machine_cpu = 2;
	readers_wait();
	__atomic_store_n(&waits_over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Reads twice: the second time from before the waiter looks again until it has gone. */
static void *read_twice(void *unused)
{
	(void)unused;
	machine_cpu = 1;
	readers_enter();
	__atomic_store_n(&inside, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&may_leave, __ATOMIC_ACQUIRE))
		sched_yield();
	readers_leave();
	readers_enter();
	__atomic_store_n(&inside, 2, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&waits_over, __ATOMIC_ACQUIRE))
		sched_yield();
	readers_leave();
	return NULL;
}

static void test_waits_for_who_may_have_found_it(void **state)
{
	pthread_t reader, waiter;

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_twice, NULL), 0);
	while (__atomic_load_n(&inside, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	assert_int_equal(pthread_create(&waiter, NULL, wait_for_readers, NULL), 0);
	while (!__atomic_load_n(&pauses[2], __ATOMIC_ACQUIRE) && !__atomic_load_n(&waits_over, __ATOMIC_ACQUIRE))
		sched_yield();
	for (unsigned i = 0; i < 100; i++)
		sched_yield();
	assert_false(__atomic_load_n(&waits_over, __ATOMIC_ACQUIRE));
	__atomic_store_n(&may_leave, true, __ATOMIC_RELEASE);
	pthread_join(waiter, NULL); /* though the reader reads again: since after the wait began */
	pthread_join(reader, NULL);
}

static void test_says_who_reads(void **state)
{
	(void)state;
	assert_false(readers_here());
	readers_enter();
	assert_true(readers_here());
	readers_leave();
	assert_false(readers_here());
	readers_wait(); /* nobody reads */
}

TEST_MAIN("readers", TEST(test_says_who_reads), TEST(test_what_is_found_stays), TEST(test_waits_for_who_may_have_found_it))
