/* SPDX-License-Identifier: BSD-2-Clause */
/* The futex system call itself, as futex(2) describes it, without a libc's use of it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel.h"

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128,
	REALTIME = 256,
};

/* A robust lock word: who holds it, and two marks. */
#define WAITERS 0x80000000u
#define OWNER_DIED 0x40000000u

static long futex(atomic_uint *at, int op, unsigned value, const void *timeout, atomic_uint *other,
		  unsigned value3)
{
	return syscall(SYS_futex, at, op, value, timeout, other, value3);
}

static atomic_uint word, second;
static atomic_int sleepers, woken;

/* What a waiting thread waits with. */
struct waiter {
	pthread_t thread;
	unsigned bits; /* 0: a plain WAIT */
	atomic_uint *at;
	long result;
	int error;
};

static void *waiter_main(void *argument)
{
	struct waiter *waiter = argument;

	sleepers++;
	waiter->result = waiter->bits
			     ? futex(waiter->at, WAIT_BITSET | PRIVATE, 0, NULL, NULL, waiter->bits)
			     : futex(waiter->at, WAIT | PRIVATE, 0, NULL, NULL, 0);
	waiter->error = errno;
	woken++;
	return NULL;
}

static void nap(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* Starts waiters and gives them time to fall asleep: no interface tells when one sleeps. */
static void waiters_start(struct waiter *waiters, int count)
{
	sleepers = woken = 0;
	for (int i = 0; i < count; i++)
		must(pthread_create(&waiters[i].thread, NULL, waiter_main, &waiters[i]) == 0);
	while (sleepers < count)
		sched_yield();
	nap(50);
}

static void waiters_join(struct waiter *waiters, int count)
{
	int bad = 0;

	for (int i = 0; i < count; i++) {
		pthread_join(waiters[i].thread, NULL);
		bad += waiters[i].result != 0;
	}
	is_int(bad, 0, "all %d waiters returned 0", count);
}

/* Waits up to a second until `count` have woken, and a little for too many. */
static int woken_after(int count)
{
	for (int i = 0; i < 200 && woken < count; i++)
		nap(5);
	nap(10);
	return woken;
}

static void test_errors(void)
{
	struct timespec bad = {0, 2000000000};

	word = 5;
	fails(futex(&word, WAIT, 4, NULL, NULL, 0), EAGAIN, "WAIT for another value is EAGAIN");
	is_int(futex(&word, WAKE, 1, NULL, NULL, 0), 0, "WAKE of nobody wakes nobody");
	fails(futex((void *)((char *)&word + 1), WAIT, 5, NULL, NULL, 0), EINVAL,
	      "a misaligned word is EINVAL");
	fails(futex((void *)4096, WAIT, 0, NULL, NULL, 0), EFAULT, "an unmapped word is EFAULT");
	fails(futex((void *)0xffffffff80000000, WAIT, 0, NULL, NULL, 0), EFAULT,
	      "a word in the kernel is EFAULT");
	fails(futex(&word, WAIT, 5, &bad, NULL, 0), EINVAL, "a senseless time-out is EINVAL");
	fails(futex(&word, WAIT_BITSET, 5, NULL, NULL, 0), EINVAL, "an empty bit set is EINVAL");
	fails(futex(&word, 77, 0, NULL, NULL, 0), ENOSYS, "an unknown operation is ENOSYS");
	fails(futex(&word, CMP_REQUEUE, 1, (void *)1, &second, 6), EAGAIN,
	      "CMP_REQUEUE with another value is EAGAIN");
}

static long since_ms(const struct timespec *start, int clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void test_timeouts(void)
{
	struct timespec start, relative = {0, 30000000}, until;

	word = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	fails(futex(&word, WAIT, 0, &relative, NULL, 0), ETIMEDOUT, "WAIT times out");
	ok(since_ms(&start, CLOCK_MONOTONIC) >= 30, "not before its time");

	clock_gettime(CLOCK_MONOTONIC, &start);
	until = (struct timespec){start.tv_sec, start.tv_nsec + 30000000};
	if (until.tv_nsec >= 1000000000)
		until = (struct timespec){until.tv_sec + 1, until.tv_nsec - 1000000000};
	fails(futex(&word, WAIT_BITSET, 0, &until, NULL, -1), ETIMEDOUT,
	      "WAIT_BITSET waits until a monotonic time");
	ok(since_ms(&start, CLOCK_MONOTONIC) >= 30, "not less");
	clock_gettime(CLOCK_REALTIME, &start);
	fails(futex(&word, WAIT_BITSET | REALTIME, 0, &start, NULL, -1), ETIMEDOUT,
	      "or until a real time, here in the past");
}

static void test_wake(void)
{
	struct waiter waiters[4] = {{.at = &word}, {.at = &word}, {.at = &word}, {.at = &word}};

	word = 0;
	waiters_start(waiters, 4);
	is_int(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0), 1, "WAKE 1 wakes one of four");
	is_int(woken_after(1), 1, "really one");
	is_int(futex(&word, WAKE | PRIVATE, 2, NULL, NULL, 0), 2, "WAKE 2 wakes two");
	is_int(futex(&word, WAKE | PRIVATE, 1000, NULL, NULL, 0), 1, "WAKE 1000 the last");
	waiters_join(waiters, 4);
}

static void test_bitset(void)
{
	struct waiter waiters[3] = {
	    {.at = &word, .bits = 1}, {.at = &word, .bits = 2}, {.at = &word, .bits = 4}};

	word = 0;
	waiters_start(waiters, 3);
	is_int(futex(&word, WAKE_BITSET | PRIVATE, 9, NULL, NULL, 8), 0, "no waiter has bit 8");
	is_int(futex(&word, WAKE_BITSET | PRIVATE, 9, NULL, NULL, 2), 1, "one has bit 2");
	pthread_join(waiters[1].thread, NULL);
	is_int(waiters[1].result, 0, "and it is that one");
	is_int(futex(&word, WAKE | PRIVATE, 9, NULL, NULL, 0), 2, "a plain WAKE matches all bits");
	pthread_join(waiters[0].thread, NULL);
	pthread_join(waiters[2].thread, NULL);
}

static void test_requeue(void)
{
	struct waiter waiters[5];

	for (int i = 0; i < 5; i++)
		waiters[i] = (struct waiter){.at = &word};
	word = second = 0;
	waiters_start(waiters, 5);
	is_int(futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)2, &second, 0), 3,
	       "CMP_REQUEUE wakes one and moves two");
	is_int(woken_after(1), 1, "one is awake");
	is_int(futex(&word, REQUEUE | PRIVATE, 0, (void *)1, &second, 0), 1,
	       "REQUEUE counts those it moved as well, whatever futex(2) says");
	is_int(futex(&second, WAKE | PRIVATE, 9, NULL, NULL, 0), 3, "three were moved");
	is_int(futex(&word, WAKE | PRIVATE, 9, NULL, NULL, 0), 1, "one had stayed");
	waiters_join(waiters, 5);
}

static void handler(int sig)
{
	(void)sig;
}

static void *interrupter(void *argument)
{
	nap(30);
	pthread_kill(*(pthread_t *)argument, SIGUSR1);
	return NULL;
}

static void test_interrupt(void)
{
	struct sigaction action = {.sa_handler = handler};
	struct timespec limit = {20, 0};
	pthread_t self = pthread_self(), thread;

	sigaction(SIGUSR1, &action, NULL);
	word = 0;
	must(pthread_create(&thread, NULL, interrupter, &self) == 0);
	fails(futex(&word, WAIT, 0, &limit, NULL, 0), EINTR, "a signal ends a WAIT: EINTR");
	pthread_join(thread, NULL);
}

/* Two threads hand a number to each other, many times: no wake-up is lost. */
static void *player(void *argument)
{
	unsigned mine = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < 1000; i++) {
		for (unsigned now; ((now = word) & 1) != mine;)
			futex(&word, WAIT | PRIVATE, now, NULL, NULL, 0);
		word++;
		futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void test_ping_pong(void)
{
	pthread_t thread;

	word = 0;
	must(pthread_create(&thread, NULL, player, (void *)1) == 0);
	player(NULL);
	pthread_join(thread, NULL);
	is_int(word, 2000, "two threads take turns two thousand times");
}

/* A thread ends with two locks: one in its list, one that it was about to enter there. */
struct robust_lock {
	void *next;
	uint32_t word;
};

static struct {
	void *list;
	long offset;
	void *pending;
} robust_head;
static struct robust_lock held, late;

static int dies_locked(void *unused)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	(void)unused;
	robust_head.list = &held;
	robust_head.offset = offsetof(struct robust_lock, word);
	robust_head.pending = &late;
	held.next = &robust_head.list;
	syscall(SYS_set_robust_list, &robust_head, sizeof(robust_head));
	__atomic_store_n(&held.word, tid | WAITERS, __ATOMIC_SEQ_CST);
	__atomic_store_n(&late.word, tid | WAITERS, __ATOMIC_SEQ_CST);
	return 0;
}

static uint32_t wait_for_death(uint32_t *at)
{
	struct timespec limit = {5, 0};
	uint32_t seen;

	while (!((seen = __atomic_load_n(at, __ATOMIC_SEQ_CST)) & OWNER_DIED))
		if (syscall(SYS_futex, at, WAIT, seen, &limit, NULL, 0) && errno == ETIMEDOUT)
			break;
	return seen;
}

static void test_robust(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	must(clone(dies_locked, stack + sizeof(stack), flags, NULL) > 0);
	is_int(wait_for_death(&late.word), OWNER_DIED | WAITERS,
	       "a lock that a dead thread was about to take or give back");
	is_int(wait_for_death(&held.word), OWNER_DIED | WAITERS,
	       "and one that it held are marked, and waiters woken");
}

int main(void)
{
	test_errors();
	test_timeouts();
	test_wake();
	test_bitset();
	test_requeue();
	test_interrupt();
	test_ping_pong();
	test_robust();
	return done();
}
