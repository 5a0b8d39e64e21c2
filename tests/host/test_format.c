/* SPDX-License-Identifier: BSD-2-Clause */
/* test_format.c - our vsnprintf beside the C library's, over a product of flags, widths and values.
 */
#include "test.h"

#include <lib/format.h>
#include <limits.h>

/* Formats with both into `size` bytes and compares text, length and the byte behind. Not marked
 * __printf: the formats are made at run time. */
static void same(size_t size, const char *format, ...)
{
	char ours[400], theirs[400];
	int our_len, their_len;
	va_list args, again;

	memset(ours, 'Z', sizeof(ours));
	memset(theirs, 'Z', sizeof(theirs));
	va_start(args, format);
	va_copy(again, args);
	our_len = vsnprintf(ours, size, format, args);
	their_len = host_vsnprintf(theirs, size, format, again);
	va_end(again);
	va_end(args);
	if (our_len != their_len || memcmp(ours, theirs, sizeof(ours)))
		fail_msg("\"%s\" size %zu: [%.*s] %d, expected [%.*s] %d", format, size, 300, ours,
			 our_len, 300, theirs, their_len);
}

static const char *const flag_sets[] = {"",   "-",  "0",  "+",	" ",  "#",  "-0",  "-+",
					"- ", "-#", "0+", "0 ", "0#", "+ ", "0+#", "- #"};
static const char *const widths[] = {"", "1", "5", "12", "30"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".4", ".25"};

/* Calls check(spec) with "%FLAGSWIDTH.PRECISION" for the whole product. */
static void each_spec(void (*check)(const char *spec))
{
	for (size_t f = 0; f < ARRAY_SIZE(flag_sets); f++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			for (size_t p = 0; p < ARRAY_SIZE(precisions); p++) {
				char spec[32];

				strlcpy(spec, "%", sizeof(spec));
				strlcpy(spec + strlen(spec), flag_sets[f], 8);
				strlcpy(spec + strlen(spec), widths[w], 8);
				strlcpy(spec + strlen(spec), precisions[p], 8);
				check(spec);
			}
		}
	}
}

static const char *with(const char *spec, const char *conversion)
{
	static char format[64];

	strlcpy(format, "<", sizeof(format));
	strlcpy(format + 1, spec, 32);
	strlcpy(format + strlen(format), conversion, 8);
	strlcpy(format + strlen(format), ">", 2);
	return format;
}

static void check_integers(const char *spec)
{
	static const long values[] = {0,       1,	 -1,	   7,	     8,
				      42,      -128,	 255,	   32768,    INT_MAX,
				      INT_MIN, UINT_MAX, LONG_MAX, LONG_MIN, 0x123456789abcdefL};
	static const char *const small[] = {"d", "i", "u", "x", "X", "o", "hd", "hu", "hhd", "hhx"};
	static const char *const large[] = {"ld", "lu", "lx", "lo", "lld", "llX", "zu", "jd", "td"};

	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		for (size_t i = 0; i < ARRAY_SIZE(small); i++)
			same(400, with(spec, small[i]), (int)values[v]);
		for (size_t i = 0; i < ARRAY_SIZE(large); i++)
			same(400, with(spec, large[i]), values[v]);
	}
}

static void test_integers(void **state __maybe_unused)
{
	each_spec(check_integers);
}

/* `0`, `+`, space and `#` have no meaning with %s and %c. */
static void check_strings(const char *spec)
{
	if (strchr(spec, '+') || strchr(spec, ' ') || strchr(spec, '#') || spec[1] == '0' ||
	    strstr(spec, "-0"))
		return;
	same(400, with(spec, "s"), "");
	same(400, with(spec, "s"), "hello, world");
	same(400, with(spec, "s"), NULL);
	if (!strchr(spec, '.')) {
		same(400, with(spec, "c"), 'x');
		same(400, with(spec, "c"), '\0');
		same(400, with(spec, "p"), (void *)0x1234abcdUL);
		same(400, with(spec, "p"), (void *)~0UL);
		same(400, with(spec, "p"), NULL);
	}
}

static void test_strings(void **state __maybe_unused)
{
	each_spec(check_strings);
}

static void test_stars(void **state __maybe_unused)
{
	for (int width = -20; width <= 20; width++) {
		for (int precision = -2; precision <= 20; precision++) {
			same(400, "[%*.*d]", width, precision, 1234);
			same(400, "[%*.*s]", width, precision, "a text");
			same(400, "[%0*x|%.*lu]", width, 77, precision, 99UL);
		}
	}
}

static void test_cut(void **state __maybe_unused)
{
	for (size_t size = 0; size < 60; size++)
		same(size, "a %d text %s with %-10x many %5c parts%%", 12345, "middle", 0xbeef,
		     'q');
}

/* The buffer has exactly the size that is told. */
static void test_bounds(void **state __maybe_unused)
{
	for (size_t size = 1; size < 40; size++) {
		char *buf = malloc(size);

		assert_int_equal(snprintf(buf, size, "%20d|%-10s", 5, "x"), 31);
		assert_int_equal(strlen(buf), MIN(size - 1, 31));
		free(buf);
	}
	assert_int_equal(snprintf(NULL, 0, "%d", 12), 2);
}

static void test_huge_width(void **state __maybe_unused)
{
	const char *wide = "%99999999999d", *stars = "%*d%*d";
	char buf[8];

	assert_int_equal(snprintf(buf, sizeof(buf), wide, 1), INT_MAX);
	assert_string_equal(buf, "       ");
	assert_int_equal(snprintf(buf, sizeof(buf), stars, INT_MAX, 1, INT_MIN, 1), INT_MAX);
}

static void test_unterminated_string(void **state __maybe_unused)
{
	char *text = exact_copy("abcd", 4);

	same(400, "%.4s", text);
	same(400, "%.2s", text);
	exact_free(text, 4);
}

static void test_unknown(void **state __maybe_unused)
{
	const char *unknown = "%y %5!";
	const char *open = "100%";
	char buf[16];

	snprintf(buf, sizeof(buf), unknown);
	assert_string_equal(buf, "%y %5!");
	snprintf(buf, sizeof(buf), open);
	assert_string_equal(buf, "100%");
}

TEST_MAIN("format", TEST(test_integers), TEST(test_strings), TEST(test_stars), TEST(test_cut),
	  TEST(test_bounds), TEST(test_huge_width), TEST(test_unterminated_string),
	  TEST(test_unknown))
