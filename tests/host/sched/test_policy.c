/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_policy.c - the scheduling policies as pure functions: who gets how much of one CPU, and of several that share a queue.
 */
#include "drive.h"

/*
 * On several CPUs: who runs takes no part in the draw for another, so several lotteries give heavy threads less, and light ones more;
 * and a boost finds several threads in the midst of what they may have, the same each time when all is as regular as here.
 */
static u64 error_of(const struct promise *p)
{
	if (cpus > 1 && p->policy == &policy_lottery)
		return 35;
	return cpus > 1 && p->policy == &policy_mlfq ? 6 : p->share_error;
}

static void share_equally(const struct promise *p)
{
	u64 share = p->seconds * NSEC_PER_SEC / 5 * cpus, error = error_of(p);

	begin(p->policy, 5);
	run_for(p->seconds * NSEC_PER_SEC);
	for (unsigned i = 0; i < 5; i++)
		assert_about(used[i], share, share / 100 * error);
}

static void equal_threads_share_equally(void **state)
{
	(void)state;
	of_each(share_equally);
}

/* Also of threads whose niceness is changed while they are queued, and over a part of the time. */
static void follow_weights(const struct promise *p)
{
	static const int nice[] = {0, 5, -5, 1, 10};
	u64 sum = 0, ns = p->seconds * NSEC_PER_SEC;
	unsigned count = cpus * ARRAY_SIZE(nice);
	u64 error = error_of(p);

	begin(p->policy, count);
	run_for(1000 * MS);
	for (unsigned i = 0; i < count; i++) {
		set_nice(&thread[i], nice[i % ARRAY_SIZE(nice)]);
		sum += thread[i].weight;
		used[i] = 0;
	}
	run_for(ns);
	for (unsigned i = 0; i < count; i++) {
		u64 share = cpus * (p->by_weight ? ns * thread[i].weight / sum : ns / count);

		assert_about(used[i], share, share / 100 * error);
	}
}

static void shares_follow_weights(void **state)
{
	(void)state;
	of_each(follow_weights);
}

static void starves_nobody(const struct promise *p)
{
	begin(p->policy, 6);
	set_nice(&thread[0], 10);
	set_nice(&thread[1], -5);
	run_for(60000 * MS);
	for (unsigned i = 0; i < 6; i++) {
		assert_true(longest_wait[i] > 0 || cpus > 1);
		assert_true(longest_wait[i] <= p->wait_ms * MS);
	}
}

static void nobody_starves(void **state)
{
	(void)state;
	of_each(starves_nobody);
}

/* Of two queues that hold the same, a thread that comes from far ahead or behind neither takes over nor waits for long. */
static void a_migrant_fits_in(void **state)
{
	(void)state;
	for (unsigned p = 0; p < ARRAY_SIZE(promises); p++) {
		begin(promises[p].policy, 3);
		policy->enqueue(&other, &thread[3], false);
		run_for(20000 * MS);
		policy->dequeue(&other, &thread[3]);
		put(&thread[3], false);
		memset(used, 0, sizeof(used));
		run_for(4000 * MS);
		for (unsigned i = 0; i < 4; i++)
			assert_about(used[i], 1000 * MS, 200 * MS);
	}
}

static void niceness_divides_as_its_weights(void **state)
{
	(void)state;
	begin(&policy_fair, 2);
	set_nice(&thread[1], 5);
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
	} while (rq.fair.leftmost != &sleeper->node);
	assert_ptr_equal(pick(), sleeper);
	block(sleeper);
	run_for(10000 * MS);
	wake(sleeper);
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
	t = rq.fair.leftmost == &thread[0].node ? &thread[1] : &thread[0];
	lead = t->fair.vruntime - rq.fair.min_vruntime;
	policy_fair.dequeue(&rq, t);
	policy_fair.enqueue(&other, t, false);
	assert_int_equal(t->fair.vruntime - other.fair.min_vruntime, lead);
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
	(void)state;
	for (unsigned p = 0; p < ARRAY_SIZE(promises); p++) {
		begin(promises[p].policy, 4);
		thread[0].exempt = true;
		thread[1].arch.fpu_cpu = 0;
		thread[2].affinity[0] = BIT(0);
		assert_ptr_equal(policy->peek(&rq, CPUS), &thread[3]);
		thread[3].affinity[0] = BIT(2);
		assert_null(policy->peek(&rq, CPUS));
		policy->dequeue(&rq, &thread[3]);
		thread[0].exempt = false;
		assert_ptr_equal(policy->peek(&rq, CPUS), &thread[0]);
	}
}

/* A thread that sleeps for long, or for a moment each time it has run, has no more of the CPU than its share, nor less. */
static void sleeping_earns_nothing(void **state)
{
	static const struct sched_policy *const exact[] = {&policy_stride, &policy_eevdf};

	(void)state;
	for (unsigned p = 0; p < ARRAY_SIZE(exact); p++) {
		struct thread *t;

		begin(exact[p], 2);
		while ((t = pick()) != &thread[0]) {
			run(t, policy->slice(&rq, t));
			put(t, false);
		}
		run(t, MS / 10);
		block(t);
		run_for(5000 * MS);
		wake(t);
		memset(used, 0, sizeof(used));
		run_for(200 * MS);
		assert_about(used[0], 100 * MS, 10 * MS);

		/* A tenth of the other's weight. */
		set_nice(&thread[0], 10);
		run_for(500 * MS);
		memset(used, 0, sizeof(used));
		for (unsigned i = 0; i < 2000; i++) {
			t = pick();
			run(t, policy->slice(&rq, t));
			if (t == &thread[1]) {
				put(t, false);
				machine[0].current = &idle;
				continue;
			}
			block(t);
			t = pick();
			run(t, MS / 10);
			wake(&thread[0]);
			put(t, false);
			machine[0].current = &idle;
		}
		assert_about(used[0] * 1000 / (used[0] + used[1]), 97, 10);
	}
}

static void lottery_repeats_and_its_seed_counts(void **state)
{
	struct thread *drawn[3][200];

	(void)state;
	for (unsigned run_ = 0; run_ < 3; run_++) {
		param.seed = run_ == 2;
		begin(&policy_lottery, 8);
		for (unsigned i = 0; i < 200; i++) {
			drawn[run_][i] = pick();
			put(drawn[run_][i], false);
		}
	}
	param.seed = 0;
	assert_memory_equal(drawn[0], drawn[1], sizeof(drawn[0]));
	assert_memory_not_equal(drawn[0], drawn[2], sizeof(drawn[0]));
}

/* Who uses a fifth of each quantum and sleeps then wins five times as often, and so has as much as who uses all. */
static void lottery_compensates_who_leaves_early(void **state)
{
	(void)state;
	begin(&policy_lottery, 2);
	for (unsigned i = 0; i < 20000; i++) {
		struct thread *t = pick();

		run(t, t == &thread[0] ? 2 * MS : 10 * MS);
		put(t, t == &thread[0]);
	}
	assert_about(used[0] * 100 / (used[0] + used[1]), 50, 2);
}

/* ---- MLFQ: OSTEP's rules ---- */
static void mlfq_serves_who_sleeps_before_who_computes(void **state)
{
	struct thread *interactive = &thread[3];

	(void)state;
	begin(&policy_mlfq, 3);
	run_for(300 * MS);
	wake(interactive);
	for (unsigned i = 0; i < 100; i++) {
		struct thread *hog;

		assert_ptr_equal(pick(), interactive);
		run(interactive, MS / 20);
		block(interactive);
		hog = pick();
		assert_ptr_not_equal(hog, interactive);
		run(hog, MS);
		wake(interactive);
		/* Until a boost puts the hogs beside it. */
		if (!hog->mlfq.level)
			break;
		assert_true(policy->preempts(&rq, interactive, hog));
		assert_int_equal(policy->slice(&rq, hog), 0);
		put(hog, false);
	}
	assert_int_equal(interactive->mlfq.level, 0);
}

static void mlfq_counts_an_allotment_however_it_is_used(void **state)
{
	struct thread *t;

	(void)state;
	begin(&policy_mlfq, 1);
	t = pick();
	assert_int_equal(policy->slice(&rq, t), 4 * MS);
	for (unsigned i = 0; i < 7; i++) {
		run(t, 9 * MS / 8);
		assert_int_equal(t->mlfq.level, 0);
		block(t);
		wake(t);
		assert_ptr_equal(pick(), t);
	}
	/* 7 7/8 ms of 8 are gone. */
	assert_int_equal(policy->slice(&rq, t), MS / 8);
	run(t, MS / 8);
	assert_int_equal(t->mlfq.level, 1);
	run(t, 16 * MS);
	run(t, 32 * MS);
	assert_int_equal(t->mlfq.level, 3);
	run(t, 200 * MS);
	assert_int_equal(t->mlfq.level, 3);
}

/* Two that never sleep long enough to sink would keep the CPU for ever, were it not for the boost. */
static void mlfq_boosts_who_waits(void **state)
{
	(void)state;
	begin(&policy_mlfq, 1);
	run_for(200 * MS);
	assert_int_equal(thread[0].mlfq.level, 3);
	used[0] = 0;
	for (unsigned i = 0; i < 4000; i++) {
		struct thread *fresh = &thread[1 + i % 2];

		/* A new one each time: rule 3. */
		*fresh = (struct thread){.weight = 1024, .affinity = {~0ul}, .state = THREAD_RUNNABLE};
		put(fresh, false);
		for (struct thread *t; (t = pick()) != fresh; put(t, false))
			run(t, policy->slice(&rq, t));
		run(fresh, MS);
		block(fresh);
	}
	/* Each half second of theirs is followed by its allotment. */
	assert_true(used[0] >= 7 * 8 * MS);
	assert_true(longest_wait[0] <= 520 * MS);
}

/* ---- EEVDF ---- */
static void eevdf_prefers_the_earlier_deadline(void **state)
{
	struct thread *hog, *waker = &thread[2];

	(void)state;
	begin(&policy_eevdf, 2);
	set_nice(waker, -5); /* a third of the time for the same request: an earlier deadline */
	run_for(30 * MS);
	hog = pick();
	run(hog, MS / 2);
	wake(waker);
	assert_true(policy->preempts(&rq, waker, hog));
	assert_false(policy->preempts(&rq, hog, waker));
	put(hog, false);
	assert_ptr_equal(pick(), waker);
	/* It owes a request now, and is not eligible however early its deadline. */
	run(waker, 9 * MS);
	put(waker, false);
	assert_ptr_not_equal(pick(), waker);
}

/* One with the weight of all others together takes turns with them, and does not first have all that it may have. */
static void eevdf_interleaves_a_heavy_one(void **state)
{
	unsigned row = 0, longest = 0;

	(void)state;
	begin(&policy_eevdf, 10);
	set_nice(&thread[0], -10);
	for (unsigned i = 0; i < 2000; i++) {
		struct thread *t = pick();

		row = t == &thread[0] ? row + 1 : 0;
		longest = MAX(longest, row);
		run(t, policy->slice(&rq, t));
		put(t, false);
		machine[0].current = &idle;
	}
	assert_in_range(longest, 1, 2);
}

static void eevdf_bounds_lag_by_a_request(void **state)
{
	(void)state;
	begin(&policy_eevdf, 7);
	for (unsigned i = 0; i < 7; i++)
		set_nice(&thread[i], (int)i * 3 - 9);
	for (unsigned i = 0; i < 20000; i++) {
		struct thread *t = pick();

		run(t, policy->slice(&rq, t));
		assert_true(t->eevdf.lag >= -(i64)(3 * MS * 1024 / t->weight));
		assert_true(t->eevdf.lag <= (i64)(3 * MS * 1024 / t->weight));
		put(t, false);
		machine[0].current = &idle;
		assert_true(rb_check(&rq.eevdf.tree));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_threads_share_equally),
		cmocka_unit_test(shares_follow_weights),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(a_migrant_fits_in),
		cmocka_unit_test(sleeping_earns_nothing),
		cmocka_unit_test(niceness_divides_as_its_weights),
		cmocka_unit_test(weights_are_powers_of_1_25),
		cmocka_unit_test(a_slice_is_a_share_of_the_latency),
		cmocka_unit_test(a_sleeper_gets_bounded_credit),
		cmocka_unit_test(a_woken_sleeper_preempts_a_hog),
		cmocka_unit_test(a_migrant_keeps_its_distance),
		cmocka_unit_test(round_robin_keeps_the_order),
		cmocka_unit_test(only_the_movable_are_stolen),
		cmocka_unit_test(lottery_repeats_and_its_seed_counts),
		cmocka_unit_test(lottery_compensates_who_leaves_early),
		cmocka_unit_test(mlfq_serves_who_sleeps_before_who_computes),
		cmocka_unit_test(mlfq_counts_an_allotment_however_it_is_used),
		cmocka_unit_test(mlfq_boosts_who_waits),
		cmocka_unit_test(eevdf_prefers_the_earlier_deadline),
		cmocka_unit_test(eevdf_interleaves_a_heavy_one),
		cmocka_unit_test(eevdf_bounds_lag_by_a_request),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
