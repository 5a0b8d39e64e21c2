/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest.c - runs every KTEST of the kernel and speaks TAP about it on the console.
 *
 * A test fails by its checks, which any thread it starts may make too. Started by kmain() in a thread
 * of its own when `ktest` stands on the command line.
 */
#include <core/ktest.h>

#include <arch/machine.h>
#include <core/param.h>
#include <core/printk.h>
#include <core/race.h>

extern const struct ktest __ktest_start[], __ktest_end[]; /* linker script */

static unsigned failed_checks; /* a: in the current test */

bool ktest_check(bool ok, const char *what, const char *file, int line)
{
	if (!ok) {
		__atomic_fetch_add(&failed_checks, 1, __ATOMIC_RELAXED);
		console_print("# failed: %s at %s:%d\n", what, file, line);
	}
	return ok;
}

bool ktest_check_eq(u64 a, u64 b, const char *what, const char *file, int line)
{
	if (a != b)
		console_print("# %lu (0x%lx) is not %lu (0x%lx)\n", a, a, b, b);
	return ktest_check(a == b, what, file, line);
}

static __noreturn void run_all(void)
{
	unsigned number = 0, failed = 0;

	console_print("TAP version 13\n1..%lu\n", (u64)(__ktest_end - __ktest_start));
	for (const struct ktest *test = __ktest_start; test < __ktest_end; test++) {
		bool ok;

		__atomic_store_n(&failed_checks, 0, __ATOMIC_RELAXED);
		test->fn();
		ok = __atomic_load_n(&failed_checks, __ATOMIC_RELAXED) == 0;
		failed += !ok;
		console_print("%s %u - %s\n", ok ? "ok" : "not ok", ++number, test->name);
	}
	if (failed)
		console_print("# %u of %u failed\n", failed, number);
	arch_end(race_verdict(failed ? END_TESTS_FAILED : END_ORDERLY));
}

void ktest_main(void)
{
	if (param.ktest)
		run_all();
}
