/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race_string.c - as mm/kasan_string.c: lib/string.c is compiled without checks, and the linker (--wrap, tools/build/kernel.mk)
 * leads calls of those of its functions that copy and fill here, where a range is one access. The compiler's own calls for
 * large assignments come here too.
 */
#include "race.h"

#include <lib/string.h>

#define FROM ((u64)__builtin_return_address(0))

/* Each: the function itself, and what is called in its stead. */
#define WRAPPED(type, name, ...)                                                                                               \
	type __real_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__)

static void reads(const void *p, size_t n, u64 from)
{
	race_access((u64)p, n, 0, from);
}

static void writes(void *p, size_t n, u64 from)
{
	race_access((u64)p, n, RACE_WRITE, from);
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

WRAPPED(size_t, strlcpy, char *restrict dst, const char *restrict src, size_t size)
{
	size_t n = __real_strlcpy(dst, src, size);

	reads(src, n + 1, FROM);
	writes(dst, MIN(n + 1, size), FROM);
	return n;
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
