/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_spinlock.c - one kind of spinlock (Makefile), on processors that are threads of the host: they exclude one another, what is
 * written under a lock is seen under it, fair ones serve who came first, interrupts may wait while a thread waits, and locks are
 * released in any order. A processor is at most so deep in locks as the kind says; then it panics.
 */
#include "test.h"

#include <core/panic.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define WORKERS 4
#define ROUNDS 4000
#define DEPTH 4 /* of interrupts within interrupts, where nothing refuses it */

__thread unsigned machine_cpu;
static __thread void (*interrupt)(void); /* what comes in this thread's next pause; it may pause itself */
static __thread jmp_buf *panics;         /* where a panic of this thread goes on */
static unsigned pauses[MACHINE_CPUS];    /* a */

static struct spinlock lock = SPINLOCK_INIT("test"), second = SPINLOCK_INIT("second"), third = SPINLOCK_INIT("third");
static u64 counter, counter2, counter3; /* under each */
static unsigned errors; /* a: assertions of cmocka are for its own thread */

void cpu_pause(void)
{
	void (*handler)(void) = interrupt;

	__atomic_fetch_add(&pauses[machine_cpu], 1, __ATOMIC_RELEASE);
	interrupt = NULL;
	if (handler)
		handler();
	sched_yield();
}

void panic(const char *format, ...)
{
	(void)format;
	if (!panics)
		abort();
	longjmp(*panics, 1);
}

static void expect(bool truth)
{
	if (!truth)
		__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
}

static bool is(const char *kind)
{
	return !host_memcmp(KIND, kind, sizeof(KIND));
}

static bool is_fair(void)
{
	return is("ticket") || is("mcs") || is("queued");
}

struct worker {
	pthread_t thread;
	unsigned cpu;
	void (*fn)(unsigned cpu);
};

static void *begin(void *arg)
{
	struct worker *w = arg;

	machine_cpu = w->cpu;
	w->fn(w->cpu);
	return NULL;
}

/* This thread is processor 0. */
static void start(struct worker *w, unsigned cpu, void (*fn)(unsigned))
{
	*w = (struct worker){.cpu = cpu, .fn = fn};
	assert_int_equal(pthread_create(&w->thread, NULL, begin, w), 0);
}

static void run_all(void (*fn)(unsigned))
{
	struct worker workers[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++)
		start(&workers[i], i + 1, fn);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	assert_int_equal(errors, 0);
}

static void count(unsigned cpu)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 8 || !spin_trylock(&lock))
			spin_lock(&lock);
		expect(spin_is_locked(&lock));
		counter++;
		if ((i + cpu) % 64 == 0)
			sched_yield(); /* others come meanwhile */
		spin_unlock(&lock);
	}
}

/* Whoever gets it only ever tries: what the last one wrote has to be seen by that alone. */
static void count_by_trying(unsigned cpu)
{
	(void)cpu;
	for (unsigned i = 0; i < ROUNDS / 8; i++) {
		while (!spin_trylock(&lock))
			cpu_pause();
		counter++;
		spin_unlock(&lock);
	}
}

static void test_excludes_by_trying(void **state)
{
	(void)state;
	counter = 0;
	run_all(count_by_trying);
	assert_int_equal(counter, WORKERS * (ROUNDS / 8));
}

static void test_excludes(void **state)
{
	(void)state;
	counter = 0;
	run_all(count);
	assert_int_equal(counter, WORKERS * ROUNDS);
	assert_false(spin_is_locked(&lock));
}

static void test_trylock(void **state)
{
	(void)state;
	assert_true(spin_trylock(&lock));
	assert_true(spin_is_locked(&lock));
	assert_false(spin_trylock(&lock));
	spin_unlock(&lock);
	assert_false(spin_is_locked(&lock));
	assert_true(spin_trylock(&lock));
	spin_unlock(&lock);
}

/* Three at once, the first taken released first. */
static void overlap(unsigned cpu)
{
	(void)cpu;
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		spin_lock(&lock);
		counter++;
		spin_lock(&second);
		counter2++;
		spin_unlock(&lock);
		spin_lock(&third);
		counter3++;
		if (i % 16 == 0)
			sched_yield();
		spin_unlock(&second);
		spin_unlock(&third);
	}
}

static void test_released_in_any_order(void **state)
{
	(void)state;
	counter = counter2 = counter3 = 0;
	run_all(overlap);
	assert_int_equal(counter, WORKERS * ROUNDS / 4);
	assert_int_equal(counter2, WORKERS * ROUNDS / 4);
	assert_int_equal(counter3, WORKERS * ROUNDS / 4);
}

static void handler(void)
{
	spin_lock(&second);
	counter2++;
	spin_unlock(&second);
}

static void interrupted(unsigned cpu)
{
	(void)cpu;
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		interrupt = handler;
		spin_lock(&lock);
		counter++;
		if (i % 16 == 0)
			sched_yield();
		spin_unlock(&lock);
		if (interrupt) { /* nobody was in the way */
			interrupt = NULL;
			handler();
		}
	}
}

static void test_interrupts_wait_too(void **state)
{
	(void)state;
	counter = counter2 = 0;
	run_all(interrupted);
	assert_int_equal(counter, WORKERS * ROUNDS / 4);
	assert_int_equal(counter2, WORKERS * ROUNDS / 4);
}

static unsigned order[MACHINE_CPUS], served; /* lock */

static void come(unsigned cpu)
{
	spin_lock(&lock);
	order[served++] = cpu;
	spin_unlock(&lock);
}

/* As who saw the lock held by somebody and wanted by nobody, and was late: the queued lock has ways that only he takes. */
static void come_late(unsigned cpu)
{
#ifdef SPIN_PENDING
	spin_wait(&lock.word, SPIN_LOCKED);
#else
	spin_lock(&lock);
#endif
	order[served++] = cpu;
	spin_unlock(&lock);
}

static bool may_leave; /* a */

static void come_and_stay(unsigned cpu)
{
	spin_lock(&lock);
	order[__atomic_fetch_add(&served, 1, __ATOMIC_RELEASE)] = cpu;
	while (!__atomic_load_n(&may_leave, __ATOMIC_ACQUIRE))
		sched_yield();
	spin_unlock(&lock);
}

/* One that pauses has said that it waits. */
static void start_and_see_wait(struct worker *w, unsigned cpu, void (*fn)(unsigned))
{
	unsigned before = __atomic_load_n(&pauses[cpu], __ATOMIC_ACQUIRE);

	start(w, cpu, fn);
	while (__atomic_load_n(&pauses[cpu], __ATOMIC_ACQUIRE) == before)
		sched_yield();
}

static void test_order(void **state)
{
	struct worker workers[MACHINE_CPUS];

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		served = 0;
		spin_lock(&lock);
		for (unsigned cpu = 1; cpu < MACHINE_CPUS; cpu++)
			start_and_see_wait(&workers[cpu], cpu, round % 2 && cpu > 1 ? come_late : come);
		assert_int_equal(served, 0);
		spin_unlock(&lock);
		for (unsigned cpu = 1; cpu < MACHINE_CPUS; cpu++)
			pthread_join(workers[cpu].thread, NULL);
		assert_int_equal(served, MACHINE_CPUS - 1);
		for (unsigned i = 0; i < MACHINE_CPUS - 1; i++)
			if (is_fair())
				assert_int_equal(order[i], i + 1);
	}
}

/* The first who waited has it, others wait in line, and one comes late. */
static void test_late(void **state)
{
	struct worker workers[4];

	(void)state;
	if (!is_fair())
		return;
	served = 0;
	may_leave = false;
	spin_lock(&lock);
	start_and_see_wait(&workers[1], 1, come_and_stay);
	start_and_see_wait(&workers[2], 2, come);
	spin_unlock(&lock);
	while (!__atomic_load_n(&served, __ATOMIC_ACQUIRE))
		sched_yield();
	start_and_see_wait(&workers[3], 3, come_late);
	__atomic_store_n(&may_leave, true, __ATOMIC_RELEASE);
	for (unsigned cpu = 1; cpu < 4; cpu++)
		pthread_join(workers[cpu].thread, NULL);
	assert_int_equal(served, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(order[i], i + 1);
}

/* ---- how deep? ---- */

static struct spinlock many[32]; /* under no name: nobody looks at their class */

static unsigned hold(unsigned n)
{
	volatile unsigned held;
	jmp_buf here;

	panics = &here;
	for (held = 0; held < n; held++) {
		if (setjmp(here))
			break;
		spin_lock(&many[held]);
	}
	panics = NULL;
	for (unsigned i = 0; i < held; i++)
		spin_unlock(&many[i]);
	return held;
}

static void test_holds_as_many_as_it_says(void **state)
{
	(void)state;
#ifdef SPIN_NODES
	if (is("mcs")) {
		assert_int_equal(hold(SPIN_NODES), SPIN_NODES);
		assert_int_equal(hold(SPIN_NODES + 1), SPIN_NODES);
	}
#endif
	assert_int_equal(hold(16), 16);
}

static __thread unsigned depth;
static unsigned deepest; /* a */
static bool refused;     /* a */

static void deeper(void)
{
	unsigned i = depth++;

	__atomic_store_n(&deepest, i + 1, __ATOMIC_RELEASE);
	interrupt = i + 1 < (is("queued") ? DEPTH + 1 : DEPTH) ? deeper : NULL;
	spin_lock(&many[i]);
	spin_unlock(&many[i]);
}

static void nest(unsigned cpu)
{
	jmp_buf here;

	(void)cpu;
	panics = &here;
	if (setjmp(here))
		__atomic_store_n(&refused, true, __ATOMIC_RELEASE);
	else
		deeper();
}

static void wait_at(unsigned cpu)
{
	spin_lock(&many[cpu - 1]);
	spin_unlock(&many[cpu - 1]);
}

/* Each of the locks is held, with one who waits already, so that who nests needs a list node for each. The last test. */
static void test_waits_as_deep_as_it_says(void **state)
{
	const unsigned locks = is("queued") ? DEPTH + 1 : DEPTH;
	struct worker first[DEPTH + 1], nested;

	(void)state;
	for (unsigned i = 0; i < locks; i++)
		spin_lock(&many[i]);
	for (unsigned i = 0; i < locks; i++)
		start_and_see_wait(&first[i], i + 1, wait_at);
	start(&nested, MACHINE_CPUS - 1, nest);
	while (__atomic_load_n(&deepest, __ATOMIC_ACQUIRE) < locks)
		sched_yield();
	for (unsigned i = 0; i < locks; i++)
		spin_unlock(&many[i]);
	for (unsigned i = 0; i < locks; i++)
		pthread_join(first[i].thread, NULL);
	pthread_join(nested.thread, NULL);
	assert_int_equal(refused, is("queued"));
}

TEST_MAIN("spinlock " KIND, TEST(test_trylock), TEST(test_excludes_by_trying), TEST(test_excludes), TEST(test_released_in_any_order),
	  TEST(test_interrupts_wait_too), TEST(test_order), TEST(test_late), TEST(test_holds_as_many_as_it_says),
	  TEST(test_waits_as_deep_as_it_says))
