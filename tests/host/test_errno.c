/* SPDX-License-Identifier: BSD-2-Clause */
/* test_errno.c - numbers and names agree with the C library's, and pointers carry errors. */
#define _GNU_SOURCE
#include "test.h"

#include <lib/errname.h>

static void test_names(void **state __maybe_unused)
{
	assert_string_equal(errno_name(0), "0");
	for (int error = 1; error < 200; error++) {
		const char *expected = strerrorname_np(error);

		assert_string_equal(errno_name(error), expected ? expected : "E?");
		assert_string_equal(errno_name(-error), expected ? expected : "E?");
	}
	assert_string_equal(errno_name(INT32_MIN), "E?");
	assert_string_equal(errno_name(INT32_MAX), "E?");
}

static void test_pointers(void **state __maybe_unused)
{
	int object;

	assert_false(IS_ERR(&object));
	assert_false(IS_ERR(NULL));
	assert_true(IS_ERR(ERR_PTR(-ENOMEM)));
	assert_int_equal(PTR_ERR(ERR_PTR(-ENOMEM)), -ENOMEM);
	assert_true(IS_ERR(ERR_PTR(-ERRNO_MAX)));
	assert_false(IS_ERR(ERR_PTR(-ERRNO_MAX - 1)));
}

TEST_MAIN("errno", TEST(test_names), TEST(test_pointers))
