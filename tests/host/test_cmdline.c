/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cmdline.c - words, quotes, `--`, numbers. */
#include "test.h"

#include <lib/cmdline.h>

/* The items written as KEY, KEY=<VALUE> or !<ARG>, parted by blanks. */
static void expect(const char *line, const char *items)
{
	char *copy = exact_copy(line, strlen(line) + 1);
	char text[200] = "";
	size_t at = 0;
	struct cmdline_iter iter;
	struct cmdline_item item;

	cmdline_init(&iter, copy);
	while (cmdline_next(&iter, &item)) {
		if (item.is_arg)
			assert_null(item.key);
		at += (size_t)sprintf(text + at, "%s%.*s", at ? " " : "", (int)item.keylen,
				      item.key ? item.key : "");
		if (item.value)
			at += (size_t)sprintf(text + at, "%s<%.*s>", item.is_arg ? "!" : "=",
					      (int)item.valuelen, item.value);
	}
	assert_false(cmdline_next(&iter, &item));
	assert_string_equal(text, items);
	exact_free(copy, strlen(line) + 1);
}

static void test_items(void **state __maybe_unused)
{
	expect("", "");
	expect("  \t\n", "");
	expect("strace", "strace");
	expect(" a  b=1\tc=\n", "a b=<1> c=<>");
	expect("a=b=c", "a=<b=c>");
	expect("k=\"a b\" x", "k=<a b> x");
	expect("\"k=a b\" x", "k=<a b> x");
	expect("\"a b\"", "a b");
	expect("k=a\"b c\"d e", "k=<a\"b c\"d> e");
	expect("k=\"open and on", "k=<open and on>");
	expect("\"", "");
	expect("k=\"", "k=<>");
	expect("k=\"\"", "k=<>");
	expect("=v", "=<v>");
	expect("a -- b=1 \"c d\" -- e", "a !<b=1> !<c d> !<--> !<e>");
	expect("--", "");
	expect("--x --", "--x");
	expect("init=/bin/sh -- \"\"", "init=</bin/sh> !<>");
}

static void test_get(void **state __maybe_unused)
{
	const char *line = "init=/a quiet loglevel=3 init=/b name=\"a b\" -- late=1";
	char value[8] = "kept";

	assert_false(cmdline_get(line, "late", value, sizeof(value)));
	assert_false(cmdline_get(line, "ini", value, sizeof(value)));
	assert_false(cmdline_get(line, "initx", value, sizeof(value)));
	assert_string_equal(value, "kept");
	assert_true(cmdline_get(line, "init", value, sizeof(value)));
	assert_string_equal(value, "/b");
	assert_true(cmdline_get(line, "quiet", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(cmdline_get(line, "name", value, 3));
	assert_string_equal(value, "a ");
	assert_true(cmdline_get(line, "quiet", NULL, 0));
}

static void test_numbers(void **state __maybe_unused)
{
	const char *line = "a=0 b=18446744073709551615 c=18446744073709551616 d=0xfF e=0x f=12k "
			   "g= h i=-1 j=0x10000000000000000 k=\"7\"";
	u64 value = 99;

	assert_true(cmdline_get_u64(line, "a", &value));
	assert_int_equal(value, 0);
	assert_true(cmdline_get_u64(line, "b", &value));
	assert_int_equal(value, ~0UL);
	assert_true(cmdline_get_u64(line, "d", &value));
	assert_int_equal(value, 255);
	assert_true(cmdline_get_u64(line, "k", &value));
	assert_int_equal(value, 7);
	for (const char *key = "cefghijz"; *key; key++) {
		char name[2] = {*key, '\0'};

		assert_false(cmdline_get_u64(line, name, &value));
	}
	assert_int_equal(value, 7);
}

static void test_random(void **state __maybe_unused)
{
	static const char alphabet[] = "ab=\" -\t";
	char line[24];

	for (unsigned round = 0; round < 50000; round++) {
		size_t n = random_below(sizeof(line));
		char *copy;
		struct cmdline_iter iter;
		struct cmdline_item item;

		for (size_t i = 0; i < n; i++)
			line[i] = alphabet[random_below(sizeof(alphabet) - 1)];
		line[n] = '\0';
		copy = exact_copy(line, n + 1);
		cmdline_init(&iter, copy);
		while (cmdline_next(&iter, &item)) {
			if (item.key)
				assert_true(item.key >= copy && item.key + item.keylen <= copy + n);
			if (item.value)
				assert_true(item.value >= copy &&
					    item.value + item.valuelen <= copy + n);
			assert_true(item.key || item.value);
		}
		exact_free(copy, n + 1);
	}
}

TEST_MAIN("cmdline", TEST(test_items), TEST(test_get), TEST(test_numbers), TEST(test_random))
