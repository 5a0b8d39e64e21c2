/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_policy.c - the scheduling policies as pure functions: a driver plays one CPU with simulated time
 * and looks at who got how much of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runqueue.h"

#include <core/param.h>

#define MS NSEC_PER_MSEC
#define MANY 16

struct param param;
const struct sched_policy *policy;

static struct runqueue rq, other;
static struct thread thread[MANY];
static u64 used[MANY];

static void begin(const struct sched_policy *p, unsigned count)
{
	param.slice_ns = 0;
	policy = p;
	rq = (struct runqueue){.cpu = 0};
	other = (struct runqueue){.cpu = 1};
	p->init(&rq);
	p->init(&other);
	for (unsigned i = 0; i < MANY; i++) {
		thread[i] = (struct thread){.weight = nice_weight(0), .affinity = {~0ul}};
		thread[i].arch.fpu_cpu = -1;
		used[i] = 0;
	}
	for (unsigned i = 0; i < count; i++) {
		p->enqueue(&rq, &thread[i], false);
		rq.queued++;
	}
}

static struct thread *pick(void)
{
	struct thread *t = policy->pick(&rq);

	if (t)
		rq.queued--;
	return t;
}

static void put(struct thread *t, bool woken)
{
	policy->enqueue(&rq, t, woken);
	rq.queued++;
}

/* Threads that always want the CPU, each for its whole slice. */
static void run_for(u64 ns)
{
	while (ns) {
		struct thread *t = pick();
		u64 slice = policy->slice(&rq, t);

		assert_true(slice > 0);
		slice = MIN(slice, ns);
		policy->charge(&rq, t, slice);
		used[t - thread] += slice;
		ns -= slice;
		put(t, false);
	}
}

static void assert_about(u64 value, u64 expected, u64 tolerance)
{
	assert_in_range(value, expected - tolerance, expected + tolerance);
}

static void equal_threads_share_equally(void **state)
{
	const struct sched_policy *const both[] = {&policy_fair, &policy_rr};

	(void)state;
	for (unsigned p = 0; p < 2; p++) {
		begin(both[p], 5);
		run_for(1000 * MS);
		for (unsigned i = 0; i < 5; i++)
			assert_about(used[i], 200 * MS, 10 * MS);
	}
}

static void niceness_divides_as_its_weights(void **state)
{
	(void)state;
	begin(&policy_fair, 2);
	thread[1].nice = 5;
	thread[1].weight = nice_weight(5);
	run_for(4000 * MS);
	/* 1.25^5 = 3.05 */
	assert_about(used[0] * 100 / used[1], 305, 10);

	begin(&policy_fair, 2);
	thread[0].weight = nice_weight(-20);
	thread[1].weight = nice_weight(19);
	run_for(10000 * MS);
	assert_true(used[1] > 0);
	assert_true(used[0] / used[1] > 1000);
}

static void weights_are_powers_of_1_25(void **state)
{
	(void)state;
	assert_int_equal(nice_weight(0), 1024);
	for (int nice = -20; nice < 19; nice++)
		assert_about(nice_weight(nice) * 1000 / nice_weight(nice + 1), 1250, 50);
}

static void a_slice_is_a_share_of_the_latency(void **state)
{
	struct thread *t;

	(void)state;
	begin(&policy_fair, 3);
	t = pick();
	assert_int_equal(policy_fair.slice(&rq, t), 2 * MS);
	policy_fair.charge(&rq, t, MS / 2);
	assert_int_equal(policy_fair.slice(&rq, t), 3 * MS / 2);
	policy_fair.charge(&rq, t, 9 * MS);
	assert_int_equal(policy_fair.slice(&rq, t), 0);
	begin(&policy_fair, MANY);
	assert_int_equal(policy_fair.slice(&rq, pick()), 750 * NSEC_PER_USEC);
	param.slice_ns = 3 * MS;
	assert_int_equal(policy_fair.slice(&rq, pick()), 3 * MS);
	begin(&policy_rr, 2);
	assert_int_equal(policy_rr.slice(&rq, pick()), 10 * MS);
	param.slice_ns = 4 * MS;
	assert_int_equal(policy_rr.slice(&rq, pick()), 4 * MS);
}

static void a_sleeper_gets_bounded_credit(void **state)
{
	struct thread *sleeper = &thread[2];
	u64 before;

	(void)state;
	begin(&policy_fair, 3);
	do {
		put(pick(), false);
	} while (rq.fair.leftmost != &sleeper->fair_node);
	assert_ptr_equal(pick(), sleeper);
	run_for(10000 * MS);
	put(sleeper, true);
	before = used[2];
	run_for(30 * MS);
	/* A third of 30 ms and at most the credit of 3 ms more, scaled by sharing; not 5 s. */
	assert_true(used[2] - before >= 8 * MS);
	assert_true(used[2] - before <= 16 * MS);
}

static void a_woken_sleeper_preempts_a_hog(void **state)
{
	struct thread *hog, *sleeper;

	(void)state;
	begin(&policy_fair, 2);
	sleeper = pick();
	hog = pick();
	policy_fair.charge(&rq, hog, 20 * MS);
	policy_fair.enqueue(&rq, sleeper, true);
	assert_true(policy_fair.preempts(&rq, sleeper, hog));
	assert_false(policy_fair.preempts(&rq, hog, sleeper));
	assert_false(policy_rr.preempts(&rq, sleeper, hog));
}

static void a_migrant_keeps_its_distance(void **state)
{
	struct thread *t;
	u64 lead;

	(void)state;
	begin(&policy_fair, 2);
	run_for(5000 * MS); /* this queue's clock is far ahead of the other's */
	t = rq.fair.leftmost == &thread[0].fair_node ? &thread[1] : &thread[0];
	lead = t->vruntime - rq.fair.min_vruntime;
	policy_fair.dequeue(&rq, t);
	policy_fair.enqueue(&other, t, false);
	assert_int_equal(t->vruntime - other.fair.min_vruntime, lead);
	assert_ptr_equal(policy_fair.pick(&other), t);
	assert_null(policy_fair.pick(&other));
}

static void round_robin_keeps_the_order(void **state)
{
	(void)state;
	begin(&policy_rr, 4);
	for (unsigned i = 0; i < 12; i++) {
		struct thread *t = pick();

		assert_ptr_equal(t, &thread[i % 4]);
		put(t, i % 2);
	}
	policy_rr.dequeue(&rq, &thread[1]);
	assert_ptr_equal(pick(), &thread[0]);
	assert_ptr_equal(pick(), &thread[2]);
	assert_ptr_equal(pick(), &thread[3]);
	assert_null(policy_rr.pick(&rq));
}

static void only_the_movable_are_stolen(void **state)
{
	const struct sched_policy *const both[] = {&policy_fair, &policy_rr};

	(void)state;
	for (unsigned p = 0; p < 2; p++) {
		begin(both[p], 4);
		thread[0].exempt = true;
		thread[1].arch.fpu_cpu = 0;
		thread[2].affinity[0] = BIT(0);
		assert_ptr_equal(policy->peek_movable(&rq, 1), &thread[3]);
		thread[3].affinity[0] = BIT(2);
		assert_null(policy->peek_movable(&rq, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_threads_share_equally),
		cmocka_unit_test(niceness_divides_as_its_weights),
		cmocka_unit_test(weights_are_powers_of_1_25),
		cmocka_unit_test(a_slice_is_a_share_of_the_latency),
		cmocka_unit_test(a_sleeper_gets_bounded_credit),
		cmocka_unit_test(a_woken_sleeper_preempts_a_hog),
		cmocka_unit_test(a_migrant_keeps_its_distance),
		cmocka_unit_test(round_robin_keeps_the_order),
		cmocka_unit_test(only_the_movable_are_stolen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
