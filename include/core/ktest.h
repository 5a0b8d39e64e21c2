/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-tests inside the kernel, beside the code they test: KTEST(name) { ... KT_OK(cond) ... }. With `ktest` on the command
 * line they all run in a thread after boot, print TAP on the console, and the machine ends with the verdict.
 */
#ifndef CORE_KTEST_H
#define CORE_KTEST_H

#include <lib/types.h>

struct ktest {
	const char *name;
	void (*fn)(void);
};

#define KTEST(testname)                                                                            \
	static void ktest_##testname(void);                                                        \
	static const struct ktest ktest_entry_##testname __used __section(".ktest") = {            \
		.name = #testname, .fn = ktest_##testname};                                        \
	static void ktest_##testname(void)

#define KT_OK(cond) ktest_check((cond), #cond, __FILE__, __LINE__)
#define KT_EQ(a, b) ktest_check_eq((u64)(a), (u64)(b), #a " == " #b, __FILE__, __LINE__)

bool ktest_check(bool ok, const char *what, const char *file, int line);
bool ktest_check_eq(u64 a, u64 b, const char *what, const char *file, int line);
/* Boot calls it: with `ktest` on the command line runs all and ends the machine, else nothing. */
void ktest_main(void);

#endif
