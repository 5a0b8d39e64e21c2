/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrapped_string.c - lib/string.c is not compiled with KASAN's or the race detector's checks: a check for each word would take many
 * times what the copy does. So the linker (--wrap, tools/build/kernel.mk) leads calls of those of its functions that copy, fill and
 * compare here, where a whole range is looked at once. The compiler's own calls for large assignments come here too. What only
 * KASAN looks at is in mm/kasan_string.c.
 */
#include <core/sanitizer.h>
#include <core/wrapped_string.h>
#include <lib/string.h>

WRAPPED(void *, memcpy, void *restrict dst, const void *restrict src, size_t n)
{
	sanitizer_reads(src, n, FROM);
	sanitizer_writes(dst, n, FROM);
	return __real_memcpy(dst, src, n);
}

WRAPPED(void *, memmove, void *dst, const void *src, size_t n)
{
	sanitizer_reads(src, n, FROM);
	sanitizer_writes(dst, n, FROM);
	return __real_memmove(dst, src, n);
}

WRAPPED(void *, memset, void *dst, int byte, size_t n)
{
	sanitizer_writes(dst, n, FROM);
	return __real_memset(dst, byte, n);
}

WRAPPED(void, memzero, void *dst, size_t n)
{
	sanitizer_writes(dst, n, FROM);
	__real_memzero(dst, n);
}

WRAPPED(int, memcmp, const void *a, const void *b, size_t n)
{
	sanitizer_reads(a, n, FROM);
	sanitizer_reads(b, n, FROM);
	return __real_memcmp(a, b, n);
}

/* Its length is counted here: strlen() is wrapped too where KASAN is built, and not where the race detector is. */
WRAPPED(size_t, strlcpy, char *restrict dst, const char *restrict src, size_t size)
{
	size_t n = 0;

	while (src[n])
		n++;
	sanitizer_reads(src, n + 1, FROM);
	sanitizer_writes(dst, MIN(n + 1, size), FROM);
	return __real_strlcpy(dst, src, size);
}

WRAPPED(void, page_zero, void *page)
{
	sanitizer_writes(page, PAGE_SIZE, FROM);
	__real_page_zero(page);
}

WRAPPED(void, page_copy, void *restrict dst, const void *restrict src)
{
	sanitizer_reads(src, PAGE_SIZE, FROM);
	sanitizer_writes(dst, PAGE_SIZE, FROM);
	__real_page_copy(dst, src);
}
