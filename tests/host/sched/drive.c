/* SPDX-License-Identifier: BSD-2-Clause */
/* drive.c - see drive.h. */
#include "drive.h"


struct param param;
const struct sched_policy *policy;
DEFINE_PERCPU(struct sched_cpu, sched_cpu);
uintptr_t percpu_offsets[CPUS_MAX];
unsigned cpu_count = CPUS + 1;

struct sched_cpu machine[CPUS + 1];
unsigned cpus = 1;
struct runqueue rq, other;
struct thread idle, thread[MANY];
u64 used[MANY], now, ran_last[MANY], longest_wait[MANY];

const struct promise promises[POLICIES] = {
	{&policy_fair, true, 20, 2, 250},    {&policy_rr, false, 20, 2, 60},       {&policy_mlfq, false, 20, 2, 300},
	{&policy_stride, true, 20, 2, 1500}, {&policy_lottery, true, 900, 5, 8000}, {&policy_eevdf, true, 20, 2, 350},
};

/* shared.c asks; here the tests charge. */
void runqueue_charge(struct sched_cpu *c, u64 at)
{
	(void)c, (void)at;
}

u64 clock_ns(void)
{
	return now;
}

void runqueue_dequeue(struct runqueue *from, struct thread *t)
{
	policy->dequeue(from, t);
	t->queued = false;
	from->queued--;
}

void realtime_picked(struct sched_cpu *c, struct thread *t)
{
	(void)c, (void)t;
}

void put(struct thread *t, bool woken)
{
	policy->enqueue(&rq, t, woken);
	t->queued = true;
	rq.queued++;
}

void begin(const struct sched_policy *p, unsigned count)
{
	param.slice_ns = 0;
	policy = p;
	now = 0;
	idle = (struct thread){.is_idle = true, .special = true};
	rq = (struct runqueue){.cpu = 0, .cpus = cpus, .shared = cpus > 1};
	other = (struct runqueue){.cpu = CPUS, .cpus = 1};
	for (unsigned cpu = 0; cpu <= CPUS; cpu++) {
		percpu_offsets[cpu] = (uintptr_t)&machine[cpu] - (uintptr_t)&sched_cpu;
		machine[cpu] = (struct sched_cpu){.rq = cpu < cpus ? &rq : cpu == CPUS ? &other : NULL, .cpu = cpu,
						  .current = &idle, .idle = &idle};
	}
	p->init(&rq);
	p->init(&other);
	for (unsigned i = 0; i < MANY; i++) {
		thread[i] = (struct thread){.weight = nice_weight(0), .affinity = {~0ul}, .state = THREAD_RUNNABLE};
		thread[i].arch.fpu_cpu = -1;
		used[i] = ran_last[i] = longest_wait[i] = 0;
	}
	for (unsigned i = 0; i < count; i++)
		put(&thread[i], false);
}

struct thread *pick_on(unsigned cpu)
{
	struct thread *t = cpus > 1 ? shared_pick(&machine[cpu]) : policy->pick(&rq);

	if (t) {
		unsigned i = (unsigned)(t - thread);

		longest_wait[i] = MAX(longest_wait[i], now - ran_last[i]);
		rq.queued -= cpus == 1;
		t->queued = false;
		machine[cpu].current = t;
	}
	return t;
}

struct thread *pick(void)
{
	return pick_on(0);
}

void run(struct thread *t, u64 ns)
{
	policy->charge(&rq, t, ns);
	used[t - thread] += ns;
	now += ns;
	ran_last[t - thread] = now;
}

void block(struct thread *t)
{
	t->state = THREAD_BLOCKED;
	machine[0].current = &idle;
}

void wake(struct thread *t)
{
	t->state = THREAD_RUNNABLE;
	put(t, true);
}

static u64 since[CPUS], until[CPUS];

static void start(unsigned cpu, u64 end)
{
	struct thread *t = pick_on(cpu);
	u64 slice = t ? policy->slice(&rq, t) : NSEC_PER_SEC;

	assert_true(slice > 0);
	since[cpu] = now;
	until[cpu] = MIN(now + slice, end);
}

static void stop(unsigned cpu)
{
	struct thread *t = machine[cpu].current;

	if (t == &idle)
		return;
	now = since[cpu];
	run(t, until[cpu] - since[cpu]);
	put(t, false);
	machine[cpu].current = &idle;
}

void run_for(u64 ns)
{
	u64 end = now + ns;

	for (unsigned cpu = 0; cpu < cpus; cpu++)
		start(cpu, end);
	for (;;) {
		unsigned first = 0;

		for (unsigned cpu = 1; cpu < cpus; cpu++)
			first = until[cpu] < until[first] ? cpu : first;
		now = until[first];
		if (now == end)
			break;
		stop(first);
		start(first, end);
	}
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		stop(cpu);
}

void assert_about(u64 value, u64 expected, u64 tolerance)
{
	assert_in_range(value, expected - tolerance, expected + tolerance);
}

void set_nice(struct thread *t, int nice)
{
	bool queued = t->queued;

	if (queued)
		policy->dequeue(&rq, t);
	t->nice = nice;
	t->weight = nice_weight(nice);
	if (queued)
		policy->enqueue(&rq, t, false);
}

void of_each(void (*property)(const struct promise *))
{
	for (unsigned p = 0; p < ARRAY_SIZE(promises); p++) {
		for (cpus = 1; cpus <= CPUS; cpus++)
			property(&promises[p]);
	}
	cpus = 1;
}
