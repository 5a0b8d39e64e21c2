/* SPDX-License-Identifier: BSD-2-Clause */
/* test_runfile.c - the run file of docs/protocol.md, right and wrong. */
#include "test.h"

#include <lib/runfile.h>

/* A literal with its last NUL as the last record's terminator. */
#define RUN(text) text, sizeof(text)

/* Walks an exact copy; records, or the error. */
static int walk(const char *text, size_t size, const char **reason)
{
	char *data = exact_copy(text, size);
	struct runfile_iter iter;
	struct runfile_record record;
	int n = 0, result;

	runfile_init(&iter, data, size);
	while ((result = runfile_next(&iter, &record)) == 1) {
		n++;
		assert_true(record.value >= data && record.value + record.len < data + size);
		assert_int_equal(record.value[record.len], 0);
		if (record.kind == RUNFILE_SIZE)
			assert_true(record.rows > 0 && record.columns > 0);
		assert_true(record.tty < 8);
	}
	assert_int_equal(runfile_next(&iter, &record), result);
	if (reason)
		*reason = iter.reason;
	exact_free(data, size);
	return result < 0 ? result : n;
}

static void test_good(void **state __maybe_unused)
{
	static const char text[] = "arg=busybox\0path=/bin/busybox\0arg=\0env=HOME=/\0cwd=/\0"
				   "tty=0,2\0size=24x80";
	struct runfile_iter iter;
	struct runfile_record record;

	runfile_init(&iter, text, sizeof(text));
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_ARG);
	assert_string_equal(record.value, "busybox");
	assert_int_equal(record.len, 7);
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_PATH);
	assert_string_equal(record.value, "/bin/busybox");
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_ARG);
	assert_int_equal(record.len, 0);
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_ENV);
	assert_string_equal(record.value, "HOME=/");
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_CWD);
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_TTY);
	assert_int_equal(record.tty, 5);
	assert_int_equal(runfile_next(&iter, &record), 1);
	assert_int_equal(record.kind, RUNFILE_SIZE);
	assert_int_equal(record.rows, 24);
	assert_int_equal(record.columns, 80);
	assert_int_equal(runfile_next(&iter, &record), 0);
	assert_int_equal(walk(RUN("path=/a\0tty="), NULL), 2);
	assert_int_equal(walk(RUN("path=/a\0stdin=/.orchard/stdin"), NULL), 2);
	assert_int_equal(walk(RUN("path=/a\0size=65535x1"), NULL), 2);
}

static void refused(const char *text, size_t size, const char *expected)
{
	const char *reason;

	assert_int_equal(walk(text, size, &reason), -EINVAL);
	assert_string_equal(reason, expected);
}

static void test_refused(void **state __maybe_unused)
{
	refused("", 0, "run file: no path=");
	refused(RUN("arg=x"), "run file: no path=");
	refused("path=/a", 7, "run file: the last record is not terminated");
	refused(RUN("path=/a\0what=x"), "run file: unknown record");
	refused(RUN("path=/a\0"), "run file: unknown record");
	refused(RUN("path=/a\0path=/b"), "run file: path=, cwd=, tty=, size= or stdin= twice");
	refused(RUN("path=a"), "run file: path=, cwd= and stdin= must be absolute");
	refused(RUN("cwd="), "run file: path=, cwd= and stdin= must be absolute");
	refused(RUN("stdin=i"), "run file: path=, cwd= and stdin= must be absolute");
	refused(RUN("path=/a\0stdin=/i\0stdin=/i"),
		"run file: path=, cwd=, tty=, size= or stdin= twice");
	refused(RUN("tty=3"), "run file: tty= takes some of 0,1,2 in order");
	refused(RUN("tty=0,"), "run file: tty= takes some of 0,1,2 in order");
	refused(RUN("tty=1,0"), "run file: tty= takes some of 0,1,2 in order");
	refused(RUN("tty=1,1"), "run file: tty= takes some of 0,1,2 in order");
	refused(RUN("tty=01"), "run file: tty= takes some of 0,1,2 in order");
	refused(RUN("size=0x80"), "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
	refused(RUN("size=24x"), "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
	refused(RUN("size=24x80x"), "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
	refused(RUN("size=24x65536"), "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
	refused(RUN("size=99999999x9"), "run file: size= takes ROWSxCOLUMNS, each 1 to 65535");
}

static void test_limits(void **state __maybe_unused)
{
	static char text[RUNFILE_SIZE_MAX + 1];

	memset(text, 'a', sizeof(text));
	memcpy(text, "path=/", 6);
	text[5 + RUNFILE_PATH_MAX - 1] = '\0';
	assert_int_equal(walk(text, 5 + RUNFILE_PATH_MAX, NULL), 1);
	text[5 + RUNFILE_PATH_MAX - 1] = 'a';
	text[5 + RUNFILE_PATH_MAX] = '\0';
	refused(text, 5 + RUNFILE_PATH_MAX + 1, "run file: a value is too long");
	refused(text, sizeof(text), "run file: larger than 1 MiB");
}

static void test_mutations(void **state __maybe_unused)
{
	static const char good[] = "path=/bin/sh\0arg=a\0env=B=c\0cwd=/\0tty=0,1,2\0size=24x80";
	static const char bytes[] = "=/,x0129az\0\377";
	char text[sizeof(good)];

	for (unsigned round = 0; round < 50000; round++) {
		memcpy(text, good, sizeof(good));
		for (u64 n = random_below(4); n; n--)
			text[random_below(sizeof(text))] = bytes[random_below(sizeof(bytes))];
		walk(text, random_below(sizeof(text) + 1), NULL);
	}
}

TEST_MAIN("runfile", TEST(test_good), TEST(test_refused), TEST(test_limits), TEST(test_mutations))
