/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kasan_string.c - lib/string.c is not compiled with checks: a check for each word would take many times what the copy does.
 * So the linker (--wrap, tools/build/kernel.mk) leads all calls of its functions here, where a whole range is looked at once.
 * The compiler's own calls for large assignments come here too.
 */
#include "kasan.h"

#define FROM ((u64)__builtin_return_address(0))

/* Each: the function itself, and what is called in its stead. */
#define WRAPPED(type, name, ...)                                                                                               \
	type __real_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__)

static void reads(const void *p, size_t n, u64 from)
{
	if (n)
		kasan_check((u64)p, n, false, from);
}

static void writes(void *p, size_t n, u64 from)
{
	if (n)
		kasan_check((u64)p, n, true, from);
}

size_t __real_strlen(const char *s);

/* With its end. */
static void reads_string(const char *s, u64 from)
{
	reads(s, __real_strlen(s) + 1, from);
}

/* Both, up to where they differ or end, but at most max characters. */
static void reads_both(const char *a, const char *b, size_t max, u64 from)
{
	size_t n = 0;

	while (n < max && a[n] == b[n] && a[n])
		n++;
	n += n < max;
	reads(a, n, from);
	reads(b, n, from);
}

WRAPPED(void *, memcpy, void *restrict dst, const void *restrict src, size_t n)
{
	reads(src, n, FROM);
	writes(dst, n, FROM);
	return __real_memcpy(dst, src, n);
}

WRAPPED(void *, memmove, void *dst, const void *src, size_t n)
{
	reads(src, n, FROM);
	writes(dst, n, FROM);
	return __real_memmove(dst, src, n);
}

WRAPPED(void *, memset, void *dst, int byte, size_t n)
{
	writes(dst, n, FROM);
	return __real_memset(dst, byte, n);
}

WRAPPED(void, memzero, void *dst, size_t n)
{
	writes(dst, n, FROM);
	__real_memzero(dst, n);
}

WRAPPED(int, memcmp, const void *a, const void *b, size_t n)
{
	reads(a, n, FROM);
	reads(b, n, FROM);
	return __real_memcmp(a, b, n);
}

WRAPPED(void *, memchr, const void *s, int byte, size_t n)
{
	const u8 *found = __real_memchr(s, byte, n);

	reads(s, found ? (size_t)(found - (const u8 *)s) + 1 : n, FROM);
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

	reads(s, n + (n < max), FROM);
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
		reads(s, (size_t)(found - s) + 1, FROM);
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

WRAPPED(size_t, strlcpy, char *restrict dst, const char *restrict src, size_t size)
{
	size_t n = __real_strlen(src);

	reads(src, n + 1, FROM);
	writes(dst, MIN(n + 1, size), FROM);
	return __real_strlcpy(dst, src, size);
}

WRAPPED(void, page_zero, void *page)
{
	writes(page, PAGE_SIZE, FROM);
	__real_page_zero(page);
}

WRAPPED(void, page_copy, void *restrict dst, const void *restrict src)
{
	reads(src, PAGE_SIZE, FROM);
	writes(dst, PAGE_SIZE, FROM);
	__real_page_copy(dst, src);
}
