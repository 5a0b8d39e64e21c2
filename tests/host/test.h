/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test.h - what every host test includes: the C library, cmocka, then lib under its k_* names.
 *
 * A test file lists its functions in TEST_MAIN; one that hangs is ended there. Random tests take their numbers from random_next,
 * which repeats on every run.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The C library's, by names that prefix.h leaves alone. */
static inline int host_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	return vsnprintf(buf, size, format, args);
}

static inline int host_memcmp(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

#include "prefix.h"

#include <lib/errno.h>
#include <lib/rand.h>
#include <lib/string.h>
#include <lib/types.h>

static u64 random_state __maybe_unused = 1;

static inline u64 random_next(void)
{
	return splitmix64(&random_state);
}

/* 0..n-1 */
static inline u64 random_below(u64 n)
{
	return random_next() % n;
}

/* A copy in a block of exactly n bytes, so that ASan sees any step past its end. */
static inline void *exact_copy(const void *src, size_t n)
{
	void *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	if (n)
		memcpy(copy, src, n);
	return n ? copy : (char *)copy + 1;
}

static inline void exact_free(void *copy, size_t n)
{
	free(n ? copy : (char *)copy - 1);
}

#define TEST(function) cmocka_unit_test(function)

#define TEST_SECONDS 120

static __maybe_unused void test_hangs(int signal)
{
	static const char text[] = "not ok - no end in two minutes\n# status 124\n"; /* as timeout(1) has it */

	(void)signal;
	_exit(write(1, text, sizeof(text) - 1) < 0 ? 125 : 124);
}

#define TEST_MAIN(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
                                                                                                   \
		signal(SIGALRM, test_hangs);                                                       \
		alarm(TEST_SECONDS);                                                               \
		setvbuf(stdout, NULL, _IOLBF, 0);                                                  \
		setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);                                         \
		return cmocka_run_group_tests_name(name, tests, NULL, NULL) != 0;                  \
	}

#endif
