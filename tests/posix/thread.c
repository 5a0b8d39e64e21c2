/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: futex operations with their errors, what pthreads promise, what the end of a thread leaves behind, and what one may
 * say about scheduling. Sources: futex(2), set_robust_list(2), clone(2), sched(7), POSIX.1-2017 XSH 2.9.
 *
 * No check waits for a time: who must be asleep is asked of the kernel, by waking nobody until somebody was there.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "user/kernel.h"

enum { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAKE_OP, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };

#define NOWHERE ((void *)8)
#define OWNER_DIED 0x40000000

static atomic_uint word, other;
static atomic_int woken;

static long futex(void *at, int op, unsigned value, const void *time, void *at2, unsigned value3)
{
	return syscall(SYS_futex, at, op, value, time, at2, value3);
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t = {0};

	if (clock >= 0)
		clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void test_futex_errors(void)
{
	struct timespec bad = {.tv_nsec = 1000000000}, zero = {0}, soon = in_ms(-1, 1), at;

	word = 1;
	fails(futex(&word, WAIT, 0, NULL, NULL, 0), EAGAIN, "wait: another value is EAGAIN");
	fails(futex((char *)&word + 1, WAIT, 0, NULL, NULL, 0), EINVAL, "a crooked address is EINVAL");
	fails(futex(NOWHERE, WAIT, 0, NULL, NULL, 0), EFAULT, "one that is not there is EFAULT");
	fails(futex(&word, WAIT, 1, &bad, NULL, 0), EINVAL, "10^9 ns are EINVAL");
	fails(futex(&word, WAIT, 1, NOWHERE, NULL, 0), EFAULT, "a bad time is EFAULT");
	fails(futex(&word, WAIT, 1, &zero, NULL, 0), ETIMEDOUT, "no time at all is ETIMEDOUT");
	fails(futex(&word, WAIT, 1, &soon, NULL, 0), ETIMEDOUT, "and a little");
	at = in_ms(CLOCK_MONOTONIC, 2);
	fails(futex(&word, WAIT_BITSET, 1, &at, NULL, ~0u), ETIMEDOUT, "wait until a point in CLOCK_MONOTONIC");
	at = in_ms(CLOCK_REALTIME, 2);
	fails(futex(&word, WAIT_BITSET | REALTIME, 1, &at, NULL, ~0u), ETIMEDOUT, "and in CLOCK_REALTIME");
	fails(futex(&word, WAIT_BITSET, 1, &zero, NULL, ~0u), ETIMEDOUT, "one in the past");
	fails(futex(&word, WAIT_BITSET, 1, NULL, NULL, 0), EINVAL, "no bits are EINVAL");
	fails(futex(&word, WAKE_BITSET, 1, NULL, NULL, 0), EINVAL, "also to wake");
	fails(futex((char *)&word + 2, WAKE, 1, NULL, NULL, 0), EINVAL, "wake: a crooked address is EINVAL");
	is_int(futex(&word, WAKE, 1, NULL, NULL, 0), 0, "nobody there: 0");
	is_int(futex(&word, WAKE_BITSET, 1, NULL, NULL, 1), 0, "for bits too");
	is_int(futex(&word, REQUEUE, 1, (void *)1, &other, 0), 0, "requeue of nobody: 0");
	fails(futex(&word, CMP_REQUEUE, 1, (void *)1, &other, 7), EAGAIN, "cmp_requeue: another value is EAGAIN");
	fails(futex(&word, REQUEUE, (unsigned)-1, (void *)1, &other, 0), EINVAL, "a negative count is EINVAL");
	fails(futex(&word, 77, 0, NULL, NULL, 0), ENOSYS, "an unknown operation is ENOSYS");
	fails(futex(&word, WAKE_OP, 1, (void *)1, &other, 5u << 28), ENOSYS, "an unknown wake_op too");
}

struct sleeper {
	pthread_t thread;
	void *at;
	int op;
	unsigned bits;
	long result;
};

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;

	do
		s->result = futex(s->at, s->op, 0, NULL, NULL, s->bits);
	while (s->result == -1 && errno == EINTR);
	woken++;
	return NULL;
}

static void start(struct sleeper *s, int n, void *at, int op, unsigned bits)
{
	woken = 0;
	for (int i = 0; i < n; i++) {
		s[i] = (struct sleeper){.at = at, .op = op, .bits = bits};
		must(pthread_create(&s[i].thread, NULL, sleep_on, &s[i]) == 0);
	}
}

/* Moves n sleepers from where they are onto themselves until all of them are there: the kernel counts them for us. */
static void all_asleep(void *at, int n)
{
	while (futex(at, REQUEUE, 0, (void *)1000, at, 0) != n)
		sched_yield();
}

static void join(struct sleeper *s, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(s[i].thread, NULL);
}

static void test_futex(void)
{
	struct sleeper s[4], t[1];

	word = other = 0;
	start(s, 4, &word, WAIT, 0);
	all_asleep(&word, 4);
	is_int(futex(&word, WAKE, 1, NULL, NULL, 0), 1, "wake one of four");
	is_int(futex(&word, WAKE, 2, NULL, NULL, 0), 2, "two more");
	is_int(futex(&word, WAKE, 100, NULL, NULL, 0), 1, "of a hundred the last");
	join(s, 4);
	ok(s[0].result == 0 && s[3].result == 0, "who was woken gets 0");

	start(s, 4, &word, WAIT, 0);
	all_asleep(&word, 4);
	is_int(futex(&word, REQUEUE, 1, (void *)2, &other, 0), 3, "requeue: one woken and two moved are three");
	is_int(futex(&word, WAKE, 100, NULL, NULL, 0), 1, "one stayed");
	is_int(futex(&other, WAKE, 100, NULL, NULL, 0), 2, "two are at the other word");
	join(s, 4);
	start(s, 2, &word, WAIT, 0);
	all_asleep(&word, 2);
	is_int(futex(&word, CMP_REQUEUE, 1, (void *)100, &other, 0), 2, "cmp_requeue with the right value");
	is_int(futex(&other, WAKE, 100, NULL, NULL, 0), 1, "moved one");
	join(s, 2);

	start(s, 2, &word, WAIT_BITSET, 2);
	all_asleep(&word, 2);
	is_int(futex(&word, WAKE_BITSET, 100, NULL, NULL, 4), 0, "other bits wake nobody");
	is_int(futex(&word, WAKE_BITSET, 1, NULL, NULL, 6), 1, "a common bit does");
	is_int(futex(&word, WAKE, 100, NULL, NULL, 0), 1, "a plain wake has all bits");
	join(s, 2);

	start(s, 1, &word, WAIT, 0);
	start(t, 1, &other, WAIT, 0);
	all_asleep(&word, 1), all_asleep(&other, 1);
	/* other += 5; and, since it was 0, its waiter too */
	is_int(futex(&word, WAKE_OP, 1, (void *)1, &other, 1u << 28 | 0u << 24 | 5 << 12 | 0), 2, "wake_op wakes at both words");
	is_int(other, 5, "and adds");
	join(s, 1), join(t, 1);
	other = 12;
	is_int(futex(&word, WAKE_OP, 1, (void *)1, &other, 3u << 28 | 4u << 24 | 8 << 12 | 12), 0, "with nobody there 0");
	is_int(other, 4, "and clears bits all the same");
	futex(&word, WAKE_OP, 1, (void *)1, &other, 8u << 28 | 5 << 12);
	is_int(other, 32, "an operand can be a shift");

	word = 0;
	start(s, 1, &word, WAIT | PRIVATE, 0);
	while (futex(&word, REQUEUE | PRIVATE, 0, (void *)1, &word, 0) != 1)
		sched_yield();
	is_int(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0), 1, "private futexes");
	join(s, 1);
}

/* ---- robust futexes, the end of a thread ---- */

static pthread_mutex_t robust;
static atomic_uint raw_lock;

static void *take_and_end(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

struct robust_list {
	struct robust_list *next;
};

static struct {
	struct robust_list *next;
	long offset;
	struct robust_list *pending;
} head;
static struct robust_list entry;

static void *die_with_raw_lock(void *arg)
{
	head.next = &entry;
	entry.next = (struct robust_list *)&head;
	head.offset = (long)((char *)&raw_lock - (char *)&entry);
	must(syscall(SYS_set_robust_list, &head, sizeof(head)) == 0);
	raw_lock = (unsigned)syscall(SYS_gettid) | 0x80000000;
	return arg;
}

static int joined_tid;
static const struct timespec a_while = {.tv_nsec = 20000000}, patience = {.tv_sec = 10};
static char clone_stack[32768] __attribute__((aligned(16)));

static int cloned(void *arg)
{
	(void)arg;
	joined_tid = (int)syscall(SYS_gettid);
	syscall(SYS_nanosleep, &a_while, NULL); /* so that somebody waits: else nobody need be woken */
	syscall(SYS_exit, 0);
	return 0;
}

static void test_ends(void)
{
	unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			      CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	static volatile int parent_tid, clear_tid;
	pthread_mutexattr_t a;
	pthread_t thread;
	void *list;
	size_t size;
	int tid;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &a);
	must(pthread_create(&thread, NULL, take_and_end, &robust) == 0);
	pthread_join(thread, NULL);
	is_int(pthread_mutex_lock(&robust), EOWNERDEAD, "a robust mutex tells that its owner ended");
	is_int(pthread_mutex_consistent(&robust), 0, "it is made consistent");
	is_int(pthread_mutex_unlock(&robust) || pthread_mutex_lock(&robust) || pthread_mutex_unlock(&robust), 0, "and goes on");
	must(pthread_create(&thread, NULL, take_and_end, &robust) == 0);
	pthread_join(thread, NULL);
	must(pthread_mutex_lock(&robust) == EOWNERDEAD && pthread_mutex_unlock(&robust) == 0);
	is_int(pthread_mutex_lock(&robust), ENOTRECOVERABLE, "not made so it is lost");
	must(pthread_create(&thread, NULL, die_with_raw_lock, NULL) == 0);
	pthread_join(thread, NULL);
	is_int(raw_lock, OWNER_DIED | 0x80000000, "a robust list: the word says that its owner died, waiters stay marked");
	fails(syscall(SYS_set_robust_list, &head, 7L), EINVAL, "set_robust_list: another size is EINVAL");
	is_int(syscall(SYS_get_robust_list, 0, &list, &size), 0, "get_robust_list of oneself");
	is_int(size, 24, "tells the size of a head");
	fails(syscall(SYS_get_robust_list, 0x3ffffff, &list, &size), ESRCH, "no such thread");

	clear_tid = 1;
	errno = 0;
	fflush(stdout);
	tid = clone(cloned, clone_stack + sizeof(clone_stack), (int)flags, NULL, &parent_tid, NULL, &clear_tid);
	must(tid > 0);
	while (clear_tid && (futex((void *)&clear_tid, WAIT, 1, &patience, NULL, 0) == 0 || errno != ETIMEDOUT))
		;
	ok(parent_tid == tid && joined_tid == tid, "CLONE_PARENT_SETTID: clone, parent and thread know the same id");
	ok(clear_tid == 0 && errno != ETIMEDOUT, "CLONE_CHILD_CLEARTID clears its word at the end, and wakes");
}

/* ---- pthreads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_key_t key;
static atomic_int cleaned, leaders, destroyed;
static long guarded;
static __thread int local = 5;
static bool go;

static void *worker(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&lock);
		guarded++;
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_lock(&lock);
	while (!go)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	leaders += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	local += (int)(intptr_t)arg;
	pthread_setspecific(key, &local);
	return (void *)(intptr_t)local;
}

static void *try_lock(void *m)
{
	return (void *)(intptr_t)pthread_mutex_trylock(m);
}

static void *try_write(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)pthread_rwlock_trywrlock(&rwlock);
}

static long in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	void *result;

	must(pthread_create(&thread, NULL, fn, arg) == 0 && pthread_join(thread, &result) == 0);
	return (long)result;
}

static void destroy(void *value)
{
	(void)value;
	destroyed++;
}

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void *wait_to_be_cancelled(void *arg)
{
	sem_t *ready = arg;

	pthread_cleanup_push(clean, NULL);
	sem_post(ready);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_pthreads(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t kind;
	pthread_t threads[4];
	struct timespec soon;
	void *result;
	long sum = 0;
	sem_t ready;

	must(pthread_barrier_init(&barrier, NULL, 4) == 0 && pthread_key_create(&key, destroy) == 0);
	for (intptr_t i = 0; i < 4; i++)
		must(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
	pthread_mutex_lock(&lock);
	go = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	is_int(guarded, 8000, "a mutex lets in one at a time");
	is_int(leaders, 1, "of those at a barrier one is told so");
	ok(sum == 26 && local == 5, "each thread has its own thread-local variables");
	is_int(destroyed, 4, "and the destructors of its keys run");

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&kind, &a);
	pthread_mutex_lock(&kind);
	is_int(pthread_mutex_lock(&kind), EDEADLK, "an error-checking mutex: twice is EDEADLK");
	is_int(in_thread(try_lock, &kind), EBUSY, "for another thread EBUSY");
	pthread_mutex_unlock(&kind);
	is_int(pthread_mutex_unlock(&kind), EPERM, "unlocked by who has it not: EPERM");
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&kind, &a);
	ok(!pthread_mutex_lock(&kind) && !pthread_mutex_lock(&kind) && !pthread_mutex_unlock(&kind), "a recursive one twice");
	is_int(in_thread(try_lock, &kind), EBUSY, "is held until unlocked as often");
	pthread_mutex_unlock(&kind);
	pthread_mutex_lock(&lock);
	soon = in_ms(CLOCK_REALTIME, 2);
	is_int(pthread_cond_timedwait(&cond, &lock, &soon), ETIMEDOUT, "a wait for a condition has an end");
	is_int(in_thread(try_lock, &lock), EBUSY, "with the mutex held again");
	pthread_mutex_unlock(&lock);
	pthread_rwlock_rdlock(&rwlock);
	is_int(pthread_rwlock_tryrdlock(&rwlock), 0, "readers share a lock");
	is_int(in_thread(try_write, NULL), EBUSY, "no writer comes in");
	pthread_rwlock_unlock(&rwlock), pthread_rwlock_unlock(&rwlock);

	must(sem_init(&ready, 0, 0) == 0 && pthread_create(&threads[0], NULL, wait_to_be_cancelled, &ready) == 0);
	while (sem_wait(&ready))
		;
	pthread_cancel(threads[0]);
	pthread_join(threads[0], &result);
	ok(result == PTHREAD_CANCELED && cleaned == 1, "cancelled in a wait it cleans up, and says so");
}

/* ---- scheduling ---- */

static void test_scheduling(void)
{
	struct sched_param p = {.sched_priority = 9}, one = {.sched_priority = 1}, zero = {0};
	struct timespec slice = {-1, -1};
	cpu_set_t all, set;
	long commands;

	is_int(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER, "a thread is SCHED_OTHER");
	ok(syscall(SYS_sched_getparam, 0, &p) == 0 && p.sched_priority == 0, "of priority 0");
	is_int(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &zero), 0, "that can be set");
	is_int(syscall(SYS_sched_setparam, 0, &zero), 0, "also the priority alone");
	fails(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &one), EINVAL, "priority 1 is EINVAL");
	fails(syscall(SYS_sched_setparam, 0, &one), EINVAL, "also alone");
	fails(syscall(SYS_sched_setscheduler, 0, 77, &zero), EINVAL, "an unknown policy is EINVAL");
	fails(syscall(SYS_sched_setscheduler, 0x3ffffff, SCHED_OTHER, &zero), ESRCH, "no such thread");
	fails(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NOWHERE), EFAULT, "a bad parameter");
	fails(syscall(SYS_sched_getparam, 0, NULL), EINVAL, "no parameter is EINVAL");
	fails(syscall(SYS_sched_getscheduler, -1), EINVAL, "thread -1 is EINVAL");
	is_int(syscall(SYS_sched_get_priority_max, SCHED_OTHER), 0, "the highest priority of SCHED_OTHER is 0");
	is_int(syscall(SYS_sched_get_priority_min, SCHED_OTHER), 0, "so is the lowest");
	fails(syscall(SYS_sched_get_priority_max, 77), EINVAL, "an unknown policy has none");
	ok(syscall(SYS_sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0 && slice.tv_nsec >= 0, "there is a time slice");
	fails(syscall(SYS_sched_rr_get_interval, 0x3ffffff, &slice), ESRCH, "but not of a thread that is not there");
	is_int(sched_getaffinity(0, sizeof(all), &all), 0, "sched_getaffinity");
	CPU_ZERO(&set);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &all) && !CPU_COUNT(&set))
			CPU_SET(cpu, &set);
	is_int(sched_setaffinity(0, sizeof(set), &set), 0, "to the last CPU alone");
	ok(CPU_ISSET(sched_getcpu(), &set), "where it runs at once");
	sched_setaffinity(0, sizeof(all), &all);
	CPU_ZERO(&set);
	fails(sched_setaffinity(0, sizeof(set), &set), EINVAL, "no CPU is EINVAL");
	fails(syscall(SYS_sched_getaffinity, 0, 1L, &set), EINVAL, "too small a set as well");
	fails(sched_getaffinity(0x3ffffff, sizeof(set), &set), ESRCH, "no such thread");
	is_int(sched_yield(), 0, "sched_yield");
	commands = syscall(SYS_membarrier, 0, 0, 0);
	ok(commands >= 0, "membarrier tells its commands");
	fails(syscall(SYS_membarrier, 1 << 20, 0, 0), EINVAL, "and refuses others");
}

int main(void)
{
	test_futex_errors();
	test_futex();
	test_ends();
	test_pthreads();
	test_scheduling();
	return done();
}
