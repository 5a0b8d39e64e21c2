/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race_report.c - a race in words, once for each pair of places. The run goes on, and ends as one whose self-tests failed
 * (race_verdict()); with race=SEED,panic the first is the end. Called by race.c, with any lock held but the console's.
 */
#include "race.h"

#include <arch/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/seeds.h>
#include <core/symbols.h>
#include <lib/format.h>
#include <lib/string.h>

#define PAIRS 256 /* more are said each time */
#define TEXT 200

extern char __percpu_start[], __percpu_end[]; /* linker script */

static struct {
	u64 low, high;
} pairs[PAIRS];             /* report_lock */
static unsigned npairs;     /* a: written under report_lock */
static bool report_lock;    /* a: spinlocks are watched themselves */
static const char *expected; /* a: by a self-test, once at a time */
static unsigned expected_seen; /* a */

unsigned race_count(void)
{
	return __atomic_load_n(&npairs, __ATOMIC_RELAXED);
}

unsigned race_expect(const char *function)
{
	WRITE_ONCE(expected, function);
	return __atomic_exchange_n(&expected_seen, 0, __ATOMIC_RELAXED);
}

unsigned race_seen(void)
{
	return __atomic_load_n(&expected_seen, __ATOMIC_RELAXED);
}

/* Are they two places that were not reported yet? */
static bool is_new(u64 a, u64 b)
{
	u64 low = MIN(a, b), high = MAX(a, b);

	for (unsigned i = 0; i < MIN(npairs, (unsigned)PAIRS); i++)
		if (pairs[i].low == low && pairs[i].high == high)
			return false;
	if (npairs < PAIRS)
		pairs[npairs].low = low, pairs[npairs].high = high;
	__atomic_store_n(&npairs, npairs + 1, __ATOMIC_RELAXED);
	return true;
}

static bool is_expected(const struct race_access *a)
{
	const char *name = READ_ONCE(expected);
	char symbol[SYMBOL_TEXT];

	return a && name && !strncmp(symbol_caller_text(a->pc, symbol, sizeof(symbol)), name, strlen(name));
}

static const char *access_text(const struct race_access *a, char text[TEXT])
{
	char symbol[SYMBOL_TEXT];

	snprintf(text, TEXT, "%s%zu bytes %s by %s", a->kind & RACE_MARKED ? "marked: " : "", a->size,
		 a->kind & RACE_WRITE ? "written" : "read", symbol_caller_text(a->pc, symbol, sizeof(symbol)));
	return text;
}

/* A CPU's own variable by where it is linked, which has a name in the image. */
static void describe_place(u64 va, char text[TEXT])
{
	u64 size = (u64)(__percpu_end - __percpu_start);

	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offsets[cpu] && va - percpu_offsets[cpu] - (u64)__percpu_start < size) {
			snprintf(text, TEXT, "cpu %u's copy of %016lx", cpu, va - percpu_offsets[cpu]);
			return;
		}
	if (!memory_describe(va, text, TEXT))
		text[0] = '\0';
}

static void say(const struct race_access *watched, const struct race_access *other, u64 before, u64 after)
{
	char first[TEXT], second[TEXT], place[TEXT];

	describe_place(watched->va, place);
	console_print("race: at %016lx, %s\n", watched->va, place);
	console_print("  %s, cpu %u, thread %s\n", access_text(watched, first), watched->cpu, watched->thread);
	if (other)
		console_print("  %s, cpu %u, thread %s\n", access_text(other, second), other->cpu, other->thread);
	else
		console_print("  somebody who is not seen: assembler, or a device\n");
	if (watched->size <= 8 && before != after)
		console_print("  %lx there became %lx meanwhile\n", before, after);
	seeds_print();
	if (race_seed.panics)
		panic("race: %s%s%s", first, other ? ", and " : "", other ? second : "");
}

void race_report(const struct race_access *watched, const struct race_access *other, u64 before, u64 after)
{
	if (is_expected(watched) || is_expected(other)) {
		__atomic_fetch_add(&expected_seen, 1, __ATOMIC_RELAXED);
		return;
	}
	while (__atomic_test_and_set(&report_lock, __ATOMIC_ACQUIRE))
		cpu_pause();
	if (READ_ONCE(panic_cpu) < 0 && is_new(watched->pc, other ? other->pc : 0))
		say(watched, other, before, after);
	__atomic_clear(&report_lock, __ATOMIC_RELEASE);
}
