/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a threaded program relies on: mutexes, condition variables, barriers, read-write locks,
 * thread-local storage, once, detached threads, cancellation, and floating point in every thread.
 * threads [SCALE]: how much of everything (1).
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel.h"

#define THREADS 8

static long scale = 1;

/* Runs THREADS threads to their end; the sum of what they returned. */
static long together(void *(*main_function)(void *))
{
	pthread_t threads[THREADS];
	long sum = 0;

	for (long i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, main_function, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		must(pthread_join(threads[i], &result) == 0);
		sum += (long)result;
	}
	return sum;
}

/* ---- mutex ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *mutex_main(void *argument)
{
	for (long i = 0; i < 2000 * scale; i++) {
		pthread_mutex_lock(&mutex);
		long old = counter;

		if (i % 100 == 0)
			sched_yield();
		counter = old + 1;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void test_mutex(void)
{
	is_int(together(mutex_main), THREADS * (THREADS - 1) / 2, "all threads return their value");
	is_int(counter, THREADS * 2000 * scale, "a mutex keeps a counter whole");
}

static void *robbed_main(void *argument)
{
	return (void *)(long)pthread_mutex_trylock(argument);
}

static void test_mutex_kinds(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t recursive, checking;
	pthread_t thread;
	void *result;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checking, &attributes);

	is_int(pthread_mutex_lock(&recursive), 0, "a recursive mutex locks");
	is_int(pthread_mutex_lock(&recursive), 0, "and locks again");
	must(pthread_create(&thread, NULL, robbed_main, &recursive) == 0);
	pthread_join(thread, &result);
	is_int((long)result, EBUSY, "but not for another thread");
	is_int(pthread_mutex_lock(&checking), 0, "an error-checking mutex locks");
	is_int(pthread_mutex_lock(&checking), EDEADLK, "and tells of the deadlock");

	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	is_int(pthread_mutex_timedlock(&mutex, &until), ETIMEDOUT, "a timed lock times out");
	pthread_mutex_unlock(&mutex);
}

/* ---- condition variable: a bounded queue ---- */

static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static long queue[4], queue_length, produced;

/* Even threads produce the numbers 1.., odd ones consume; a consumer returns its sum. */
static void *queue_main(void *argument)
{
	bool producer = (long)argument % 2 == 0;
	long sum = 0;

	for (long i = 0; i < 300 * scale; i++) {
		pthread_mutex_lock(&mutex);
		while (queue_length == (producer ? 4 : 0))
			pthread_cond_wait(producer ? &not_full : &not_empty, &mutex);
		if (producer)
			queue[queue_length++] = ++produced;
		else
			sum += queue[--queue_length];
		pthread_cond_signal(producer ? &not_empty : &not_full);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)sum;
}

static bool go;
static pthread_cond_t start = PTHREAD_COND_INITIALIZER;

static void *broadcast_main(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&mutex);
	counter++;
	while (!go)
		pthread_cond_wait(&start, &mutex);
	pthread_mutex_unlock(&mutex);
	return (void *)1;
}

static void *broadcaster_main(void *argument)
{
	if (argument != (void *)(THREADS - 1L))
		return broadcast_main(argument);
	for (bool ready = false; !ready; sched_yield()) {
		pthread_mutex_lock(&mutex);
		ready = counter == THREADS - 1;
		pthread_mutex_unlock(&mutex);
	}
	pthread_mutex_lock(&mutex);
	go = true;
	pthread_cond_broadcast(&start);
	pthread_mutex_unlock(&mutex);
	return (void *)1;
}

static void test_condition(void)
{
	long items = THREADS / 2 * 300 * scale;
	struct timespec until;

	is_int(together(queue_main), items * (items + 1) / 2, "a queue loses and doubles nothing");
	counter = 0;
	is_int(together(broadcaster_main), THREADS, "a broadcast wakes everyone");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec--;
	pthread_mutex_lock(&mutex);
	is_int(pthread_cond_timedwait(&start, &mutex, &until), ETIMEDOUT,
	       "a wait until the past ends");
	pthread_mutex_unlock(&mutex);
}

/* ---- barrier ---- */

static pthread_barrier_t barrier;
static atomic_long arrived;

static void *barrier_main(void *argument)
{
	long wrong = 0, serial = 0;

	(void)argument;
	for (long round = 1; round <= 50 * scale; round++) {
		arrived++;
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
		wrong += arrived < round * THREADS;
		pthread_barrier_wait(&barrier);
	}
	return (void *)(wrong * 1000000 + serial);
}

static void test_barrier(void)
{
	must(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	is_int(together(barrier_main), 50 * scale, "nobody passes a barrier early, one is serial");
	pthread_barrier_destroy(&barrier);
}

/* ---- read-write lock ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static volatile long left, right;

static void *rwlock_main(void *argument)
{
	bool writer = (long)argument < 2;
	long torn = 0;

	for (long i = 0; i < 500 * scale; i++) {
		if (writer) {
			pthread_rwlock_wrlock(&rwlock);
			left++;
			if (i % 50 == 0)
				sched_yield();
			right++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			torn += left != right;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return (void *)torn;
}

static void test_rwlock(void)
{
	is_int(together(rwlock_main), 0, "readers never see half a write");
	is_int(left, 2 * 500 * scale, "writers exclude each other");
}

/* ---- thread-local storage, keys, once ---- */

static __thread long local = 17;
static __thread char local_zero[3000];
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_long destroyed, initialised;

static void once_main(void)
{
	initialised++;
	sched_yield();
}

static void key_destroy(void *value)
{
	destroyed += (long)value;
}

static void *tls_main(void *argument)
{
	long number = (long)argument, wrong = local != 17 || local_zero[2999] != 0;

	pthread_once(&once, once_main);
	wrong += initialised != 1;
	pthread_setspecific(key, (void *)(number + 1));
	local = number;
	local_zero[2999] = 1;
	for (int i = 0; i < 100; i++) {
		sched_yield();
		wrong += local != number || pthread_getspecific(key) != (void *)(number + 1);
	}
	return (void *)wrong;
}

static void test_tls(void)
{
	must(pthread_key_create(&key, key_destroy) == 0);
	is_int(together(tls_main), 0, "thread-local variables, keys and once");
	is_int(destroyed, THREADS * (THREADS + 1) / 2, "each key's destructor ran");
	is_int(local, 17, "the first thread's own copy is untouched");
}

/* ---- floating point ---- */

/* Bit-exact: the same sum in every thread, whatever comes between. */
static double series(long seed)
{
	volatile double sum = 0;
	long double wide = 0;

	for (long i = 1; i < 4000; i++) {
		sum += sqrt((double)(i * seed)) / i;
		wide += 1.0L / (i + seed);
	}
	return sum + (double)wide;
}

static void *float_main(void *argument)
{
	long seed = (long)argument + 1, wrong = 0;
	double first = series(seed), again;

	for (long i = 0; i < 10 * scale; i++) {
		again = series(seed);
		wrong += memcmp(&first, &again, sizeof(first)) != 0;
	}
	return (void *)wrong;
}

/* ---- lives of threads ---- */

static sem_t finished;

static void *short_main(void *argument)
{
	sem_post(&finished);
	return argument;
}

static void test_many(void)
{
	long wrong = 0;
	pthread_attr_t attributes;
	pthread_t thread;

	sem_init(&finished, 0, 0);
	for (long i = 0; i < 200 * scale; i++) {
		void *result;

		must(pthread_create(&thread, NULL, short_main, (void *)i) == 0);
		pthread_join(thread, &result);
		wrong += (long)result != i;
		sem_wait(&finished);
	}
	is_int(wrong, 0, "threads are created and joined again and again");

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 50; i++)
		must(pthread_create(&thread, &attributes, short_main, NULL) == 0);
	for (int i = 0; i < 50; i++)
		while (sem_wait(&finished) < 0)
			;
	ok(1, "fifty detached threads ran");
}

static void *endless_main(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void test_cancel(void)
{
	pthread_t thread;
	void *result;

	must(pthread_create(&thread, NULL, endless_main, NULL) == 0);
	is_int(pthread_cancel(thread), 0, "a sleeping thread can be cancelled");
	pthread_join(thread, &result);
	ok(result == PTHREAD_CANCELED, "and says so");
}

static void *id_main(void *argument)
{
	return argument ? NULL
			: (void *)(syscall(SYS_gettid) != getpid() ? syscall(SYS_gettid) : 0);
}

static void test_ids(void)
{
	pthread_t thread;
	void *tid;

	is_int(syscall(SYS_gettid), getpid(), "the first thread's id is the process's");
	must(pthread_create(&thread, NULL, id_main, NULL) == 0);
	pthread_join(thread, &tid);
	ok((long)tid > 0, "another thread's id differs, its process id does not");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		must((scale = atol(argv[1])) > 0);
	test_ids();
	test_mutex();
	test_mutex_kinds();
	test_condition();
	test_barrier();
	test_rwlock();
	test_tls();
	is_int(together(float_main), 0, "floating point is exact in every thread");
	test_many();
	test_cancel();
	return done();
}
