/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_realtime.c - the real-time classes above each of the policies: one CPU in simulated time, with the kernel's own run queue;
 * only what switch.c does is played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "realtime.c" /* its `base` begins anew for each test */

#include <arch/machine.h>
#include <core/param.h>
#include <lib/errno.h>
#include <lib/rand.h>

#define MS NSEC_PER_MSEC
#define NEVER (~0ul)
#define MANY 8

struct param param;
const struct sched_policy *policy;
unsigned cpu_count = 1, cpu_online = 1;
u64 cpu_online_mask[CPUSET_WORDS] = {1};
uintptr_t percpu_offsets[CPUS_MAX];
DEFINE_PERCPU(uintptr_t, percpu_offset);
DEFINE_PERCPU(unsigned, cpu_id);

/* ---- the machine ---- */
static u64 now, slice_end, timer_end;
static bool irqs_on;

u64 clock_ns(void)
{
	return now;
}

void timer_init(struct timer *t, void (*fn)(struct timer *))
{
	*t = (struct timer){.fn = fn};
}

void timer_start(struct timer *t, u64 deadline)
{
	(void)t;
	timer_end = deadline;
}

void timer_set_slice(u64 deadline)
{
	slice_end = deadline;
}

bool sim_irq_get(void)
{
	return irqs_on;
}

void sim_irq_set(bool on)
{
	irqs_on = on;
}

void sim_relax(void)
{
	fail();
}

void spin_wait(struct spin_word *l, u16 ticket)
{
	(void)l, (void)ticket;
	fail();
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	(void)cpu, (void)ipi;
	fail();
}

void tick_init(struct sched_cpu *c)
{
	(void)c;
}

/* ---- threads: each runs `burst` ns, blocks, and comes back `every` ns after it came last ---- */
static struct player {
	struct thread thread;
	u64 burst, every, left, came, next, used;
	u64 slowest;         /* ns from coming to blocking */
	unsigned done;
} player[MANY];
static struct thread idle, self;
static struct sched_cpu *c;
static struct runqueue *rq;
static char order[64]; /* who began to run, as digits */

static struct player *player_of(struct thread *t)
{
	return container_of(t, struct player, thread);
}

static void begin(const struct sched_policy *p)
{
	base = NULL;
	policy = p;
	param.slice_ns = 0;
	now = 0;
	slice_end = timer_end = NEVER;
	c = sched_cpu_of(0);
	rq = &c->own;
	memset(c, 0, sizeof(*c));
	idle = (struct thread){.is_idle = true, .special = true, .exempt = true};
	this_cpu(current_thread) = &self;
	self = (struct thread){.state = THREAD_BLOCKED};
	runqueue_init(0, &idle);
	memset(player, 0, sizeof(player));
	memset(order, 0, sizeof(order));
	for (unsigned i = 0; i < MANY; i++) {
		player[i].thread = (struct thread){.weight = 1024, .affinity = {~0ul}, .state = THREAD_BLOCKED};
		player[i].thread.arch.fpu_cpu = -1;
		player[i].next = player[i].left = player[i].burst = NEVER;
	}
}

static int set(unsigned i, int class, int priority)
{
	return thread_set_class(&player[i].thread, &(struct thread_class){.class = class, .priority = priority});
}

static int set_deadline(unsigned i, u64 runtime, u64 deadline, u64 period)
{
	return thread_set_class(&player[i].thread, &(struct thread_class){.class = SCHED_DEADLINE, .runtime = runtime,
									  .deadline = deadline, .period = period});
}

/* Gives every deadline thread's share back. */
static int end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(set(i, SCHED_OTHER, 0), 0);
	return 0;
}

static void play_as(unsigned i, u64 first, u64 burst, u64 every)
{
	player[i].next = first;
	player[i].burst = player[i].left = burst;
	player[i].every = every;
}

/* What schedule() does. */
static void leave(enum leave why)
{
	struct thread *prev = c->current, *next;

	runqueue_charge(c, now);
	prev->work = 0;
	if (why == LEAVE_BLOCK) {
		prev->state = THREAD_BLOCKED;
		next = runqueue_pick(c, rq);
	} else if (prev->is_idle) {
		next = runqueue_pick(c, rq);
	} else if (is_realtime(prev)) {
		next = realtime_choose(c, prev, why == LEAVE_YIELD);
	} else if (!rq->queued) {
		next = prev;
	} else {
		runqueue_enqueue(rq, prev, false);
		next = runqueue_pick(c, rq);
	}
	next = next ? next : &idle;
	next->exec_start = now;
	c->current = next;
	runqueue_set_slice(c, now);
	if (next != prev && next != &idle && strlen(order) < sizeof(order) - 1)
		order[strlen(order)] = (char)('0' + (player_of(next) - player));
}

static void job_done(struct player *p)
{
	p->done++;
	p->slowest = MAX(p->slowest, now - p->came);
	p->left = p->burst;
	p->next = p->every == NEVER ? NEVER : MAX(p->came + p->every, now);
	leave(LEAVE_BLOCK);
}

static void come(struct player *p)
{
	p->came = p->next;
	p->next = NEVER;
	p->thread.state = THREAD_RUNNABLE;
	runqueue_add(rq, &p->thread, true);
}

static u64 next_event(u64 until)
{
	u64 at = MIN(until, MIN(slice_end, timer_end));

	for (unsigned i = 0; i < MANY; i++)
		at = MIN(at, player[i].next);
	if (c->current != &idle && player_of(c->current)->left != NEVER)
		at = MIN(at, now + player_of(c->current)->left);
	return MAX(at, now);
}

static void play(u64 until)
{
	for (unsigned still = 0; now < until; ) {
		/* A change of class from without. */
		if (c->current->work & WORK_RESCHED)
			leave(LEAVE_PREEMPT);

		struct player *p = c->current == &idle ? NULL : player_of(c->current);
		u64 at = next_event(until), passed = at - now;

		still = passed ? 0 : still + 1;
		assert_true(still < 100); /* else time stands */
		now = at;
		if (p) {
			p->used += passed;
			p->left -= p->left == NEVER ? 0 : passed;
		}
		if (p && !p->left)
			job_done(p);
		if (now >= timer_end) {
			timer_end = NEVER;
			deadline_due(&rq->rt.timer);
		}
		for (unsigned i = 0; i < MANY; i++) {
			if (now >= player[i].next)
				come(&player[i]);
		}
		if (now >= slice_end) {
			slice_end = NEVER;
			if (rq->queued && c->current != &idle)
				c->current->work |= WORK_RESCHED;
		}
		if (c->current == &idle ? rq->queued : c->current->work & WORK_RESCHED)
			leave(LEAVE_PREEMPT);
	}
}

static void assert_about(u64 value, u64 expected, u64 tolerance)
{
	assert_in_range(value, expected - tolerance, expected + tolerance);
}

static const struct sched_policy *const policies_[] = {&policy_fair,   &policy_rr,      &policy_mlfq,
						       &policy_stride, &policy_lottery, &policy_eevdf};

/* ---- SCHED_FIFO, SCHED_RR ---- */
static void fifo_runs_by_priority_until_it_blocks(void **state)
{
	for (unsigned p = 0; p < ARRAY_SIZE(policies_); p++) {
		begin(policies_[p]);
		play_as(0, 0, NEVER, NEVER);
		for (unsigned i = 1; i < 4; i++) {
			assert_int_equal(set(i, SCHED_FIFO, (int)i * 10), 0);
			play_as(i, i * MS, 200 * MS, NEVER);
		}
		play(2000 * MS);
		assert_string_equal(order, "0123210");
		assert_int_equal(player[3].slowest, 200 * MS);
		assert_int_equal(player[1].slowest, 600 * MS);
		end(state);
	}
}

static void equals_of_fifo_wait_and_of_rr_take_turns(void **state)
{
	begin(&policy_fair);
	for (unsigned i = 0; i < 3; i++) {
		set(i, SCHED_FIFO, 5);
		play_as(i, 0, 250 * MS, NEVER);
	}
	play(1000 * MS);
	assert_string_equal(order, "012");
	end(state);

	begin(&policy_fair);
	for (unsigned i = 0; i < 3; i++) {
		set(i, SCHED_RR, 5);
		play_as(i, 0, 250 * MS, NEVER);
	}
	play(1000 * MS);
	assert_string_equal(order, "012012012");
	end(state);
}

/* Who is put off by a better one is first again, with what is left of its turn; who yields is last. */
static void a_turn_goes_on_after_a_better_one(void **state)
{
	begin(&policy_fair);
	for (unsigned i = 0; i < 2; i++) {
		set(i, SCHED_RR, 5);
		play_as(i, 0, 250 * MS, NEVER);
	}
	set(2, SCHED_FIFO, 6);
	play_as(2, 50 * MS, MS, NEVER);
	play(149 * MS);
	assert_string_equal(order, "0201");
	assert_int_equal(player[0].used, 100 * MS);
	leave(LEAVE_YIELD);
	assert_string_equal(order, "02010");
	end(state);
}

static void a_lone_yielder_goes_on(void **state)
{
	begin(&policy_fair);
	play_as(0, 0, NEVER, NEVER);
	play_as(1, MS, NEVER, NEVER);
	set(1, SCHED_FIFO, 1);
	play(2 * MS);
	leave(LEAVE_YIELD);
	assert_ptr_equal(c->current, &player[1].thread);
	end(state);
}

/* 95 % of the time, and what is left is divided as ever. */
static void others_are_left_a_twentieth(void **state)
{
	for (unsigned p = 0; p < ARRAY_SIZE(policies_); p++) {
		begin(policies_[p]);
		set(0, SCHED_FIFO, 50);
		set(1, SCHED_RR, 50);
		for (unsigned i = 0; i < 4; i++)
			play_as(i, 0, NEVER, NEVER);
		play(100000 * MS);
		assert_about(player[2].used + player[3].used, 5000 * MS, 100 * MS);
		assert_about(player[2].used, 2500 * MS, 400 * MS);
		end(state);
	}
}

static void nothing_is_taken_from_a_modest_one(void **state)
{
	begin(&policy_fair);
	set(0, SCHED_FIFO, 1);
	play_as(0, 0, 50 * MS, 100 * MS);
	play_as(1, 0, NEVER, NEVER);
	play(60000 * MS);
	assert_int_equal(player[0].slowest, 50 * MS);
	end(state);
}

/* ---- SCHED_DEADLINE ---- */
static void deadlines_are_met_beside_hogs(void **state)
{
	for (unsigned p = 0; p < ARRAY_SIZE(policies_); p++) {
		begin(policies_[p]);
		/* 0.3 + 0.25 + 0.2 + 0.19 = 0.94 of the CPU; each uses all of its runtime. */
		assert_int_equal(set_deadline(0, 3 * MS, 10 * MS, 10 * MS), 0);
		assert_int_equal(set_deadline(1, 4 * MS, 16 * MS, 16 * MS), 0);
		assert_int_equal(set_deadline(2, 7 * MS, 35 * MS, 35 * MS), 0);
		assert_int_equal(set_deadline(3, 19 * MS, 100 * MS, 100 * MS), 0);
		play_as(0, 0, 3 * MS - 2, 10 * MS);
		play_as(1, 0, 4 * MS - 2, 16 * MS);
		play_as(2, 0, 7 * MS - 2, 35 * MS);
		play_as(3, 0, 19 * MS - 2, 100 * MS);
		set(4, SCHED_FIFO, 99);
		play_as(4, 0, NEVER, NEVER);
		play_as(5, 0, NEVER, NEVER);
		play(20000 * MS);
		assert_true(player[0].slowest <= 10 * MS);
		assert_true(player[1].slowest <= 16 * MS);
		assert_true(player[2].slowest <= 35 * MS);
		assert_true(player[3].slowest <= 100 * MS);
		assert_int_equal(player[0].done, 2000);
		assert_int_equal(player[3].done, 200);
		assert_true(player[4].used > 500 * MS);
		end(state);
	}
}

/* One that wants more than it was promised does not get it, not even of an idle CPU, and harms nobody. */
static void who_overruns_is_throttled(void **state)
{
	begin(&policy_fair);
	set_deadline(0, 10 * MS, 100 * MS, 100 * MS);
	set_deadline(1, 30 * MS, 60 * MS, 60 * MS);
	play_as(0, 0, NEVER, NEVER);
	play_as(1, 0, 30 * MS - 2, 60 * MS);
	play(10000 * MS);
	assert_about(player[0].used, 1000 * MS, 10 * MS);
	assert_true(player[1].slowest <= 60 * MS);
	play_as(2, now, NEVER, NEVER);
	play(20000 * MS);
	assert_about(player[0].used, 2000 * MS, 20 * MS);
	assert_about(player[2].used, 4000 * MS, 100 * MS);
	end(state);
}

/* Sleeping a little does not renew what is used up: a job of 9 in 10 ms, three times in each period, is three jobs in three. */
static void a_nap_earns_no_runtime(void **state)
{
	begin(&policy_fair);
	set_deadline(0, 10 * MS, 100 * MS, 100 * MS);
	play_as(0, 0, 9 * MS, 20 * MS);
	play_as(1, 0, NEVER, NEVER);
	play(10000 * MS);
	assert_true(player[0].used <= 1010 * MS);
	assert_true(player[0].used >= 900 * MS);
	end(state);
}

static void a_yield_waits_for_the_next_period(void **state)
{
	begin(&policy_fair);
	set_deadline(0, 10 * MS, 100 * MS, 100 * MS);
	play_as(0, 0, NEVER, NEVER);
	play(2 * MS);
	leave(LEAVE_YIELD);
	assert_ptr_equal(c->current, &idle);
	play(99 * MS);
	assert_int_equal(player[0].used, 2 * MS);
	play(105 * MS);
	assert_about(player[0].used, 7 * MS, MS);
	end(state);
}

static void no_more_is_promised_than_there_is(void **state)
{
	begin(&policy_fair);
	assert_int_equal(set_deadline(0, 50 * MS, 100 * MS, 100 * MS), 0);
	assert_int_equal(set_deadline(1, 46 * MS, 100 * MS, 100 * MS), -EBUSY);
	assert_int_equal(player[1].thread.class, SCHED_OTHER);
	assert_int_equal(set_deadline(1, 44 * MS, 100 * MS, 100 * MS), 0);
	assert_int_equal(set_deadline(2, 2 * MS, 100 * MS, 100 * MS), -EBUSY);
	/* Its own share does not stand in its way, and one that goes gives back. */
	assert_int_equal(set_deadline(1, 45 * MS - 1000, 100 * MS, 100 * MS), 0);
	assert_int_equal(set(0, SCHED_FIFO, 1), 0);
	assert_int_equal(set_deadline(2, 49 * MS, 100 * MS, 100 * MS), 0);
	end(state);
}

/* ---- from class to class, in whatever state ---- */
static void classes_change_in_any_state(void **state)
{
	for (unsigned p = 0; p < ARRAY_SIZE(policies_); p++) {
		u64 random = 7, sum = 0, before[MANY];

		begin(policies_[p]);
		for (unsigned i = 0; i < 6; i++)
			play_as(i, i * MS, i % 2 ? NEVER : (i + 1) * MS, 20 * MS);
		for (unsigned step = 0; step < 4000; step++) {
			unsigned i = (unsigned)(splitmix64(&random) % 6), what = (unsigned)(splitmix64(&random) % 5);

			if (what == 0)
				set_deadline(i, 2 * MS, 20 * MS, 20 * MS);
			else if (what < 3)
				assert_int_equal(set(i, what == 1 ? SCHED_FIFO : SCHED_RR, 1 + (int)i), 0);
			else
				assert_int_equal(set(i, what == 3 ? SCHED_OTHER : SCHED_IDLE, 0), 0);
			play(now + splitmix64(&random) % (7 * MS));
		}
		end(state);
		/* And then all is as if nothing had been: equal shares. */
		for (unsigned i = 0; i < 6; i++) {
			play_as(i, now + MS, NEVER, NEVER);
			if (player[i].thread.state == THREAD_RUNNABLE)
				player[i].next = NEVER;
		}
		play(now + 2000 * MS);
		for (unsigned i = 0; i < 6; i++)
			before[i] = player[i].used;
		play(now + 60000 * MS);
		for (unsigned i = 0; i < 6; i++) {
			sum += player[i].used - before[i];
			assert_about(player[i].used - before[i], 10000 * MS, policies_[p] == &policy_lottery ? 1200 * MS : 100 * MS);
		}
		assert_about(sum, 60000 * MS, MS);
	}
}

/* Neither what it had as FIFO nor what the others had meanwhile counts. (Under mlfq who is new is better than who has sunk.) */
static void who_leaves_a_class_begins_anew(void **state)
{
	for (unsigned p = 0; p < ARRAY_SIZE(policies_); p++) {
		u64 tolerance = policies_[p] == &policy_lottery ? 200 * MS : 30 * MS, before[2];

		if (policies_[p] == &policy_mlfq)
			continue;
		begin(policies_[p]);
		play_as(0, 0, NEVER, NEVER);
		play_as(1, 0, NEVER, NEVER);
		play(10000 * MS);
		set(0, SCHED_FIFO, 1);
		play(10100 * MS);
		assert_ptr_equal(c->current, &player[0].thread);
		set(0, SCHED_OTHER, 0);
		for (unsigned i = 0; i < 2; i++)
			before[i] = player[i].used;
		play(11100 * MS);
		for (unsigned i = 0; i < 2; i++)
			assert_about(player[i].used - before[i], 500 * MS, tolerance);
		end(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifo_runs_by_priority_until_it_blocks),
		cmocka_unit_test(equals_of_fifo_wait_and_of_rr_take_turns),
		cmocka_unit_test(a_turn_goes_on_after_a_better_one),
		cmocka_unit_test(a_lone_yielder_goes_on),
		cmocka_unit_test(others_are_left_a_twentieth),
		cmocka_unit_test(nothing_is_taken_from_a_modest_one),
		cmocka_unit_test(deadlines_are_met_beside_hogs),
		cmocka_unit_test(who_overruns_is_throttled),
		cmocka_unit_test(a_nap_earns_no_runtime),
		cmocka_unit_test(a_yield_waits_for_the_next_period),
		cmocka_unit_test(no_more_is_promised_than_there_is),
		cmocka_unit_test(who_leaves_a_class_begins_anew),
		cmocka_unit_test(classes_change_in_any_state),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
