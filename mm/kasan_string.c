/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kasan_string.c - what is looked at of a range of bytes, and those functions of lib/string.c whose calls only KASAN wants to see: the
 * linker leads them here. The others are in core/wrapped_string.c.
 */
#include "kasan.h"

#include <core/sanitizer.h>
#include <core/wrapped_string.h>

void sanitizer_reads(const void *p, size_t n, u64 from)
{
	if (n)
		kasan_check((u64)p, n, false, from);
}

void sanitizer_writes(void *p, size_t n, u64 from)
{
	if (n)
		kasan_check((u64)p, n, true, from);
}

size_t __real_strlen(const char *s);

/* With its end. */
static void reads_string(const char *s, u64 from)
{
	sanitizer_reads(s, __real_strlen(s) + 1, from);
}

/* Both, up to where they differ or end, but at most max characters. */
static void reads_both(const char *a, const char *b, size_t max, u64 from)
{
	size_t n = 0;

	while (n < max && a[n] == b[n] && a[n])
		n++;
	n += n < max;
	sanitizer_reads(a, n, from);
	sanitizer_reads(b, n, from);
}

WRAPPED(void *, memchr, const void *s, int byte, size_t n)
{
	const u8 *found = __real_memchr(s, byte, n);

	sanitizer_reads(s, found ? (size_t)(found - (const u8 *)s) + 1 : n, FROM);
	return (void *)(uintptr_t)found;
}

WRAPPED(size_t, strlen, const char *s)
{
	reads_string(s, FROM);
	return __real_strlen(s);
}

WRAPPED(size_t, strnlen, const char *s, size_t max)
{
	size_t n = __real_strnlen(s, max);

	sanitizer_reads(s, n + (n < max), FROM);
	return n;
}

WRAPPED(int, strcmp, const char *a, const char *b)
{
	reads_both(a, b, ~0ul, FROM);
	return __real_strcmp(a, b);
}

WRAPPED(int, strncmp, const char *a, const char *b, size_t n)
{
	reads_both(a, b, n, FROM);
	return __real_strncmp(a, b, n);
}

WRAPPED(char *, strchr, const char *s, int c)
{
	char *found = __real_strchr(s, c);

	if (found)
		sanitizer_reads(s, (size_t)(found - s) + 1, FROM);
	else
		reads_string(s, FROM);
	return found;
}

WRAPPED(char *, strrchr, const char *s, int c)
{
	reads_string(s, FROM);
	return __real_strrchr(s, c);
}

WRAPPED(char *, strstr, const char *haystack, const char *needle)
{
	reads_string(haystack, FROM);
	reads_string(needle, FROM);
	return __real_strstr(haystack, needle);
}
