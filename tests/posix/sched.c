/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling classes: sched_setscheduler, sched_setparam, sched_setattr and what they answer, who inherits a class and who
 * may have one, and who runs before whom. Niceness and affinity are in thread.c. The C library's own functions of these names
 * are not used: musl has none.
 */
#include "posix.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#define DEADLINE 6
#define RESET_ON_FORK 0x40000000
#define MS 1000000ull
#define PATIENCE_MS 20000
#define ANYONE 1000
#define MANY 64

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static cpu_set_t all, one;

static long set(int tid, int policy, int priority)
{
	struct sched_param p = {.sched_priority = priority};

	return syscall(SYS_sched_setscheduler, tid, policy, &p);
}

static long class_of(int tid)
{
	return syscall(SYS_sched_getscheduler, tid);
}

static long set_attr(const struct attr *a)
{
	return syscall(SYS_sched_setattr, 0, a, 0);
}

static long set_deadline(uint64_t runtime, uint64_t deadline, uint64_t period, uint64_t flags)
{
	struct attr a = {.size = 48, .policy = DEADLINE, .flags = flags, .runtime = runtime, .deadline = deadline, .period = period};

	return set_attr(&a);
}

static struct attr get_attr(void)
{
	struct attr a = {0};

	must(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) == 0);
	return a;
}

static uint64_t clock_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}

/* ---- what is asked and answered ---- */

static long field_of_stat(int n)
{
	char line[1024] = "";
	FILE *f = fopen("/proc/self/stat", "r");
	char *at;

	must(f && fgets(line, sizeof(line), f) && fclose(f) == 0);
	at = strrchr(line, ')') + 2; /* field 3 */
	for (int i = 3; i < n; i++)
		at = strchr(at, ' ') + 1;
	return atol(at);
}

static void test_answers(void)
{
	struct sched_param p = {0};
	struct timespec slice = {-1, -1};

	is_int(set(0, SCHED_FIFO, 10), 0, "SCHED_FIFO of priority 10");
	is_int(class_of(0), SCHED_FIFO, "is what it says it is");
	ok(syscall(SYS_sched_getparam, 0, &p) == 0 && p.sched_priority == 10, "and of that priority");
	ok(field_of_stat(18) == -11 && field_of_stat(40) == 10 && field_of_stat(41) == SCHED_FIFO, "/proc/self/stat says so too");
	ok(syscall(SYS_sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0 && slice.tv_nsec == 0, "FIFO has no time slice");
	p.sched_priority = 20;
	is_int(syscall(SYS_sched_setparam, 0, &p), 0, "sched_setparam");
	p.sched_priority = 0;
	ok(class_of(0) == SCHED_FIFO && syscall(SYS_sched_getparam, 0, &p) == 0 && p.sched_priority == 20, "changes the priority alone");
	p.sched_priority = 0;
	fails(syscall(SYS_sched_setparam, 0, &p), EINVAL, "priority 0 is none of FIFO");
	fails(set(0, SCHED_FIFO, 100), EINVAL, "nor is 100");
	fails(set(0, SCHED_RR, 0), EINVAL, "nor 0 of RR");
	is_int(set(0, SCHED_RR, 99), 0, "SCHED_RR of priority 99");
	ok(syscall(SYS_sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0 && slice.tv_nsec > 0, "RR has a time slice");
	fails(set(0, SCHED_OTHER, 1), EINVAL, "priority 1 is none of OTHER");
	fails(set(0, SCHED_BATCH, 1), EINVAL, "nor of BATCH");
	fails(set(0, DEADLINE, 0), EINVAL, "DEADLINE cannot be set by sched_setscheduler");
	is_int(class_of(0), SCHED_RR, "what is refused changes nothing");
	ok(set(0, SCHED_BATCH, 0) == 0 && class_of(0) == SCHED_BATCH, "SCHED_BATCH");
	ok(set(0, SCHED_IDLE, 0) == 0 && class_of(0) == SCHED_IDLE, "SCHED_IDLE");
	ok(set(0, SCHED_OTHER, 0) == 0 && class_of(0) == SCHED_OTHER && field_of_stat(18) == 20, "and SCHED_OTHER again");
	ok(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99 && syscall(SYS_sched_get_priority_min, SCHED_FIFO) == 1,
	   "priorities of FIFO are 1 to 99");
	ok(syscall(SYS_sched_get_priority_max, SCHED_RR) == 99 && syscall(SYS_sched_get_priority_min, SCHED_RR) == 1, "and of RR");
	ok(syscall(SYS_sched_get_priority_max, DEADLINE) == 0 && syscall(SYS_sched_get_priority_min, SCHED_IDLE) == 0, "others have 0");
}

static void test_attributes(void)
{
	struct attr a = {.size = 48, .policy = SCHED_RR, .priority = 7};
	unsigned char big[80] = {sizeof(big)};

	ok(set_attr(&a) == 0 && class_of(0) == SCHED_RR, "sched_setattr to RR");
	a = get_attr();
	ok(a.size == 56 && a.policy == SCHED_RR && a.priority == 7 && a.flags == 0, "sched_getattr");
	is_int(set_deadline(10 * MS, 50 * MS, 100 * MS, 0), 0, "to DEADLINE");
	is_int(class_of(0), DEADLINE, "which it is");
	a = get_attr();
	ok(a.policy == DEADLINE && a.runtime == 10 * MS && a.deadline == 50 * MS && a.period == 100 * MS, "with those times");
	is_int(field_of_stat(18), -101, "/proc/self/stat puts it before all");
	fails(set_deadline(60 * MS, 50 * MS, 100 * MS, 0), EINVAL, "more runtime than fits before the deadline");
	fails(set_deadline(10 * MS, 110 * MS, 100 * MS, 0), EINVAL, "a deadline behind the period");
	fails(set_deadline(1000, 50 * MS, 100 * MS, 0), EINVAL, "less than 1024 ns of runtime");
	fails(set_deadline(10 * MS, 0, 0, 0), EINVAL, "no deadline");
	ok(set_deadline(10 * MS, 100 * MS, 0, 0) == 0 && get_attr().period == 100 * MS, "without a period it is the deadline");
	a = (struct attr){.size = 48, .policy = SCHED_OTHER, .nice = 5};
	ok(set_attr(&a) == 0 && getpriority(PRIO_PROCESS, 0) == 5, "to OTHER, with a niceness");
	a.nice = 0;
	ok(set_attr(&a) == 0 && getpriority(PRIO_PROCESS, 0) == 0, "and another");
	a.flags = 1ull << 40;
	fails(set_attr(&a), EINVAL, "an unknown flag");
	a = (struct attr){.size = 40};
	ok(set_attr(&a) == -1 && errno == E2BIG && a.size == 56, "too small a structure, and how large it is");
	is_int(syscall(SYS_sched_setattr, 0, big, 0), 0, "a larger one than is known, with zeros");
	big[70] = 1;
	fails(syscall(SYS_sched_setattr, 0, big, 0), E2BIG, "and with something in it");
	fails(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL, "none");
	fails(syscall(SYS_sched_setattr, 0, &a, 1), EINVAL, "flags of the call");
	fails(syscall(SYS_sched_getattr, 0, &a, 40, 0), EINVAL, "too little room");
	fails(syscall(SYS_sched_getattr, 0x3ffffff, &a, 56, 0), ESRCH, "of no thread");
}

/* ---- who inherits it ---- */

static void *say_class(void *to)
{
	*(long *)to = class_of(0);
	return NULL;
}

static long class_of_new_thread(void)
{
	long class = -1;
	pthread_t t;
	int error = pthread_create(&t, NULL, say_class, &class);

	if (error)
		return -error;
	pthread_join(t, NULL);
	return class;
}

static void test_inheritance(void)
{
	struct attr a = {.size = 48, .policy = SCHED_OTHER};

	must(set(0, SCHED_FIFO, 3) == 0);
	is_int(class_of_new_thread(), SCHED_FIFO, "a new thread is of its creator's class");
	must(set(0, SCHED_FIFO | RESET_ON_FORK, 3) == 0);
	is_int(class_of(0), SCHED_FIFO | RESET_ON_FORK, "sched_getscheduler says reset-on-fork");
	is_int(class_of_new_thread(), SCHED_OTHER, "which makes new threads SCHED_OTHER");
	ok(get_attr().flags == 1, "sched_getattr says it as a flag");
	must(set_deadline(10 * MS, 100 * MS, 100 * MS, 0) == 0);
	is_int(class_of_new_thread(), -EAGAIN, "a DEADLINE thread cannot have one");
	must(set_deadline(10 * MS, 100 * MS, 100 * MS, 1) == 0);
	is_int(class_of_new_thread(), SCHED_OTHER, "but with reset-on-fork");
	must(set_attr(&a) == 0);
	if (!can_fork("a process inherits it"))
		return;
	must(set(0, SCHED_RR, 3) == 0);
	pid_t child = fork();

	if (!child)
		_exit((int)class_of(0));

	int status = -1;

	waitpid(child, &status, 0);
	is_int(status, SCHED_RR << 8, "a process inherits it");
	must(set(0, SCHED_OTHER, 0) == 0);
}

/* ---- who runs before whom: all on one CPU ---- */

static struct worker {
	pthread_t thread;
	int policy, priority;
	int wake[2];
	char name;
	bool counts;
} workers[4];
static volatile char order[8];
static volatile int ordered, ready;
static volatile unsigned long count;
static volatile bool stop;

static void *work(void *arg)
{
	struct worker *w = arg;
	char byte;

	must(set(0, w->policy, w->priority) == 0);
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	must(read(w->wake[0], &byte, 1) == 1);
	order[ordered++] = w->name;
	while (w->counts && !stop)
		count++;
	return NULL;
}

static void start(int n, int policy, int priority, bool counts)
{
	struct worker *w = &workers[n];

	*w = (struct worker){.policy = policy, .priority = priority, .name = (char)('a' + n), .counts = counts};
	must(pipe(w->wake) == 0);
	must(pthread_create(&w->thread, NULL, work, w) == 0);
}

static void wait_ready(int n)
{
	uint64_t end = clock_of(CLOCK_MONOTONIC) + PATIENCE_MS * MS;

	while (ready < n && clock_of(CLOCK_MONOTONIC) < end)
		usleep(1000);
	must(ready == n);
	usleep(20000); /* they read by now */
}

static void wake(int n)
{
	must(write(workers[n].wake[1], "", 1) == 1);
}

static void join(int n)
{
	stop = true;
	for (int i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		close(workers[i].wake[0]);
		close(workers[i].wake[1]);
	}
	memset((char *)order, 0, sizeof(order));
	ordered = ready = 0;
	count = 0;
	stop = false;
}

static void compute(unsigned ms)
{
	uint64_t end = clock_of(CLOCK_MONOTONIC) + ms * MS;

	while (clock_of(CLOCK_MONOTONIC) < end)
		;
}

/* Did the counting thread run before that long had passed? */
static bool counted_within(unsigned ms)
{
	uint64_t end = clock_of(CLOCK_MONOTONIC) + ms * MS;
	unsigned long before = count;

	while (count == before && clock_of(CLOCK_MONOTONIC) < end)
		;
	return count != before;
}

static void test_order(void)
{
	unsigned long before;

	must(sched_setaffinity(0, sizeof(one), &one) == 0);
	start(0, SCHED_FIFO, 10, false);
	start(1, SCHED_RR, 30, false);
	start(2, SCHED_FIFO, 20, false);
	start(3, SCHED_OTHER, 0, false);
	wait_ready(4);
	must(set(0, SCHED_FIFO, 50) == 0);
	for (int i = 3; i >= 0; i--)
		wake(i);
	is_int(ordered, 0, "who is best runs on while others wake");
	usleep(50000);
	is_str((char *)order, "bcad", "then by priority, SCHED_OTHER last");
	join(4);

	must(set(0, SCHED_OTHER, 0) == 0);
	start(0, SCHED_FIFO, 1, false);
	wait_ready(1);
	wake(0);
	is_int(ordered, 1, "a FIFO thread that wakes runs before its waker of SCHED_OTHER goes on");
	join(1);

	start(0, SCHED_OTHER, 0, true);
	wait_ready(1);
	must(set(0, SCHED_FIFO, 10) == 0);
	wake(0);
	usleep(100000);
	before = count;
	ok(before > 0, "a thread of SCHED_OTHER has the CPU while FIFO sleeps");
	compute(100);
	for (int i = 0; i < 50; i++)
		sched_yield();
	is_int(count, before, "not while it computes, nor when it yields");
	must(set(0, SCHED_OTHER, 0) == 0);
	join(1);

	start(0, SCHED_FIFO, 10, true);
	wait_ready(1);
	must(set(0, SCHED_FIFO, 10) == 0);
	wake(0);
	compute(300);
	is_int(count, 0, "an equal of FIFO waits");
	must(set(0, SCHED_FIFO, 11) == 0);
	sched_yield();
	is_int(count, 0, "a yield is none to a lesser one");
	must(set(0, SCHED_FIFO | RESET_ON_FORK, 10) == 0);
	stop = true;
	sched_yield();
	is_int(ordered, 1, "and one to an equal");
	must(set(0, SCHED_OTHER | RESET_ON_FORK, 0) == 0 && set(0, SCHED_OTHER, 0) == 0);
	join(1);

	start(0, SCHED_RR, 10, true);
	wait_ready(1);
	must(set(0, SCHED_RR, 10) == 0);
	wake(0);
	ok(counted_within(PATIENCE_MS), "an equal of RR has its turn");
	must(set(0, SCHED_RR, 11) == 0);
	join(1);
	must(set(0, SCHED_OTHER, 0) == 0);
	must(sched_setaffinity(0, sizeof(all), &all) == 0);
}

/* ---- SCHED_DEADLINE ---- */

static pthread_barrier_t barrier;

/* Its answer: what 96 % of a CPU got. */
static void *promise(void *to)
{
	*(long *)to = set_deadline(96 * MS, 100 * MS, 100 * MS, 0) ? errno : 0;
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void test_deadline(void)
{
	int cpus = CPU_COUNT(&all), refused = 0, admitted = 0;
	pthread_t threads[MANY];
	long answers[MANY];

	must(cpus < MANY);
	must(set_deadline(10 * MS, 100 * MS, 100 * MS, 0) == 0);
	uint64_t before = clock_of(CLOCK_THREAD_CPUTIME_ID);

	compute(1000);
	uint64_t used = clock_of(CLOCK_THREAD_CPUTIME_ID) - before;

	/* Where the host stops a CPU it runs past its end, and the time counts. */
	ok(used >= 50 * MS && used <= 500 * MS, "10 ms in each 100 ms are about 100 ms in a second, though nobody else runs");
	printf("# %u ms\n", (unsigned)(used / MS));
	if (cpus > 1) {
		fails(sched_setaffinity(0, sizeof(one), &one), EBUSY, "what all CPUs promised cannot be had of one");
		must(set(0, SCHED_OTHER, 0) == 0 && sched_setaffinity(0, sizeof(one), &one) == 0);
		fails(set_deadline(10 * MS, 100 * MS, 100 * MS, 0), EPERM, "nor asked of one");
		must(sched_setaffinity(0, sizeof(all), &all) == 0);
	}
	must(set(0, SCHED_OTHER, 0) == 0);
	must(pthread_barrier_init(&barrier, NULL, (unsigned)cpus + 1) == 0);
	for (int i = 0; i < cpus; i++)
		must(pthread_create(&threads[i], NULL, promise, &answers[i]) == 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < cpus; i++) {
		pthread_join(threads[i], NULL);
		refused += answers[i] == EBUSY;
		admitted += answers[i] == 0;
	}
	ok(refused == 1 && admitted == cpus - 1, "96 %% of a CPU for each are too much by one: EBUSY");
	/* On Linux some time after. */
	before = clock_of(CLOCK_MONOTONIC);
	while (set_deadline(90 * MS, 100 * MS, 100 * MS, 0) && clock_of(CLOCK_MONOTONIC) < before + PATIENCE_MS * MS)
		usleep(10000);
	is_int(class_of(0), DEADLINE, "who ends gives its share back");
	must(set(0, SCHED_OTHER, 0) == 0);
}

/* ---- who may ---- */

/* Last: there is no way back. */
static void test_permission(void)
{
	struct rlimit limit = {5, 5};

	if (setrlimit(RLIMIT_RTPRIO, &limit)) {
		skip("user 0 may not here", "RLIMIT_RTPRIO is raised");
		return;
	}
	must(set(0, SCHED_FIFO | RESET_ON_FORK, 20) == 0);
	must(syscall(SYS_setresuid, ANYONE, ANYONE, ANYONE) == 0);
	fails(set(0, SCHED_FIFO, 20), EPERM, "reset-on-fork stays on for who is not user 0");
	is_int(set(0, SCHED_FIFO | RESET_ON_FORK, 19), 0, "who may lower its priority");
	fails(set(0, SCHED_FIFO | RESET_ON_FORK, 20), EPERM, "not raise it");
	is_int(set(0, SCHED_OTHER | RESET_ON_FORK, 0), 0, "may leave its class");
	fails(set(0, SCHED_RR | RESET_ON_FORK, 6), EPERM, "and come back up to RLIMIT_RTPRIO");
	is_int(set(0, SCHED_RR | RESET_ON_FORK, 5), 0, "but no further");
	fails(set_deadline(MS, 100 * MS, 100 * MS, 1), EPERM, "DEADLINE is not for it");
	is_int(set(0, SCHED_OTHER | RESET_ON_FORK, 0), 0, "SCHED_OTHER is");
	limit = (struct rlimit){0, 0};
	must(setrlimit(RLIMIT_RTPRIO, &limit) == 0);
	fails(set(0, SCHED_RR | RESET_ON_FORK, 1), EPERM, "with a limit of 0 nothing else");
}

int main(void)
{
	must(sched_getaffinity(0, sizeof(all), &all) == 0);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	test_answers();
	test_attributes();
	test_inheritance();
	test_order();
	test_deadline();
	test_permission();
	return done();
}
