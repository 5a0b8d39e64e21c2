/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_shared.c - what a queue that several CPUs take from must bear: threads that may run on some of them only, or that hold more
 * weight than a CPU is worth.
 */
#include "drive.h"

static void pin(unsigned i, unsigned cpu)
{
	thread[i].affinity[0] = BIT(cpu);
}

/* Threads that may run on one CPU only have had more than those of the other, or less: who comes later does not suffer for it. */
static void bears_pins(const struct promise *p)
{
	u64 shares[4] = {0};

	if (cpus != 2)
		return;
	for (unsigned run_ = 0; run_ < 20; run_++) {
		begin(p->policy, 5);
		pin(0, 0);
		pin(1, 0);
		for (unsigned i = 2; i < 5; i++)
			pin(i, 1);
		run_for((100 + run_ * 7) * MS);
		for (unsigned i = 1; i < 5; i += 2) {
			runqueue_dequeue(&rq, &thread[i]);
			thread[i].state = THREAD_BLOCKED;
		}
		run_for(50000 * MS);
		wake(&thread[1]);
		wake(&thread[3]);
		for (unsigned i = 0; i < 4; i++)
			shares[i] -= used[i];
		run_for(1000 * MS);
		for (unsigned i = 0; i < 4; i++)
			shares[i] += used[i];
	}
	/* Of 20 s: two have a CPU, three the other. */
	assert_in_range(shares[0], 7000 * MS, 13000 * MS);
	assert_in_range(shares[1], 7000 * MS, 13000 * MS);
	assert_in_range(shares[2], 4000 * MS, 9000 * MS);
	assert_in_range(shares[3], 4000 * MS, 9000 * MS);
}

static void pinned_threads_starve_nobody(void **state)
{
	(void)state;
	of_each(bears_pins);
}

/* One that has more weight than a CPU is worth: the others have what it leaves, also one that comes much later. */
static void bears_a_heavy_one(const struct promise *p)
{
	if (cpus != 2 || !p->by_weight)
		return;
	begin(p->policy, 3);
	set_nice(&thread[0], -15);
	run_for(100000 * MS);
	assert_true(used[0] >= 98000 * MS);
	wake(&thread[3]);
	memset(used, 0, sizeof(used));
	run_for(10000 * MS);
	assert_true(used[0] >= 9500 * MS);
	for (unsigned i = 1; i < 4; i++)
		assert_about(used[i], 3333 * MS, p->policy == &policy_lottery ? 600 * MS : 350 * MS);
}

static void a_heavy_one_starves_nobody(void **state)
{
	(void)state;
	of_each(bears_a_heavy_one);
}

/* Each CPU takes the best that may run on it. */
static void takes_what_it_may(const struct promise *p)
{
	begin(p->policy, 6);
	pin(0, 1);
	pin(1, 1);
	for (unsigned i = 2; i < 5; i++)
		pin(i, 2);
	pin(5, 0);
	if (cpus < 3)
		return;
	assert_ptr_equal(pick_on(0), &thread[5]);
	assert_null(pick_on(0));
	assert_true(pick_on(1) < &thread[2]);
	assert_true(pick_on(2) >= &thread[2]);
	assert_int_equal(thread[5].cpu, 0);
	assert_int_equal(machine[2].current->cpu, 2);
	assert_int_equal(rq.queued, 3);
}

static void affinity_holds_in_a_shared_queue(void **state)
{
	(void)state;
	of_each(takes_what_it_may);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_threads_starve_nobody),
		cmocka_unit_test(a_heavy_one_starves_nobody),
		cmocka_unit_test(affinity_holds_in_a_shared_queue),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
