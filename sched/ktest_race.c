/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest_race.c - races that are planted, each to be found, and what is none, not to be. Two threads on two CPUs do something to
 * the same memory until one race was found, or so many rounds have passed. Only in kernels with CONFIG_RACE, on several CPUs.
 */
#include <core/ktest.h>

#include <core/mutex.h>
#include <core/seeds.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <sched/thread.h>

#define ROUNDS 3000u         /* of who does nothing wrong */
#define ROUNDS_MAX 1000000u  /* until who does is found: mostly some hundreds */
#define again() asm volatile("" : : : "memory")
#define PLANT static __attribute__((noinline)) void

static struct {
	u64 word;
	u8 bytes[8];
	u64 atomic; /* a */
	u64 from[16], to[16];
} shared;

static struct spinlock lock = SPINLOCK_INIT("ktest race");
static struct waitq done_wait = WAITQ_INIT(done_wait);
static unsigned done, started; /* a */
static unsigned rounds;        /* I while they run */

PLANT race_plant_write(void)
{
	shared.word++;
	again();
}

PLANT race_plant_read(void)
{
	u64 value = shared.word;

	asm volatile("" : : "r"(value) : "memory");
}

PLANT race_plant_marked_read(void)
{
	(void)READ_ONCE(shared.word);
}

PLANT race_plant_marked_write(void)
{
	WRITE_ONCE(shared.word, 7);
}

PLANT race_plant_add(void)
{
	__atomic_fetch_add(&shared.word, 1, __ATOMIC_RELAXED);
}

PLANT race_plant_locked(void)
{
	spin_lock(&lock);
	shared.word++;
	spin_unlock(&lock);
}

PLANT race_plant_low_byte(void)
{
	shared.bytes[0]++;
	again();
}

PLANT race_plant_high_byte(void)
{
	shared.bytes[1]++;
	again();
}

PLANT race_plant_whole(void)
{
	u64 value;

	memcpy(&value, shared.bytes, sizeof(value));
	asm volatile("" : : "r"(value) : "memory");
}

PLANT race_plant_fill(void)
{
	memset(shared.to, 1, sizeof(shared.to));
}

PLANT race_plant_copy(void)
{
	memcpy(shared.to, shared.from, sizeof(shared.to));
}

PLANT race_plant_last(void)
{
	shared.to[15]++;
	again();
}

/* By an instruction that no compiler knows of. */
PLANT race_plant_unseen(void)
{
	asm volatile("incq %0" : "+m"(shared.word));
}

static void wait_for(unsigned *count, unsigned value)
{
	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < value)
		cpu_pause();
}

static void repeat(void *arg)
{
	void (*fn)(void) = (void (*)(void))arg;

	__atomic_fetch_add(&started, 1, __ATOMIC_ACQ_REL);
	wait_for(&started, 2);
	for (unsigned i = 0; i < rounds && !race_seen(); i++) {
		fn();
		cpu_pause(); /* under -icount the other one runs now, while this one watches or not */
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	waitq_wake_all(&done_wait);
}

static void start_on(unsigned cpu, void (*fn)(void))
{
	u64 only[CPUSET_WORDS] = {0};
	struct thread *t = kthread_create("ktest race", repeat, (void *)fn);

	bitmap_set(only, cpu);
	if (KT_OK(t) && KT_EQ(thread_set_affinity(t, only), 0))
		thread_start(t);
}

/* How many were found, of at most so many rounds, when the two have stopped. */
static unsigned races_in(unsigned n, void (*one)(void), void (*other)(void))
{
	const struct seed given = race_seed;

	done = started = 0;
	rounds = n;
	race_seed.density = 16;
	race_expect("race_plant_");
	start_on(0, one);
	start_on(1, other);
	wait_event(&done_wait, __atomic_load_n(&done, __ATOMIC_ACQUIRE) == 2);
	race_seed = given;
	return race_expect(NULL);
}

static unsigned races(void (*one)(void), void (*other)(void))
{
	return races_in(ROUNDS_MAX, one, other);
}

static bool alone(void)
{
	return cpu_online < 2;
}

KTEST(race_finds_plain_against_plain)
{
	KT_OK(alone() || races(race_plant_write, race_plant_write));
	KT_OK(alone() || races(race_plant_read, race_plant_write));
	KT_OK(alone() || races(race_plant_write, race_plant_read));
}

KTEST(race_finds_plain_against_a_marked_write)
{
	KT_OK(alone() || races(race_plant_read, race_plant_marked_write));
	KT_OK(alone() || races(race_plant_write, race_plant_marked_write));
	KT_OK(alone() || races(race_plant_add, race_plant_read));
}

KTEST(race_finds_locked_against_unlocked)
{
	KT_OK(alone() || races(race_plant_locked, race_plant_write));
	KT_OK(alone() || races(race_plant_read, race_plant_locked));
}

KTEST(race_finds_parts_of_ranges)
{
	KT_OK(alone() || races(race_plant_whole, race_plant_high_byte));
	KT_OK(alone() || races(race_plant_fill, race_plant_copy));
	KT_OK(alone() || races(race_plant_copy, race_plant_last));
}

KTEST(race_finds_what_changes_unseen)
{
	KT_OK(alone() || races(race_plant_read, race_plant_unseen));
}

KTEST(race_is_silent_where_there_is_none)
{
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_locked, race_plant_locked), 0);
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_read, race_plant_read), 0);
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_add, race_plant_marked_write), 0);
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_add, race_plant_marked_read), 0);
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_low_byte, race_plant_high_byte), 0);
	KT_EQ(alone() ? 0 : races_in(ROUNDS, race_plant_locked, race_plant_marked_read), 0);
}

static void check_atomics_of_64_bits(void)
{
	u64 *p = &shared.atomic, expected = 5;

	__atomic_store_n(p, 1ul << 40, __ATOMIC_SEQ_CST);
	KT_EQ(__atomic_fetch_add(p, 3, __ATOMIC_RELAXED), 1ul << 40);
	KT_EQ(__atomic_sub_fetch(p, 1, __ATOMIC_ACQ_REL), (1ul << 40) + 2);
	KT_EQ(__atomic_fetch_or(p, 5, __ATOMIC_SEQ_CST), (1ul << 40) + 2);
	KT_EQ(__atomic_fetch_and(p, 6, __ATOMIC_SEQ_CST), (1ul << 40) + 7);
	KT_EQ(__atomic_fetch_xor(p, 3, __ATOMIC_SEQ_CST), 6);
	KT_EQ(__atomic_fetch_nand(p, 4, __ATOMIC_SEQ_CST), 5);
	KT_EQ(__atomic_load_n(p, __ATOMIC_ACQUIRE), ~4ul);
	KT_OK(!__atomic_compare_exchange_n(p, &expected, 9, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	KT_EQ(expected, ~4ul);
	KT_OK(__atomic_compare_exchange_n(p, &expected, 9, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	KT_EQ(__atomic_exchange_n(p, 10, __ATOMIC_SEQ_CST), 9);
	__atomic_store_n(p, 11, __ATOMIC_RELEASE);
	KT_EQ(*p, 11);
}

static void check_narrow_atomics(void)
{
	bool flag = false;
	u16 ticket = 0xffff;
	u32 word = 7, expected = 7;

	KT_OK(!__atomic_test_and_set(&flag, __ATOMIC_ACQUIRE));
	KT_OK(__atomic_test_and_set(&flag, __ATOMIC_ACQUIRE));
	__atomic_clear(&flag, __ATOMIC_RELEASE);
	KT_OK(!__atomic_exchange_n(&flag, true, __ATOMIC_SEQ_CST));
	KT_EQ(__atomic_fetch_add(&ticket, 2, __ATOMIC_RELAXED), 0xffff);
	KT_EQ(__atomic_load_n(&ticket, __ATOMIC_ACQUIRE), 1);
	KT_OK(__atomic_compare_exchange_n(&word, &expected, 8, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	KT_EQ(__atomic_fetch_or(&word, 1, __ATOMIC_SEQ_CST), 8);
	KT_EQ(__atomic_and_fetch(&word, ~8u, __ATOMIC_SEQ_CST), 1);
}

/* They are functions of ours here (core/race_atomic.c). */
KTEST(race_atomics_do_what_they_are_for)
{
	check_atomics_of_64_bits();
	check_narrow_atomics();
}
