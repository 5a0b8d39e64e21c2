/* SPDX-License-Identifier: BSD-2-Clause */
/* test_string.c - every length, alignment and overlap that the word loops could get wrong. */
#include "test.h"

#define LEN 100

static void fill(u8 *at, size_t n)
{
	while (n--)
		*at++ = (u8)random_next();
}

/* Copies n bytes from s to d inside one block byte by byte, by way of a second block. */
static void naive_move(u8 *block, size_t size, size_t d, size_t s, size_t n)
{
	u8 old[3 * LEN];

	assert_true(size <= sizeof(old));
	for (size_t i = 0; i < size; i++)
		old[i] = block[i];
	for (size_t i = 0; i < n; i++)
		block[d + i] = old[s + i];
}

static void test_memcpy(void **state __maybe_unused)
{
	for (size_t n = 0; n < LEN; n++) {
		for (size_t shift = 0; shift < 16; shift++) {
			u8 *src = malloc(n + 16), *dst = malloc(n + 16), *want = malloc(n + 16);
			size_t other = (shift * 7) % 16;

			fill(src, n + 16);
			fill(dst, n + 16);
			for (size_t i = 0; i < n + 16; i++)
				want[i] = dst[i];
			for (size_t i = 0; i < n; i++)
				want[shift + i] = src[other + i];
			assert_ptr_equal(memcpy(dst + shift, src + other, n), dst + shift);
			assert_int_equal(host_memcmp(dst, want, n + 16), 0);
			free(src);
			free(dst);
			free(want);
		}
	}
}

static void test_memmove(void **state __maybe_unused)
{
	u8 block[3 * LEN], want[3 * LEN];

	for (size_t n = 0; n < LEN; n++) {
		for (size_t d = 0; d < 40; d++) {
			for (size_t s = 0; s < 40; s += 3) {
				fill(block, sizeof(block));
				for (size_t i = 0; i < sizeof(block); i++)
					want[i] = block[i];
				naive_move(want, sizeof(want), d, s, n);
				assert_ptr_equal(memmove(block + d, block + s, n), block + d);
				assert_int_equal(host_memcmp(block, want, sizeof(want)), 0);
			}
		}
	}
}

static void test_memset(void **state __maybe_unused)
{
	u8 block[LEN + 32];

	for (size_t n = 0; n < LEN; n++) {
		for (size_t shift = 0; shift < 16; shift++) {
			memzero(block, sizeof(block));
			assert_ptr_equal(memset(block + shift, 0x1a5, n), block + shift);
			for (size_t i = 0; i < sizeof(block); i++)
				assert_int_equal(block[i], i >= shift && i < shift + n ? 0xa5 : 0);
		}
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_memcmp(void **state __maybe_unused)
{
	u8 a[LEN], b[LEN];

	for (size_t n = 1; n < LEN; n++) {
		fill(a, n);
		memcpy(b, a, n);
		assert_int_equal(memcmp(a, b, n), 0);
		for (size_t i = 0; i < n; i++) {
			b[i] = (u8)(a[i] + 1 + random_below(255));
			assert_int_equal(sign(memcmp(a, b, n)), sign(host_memcmp(a, b, n)));
			assert_int_equal(memcmp(a, b, i), 0);
			b[i] = a[i];
		}
	}
	assert_int_equal(memcmp(a, b, 0), 0);
}

static void test_search(void **state __maybe_unused)
{
	const char *text = "abcabc\377";

	assert_ptr_equal(memchr(text, 'c', 6), text + 2);
	assert_null(memchr(text, 'c', 2));
	assert_ptr_equal(memchr(text, 0xff, 7), text + 6);
	assert_ptr_equal(strchr(text, 'b'), text + 1);
	assert_ptr_equal(strchr(text, '\0'), text + 7);
	assert_ptr_equal(strchr(text, 0xff), text + 6);
	assert_null(strchr(text, 'x'));
	assert_ptr_equal(strrchr(text, 'b'), text + 4);
	assert_ptr_equal(strrchr(text, '\0'), text + 7);
	assert_null(strrchr(text, 'x'));
	assert_ptr_equal(strstr(text, "ca"), text + 2);
	assert_ptr_equal(strstr(text, ""), text);
	assert_ptr_equal(strstr("aab", "ab") ? "yes" : NULL, "yes");
	assert_null(strstr(text, "cab\377"));
	assert_null(strstr("", "a"));
}

static void test_strings(void **state __maybe_unused)
{
	char *unterminated = exact_copy("abcd", 4);

	assert_int_equal(strlen(""), 0);
	assert_int_equal(strlen("abc"), 3);
	assert_int_equal(strnlen(unterminated, 4), 4);
	assert_int_equal(strnlen("ab", 4), 2);
	assert_int_equal(strcmp("abc", "abc"), 0);
	assert_true(strcmp("abc", "abd") < 0);
	assert_true(strcmp("abc", "ab") > 0);
	assert_true(strcmp("\377", "a") > 0);
	assert_int_equal(strncmp(unterminated, "abcd", 4), 0);
	assert_int_equal(strncmp("abX", "abY", 2), 0);
	assert_true(strncmp("abX", "abY", 3) < 0);
	assert_int_equal(strncmp("ab\0X", "ab\0Y", 4), 0);
	assert_int_equal(strncmp("a", "b", 0), 0);
	exact_free(unterminated, 4);
}

static void test_strlcpy(void **state __maybe_unused)
{
	char buf[8] = "xxxxxxx";

	assert_int_equal(strlcpy(buf, "abc", sizeof(buf)), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(strlcpy(buf, "abcdefgh", sizeof(buf)), 8);
	assert_string_equal(buf, "abcdefg");
	assert_int_equal(strlcpy(buf, "zz", 1), 2);
	assert_string_equal(buf, "");
	buf[0] = 'k';
	assert_int_equal(strlcpy(buf, "zz", 0), 2);
	assert_int_equal(buf[0], 'k');
}

static void test_pages(void **state __maybe_unused)
{
	u8 *a = malloc(PAGE_SIZE), *b = malloc(PAGE_SIZE);

	fill(a, PAGE_SIZE);
	page_copy(b, a);
	assert_memory_equal(a, b, PAGE_SIZE);
	page_zero(b);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(b[i], 0);
	free(a);
	free(b);
}

TEST_MAIN("string", TEST(test_memcpy), TEST(test_memmove), TEST(test_memset), TEST(test_memcmp),
	  TEST(test_search), TEST(test_strings), TEST(test_strlcpy), TEST(test_pages))
