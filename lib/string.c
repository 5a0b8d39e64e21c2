/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.c - bytes and strings, by plain moves of 8 bytes and a tail.
 *
 * Called from everywhere, also by code that gcc generates. Under TCG `rep stosq` costs almost twice
 * what these loops do. A compiler must not recognise a loop here as memset and call it: gcc's
 * -fno-tree-loop-distribute-patterns forbids that, clang's -ffreestanding.
 */
#include <lib/string.h>

/* Eight bytes at any address, whatever type they have. */
typedef u64 word __attribute__((may_alias, aligned(1)));

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	for (; n >= 32; d += 32, s += 32, n -= 32) {
		((word *)d)[0] = ((const word *)s)[0];
		((word *)d)[1] = ((const word *)s)[1];
		((word *)d)[2] = ((const word *)s)[2];
		((word *)d)[3] = ((const word *)s)[3];
	}
	for (; n >= 8; d += 8, s += 8, n -= 8)
		*(word *)d = *(const word *)s;
	while (n--)
		*d++ = *s++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	/* Forwards a word is read before anything at or past it is written, if dst is below src. */
	if ((uintptr_t)dst <= (uintptr_t)src) {
		for (; n >= 8; d += 8, s += 8, n -= 8)
			*(word *)d = *(const word *)s;
		while (n--)
			*d++ = *s++;
		return dst;
	}
	for (; n >= 8; n -= 8)
		*(word *)(d + n - 8) = *(const word *)(s + n - 8);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int byte, size_t n)
{
	u8 *d = dst;
	u64 pattern = 0x0101010101010101UL * (u8)byte;

	for (; n >= 32; d += 32, n -= 32) {
		((word *)d)[0] = pattern;
		((word *)d)[1] = pattern;
		((word *)d)[2] = pattern;
		((word *)d)[3] = pattern;
	}
	for (; n >= 8; d += 8, n -= 8)
		*(word *)d = pattern;
	while (n--)
		*d++ = (u8)byte;
	return dst;
}

void memzero(void *dst, size_t n)
{
	memset(dst, 0, n);
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;

	for (; n >= 8 && *(const word *)x == *(const word *)y; x += 8, y += 8)
		n -= 8;
	for (; n; x++, y++, n--) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	const u8 *at = s;

	for (; n; at++, n--) {
		if (*at == (u8)byte)
			return (void *)at;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; a++, b++, n--) {
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

char *strstr(const char *haystack, const char *needle)
{
	size_t n = strlen(needle);

	for (; strncmp(haystack, needle, n); haystack++) {
		if (!*haystack)
			return NULL;
	}
	return (char *)haystack;
}

size_t strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = MIN(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

#define EACH_8(do, i) do(i) do(i + 1) do(i + 2) do(i + 3) do(i + 4) do(i + 5) do(i + 6) do(i + 7)
#define EACH_32(do) EACH_8(do, 0) EACH_8(do, 8) EACH_8(do, 16) EACH_8(do, 24)

/* Unrolled stores, not REP: under emulation a REP counts, and costs, once for each word. */
void page_zero(void *page)
{
#define ZERO(i) at[i] = 0;
	word *at = page;

	for (word *end = at + PAGE_SIZE / 8; at < end; at += 32) {
		EACH_32(ZERO)
	}
}

void page_copy(void *restrict dst, const void *restrict src)
{
#define COPY(i) to[i] = from[i];
	word *to = dst;
	const word *from = src;

	for (word *end = to + PAGE_SIZE / 8; to < end; to += 32, from += 32) {
		EACH_32(COPY)
	}
}
