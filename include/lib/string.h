/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.h - bytes and NUL-terminated strings, as ISO C and BSD (strlcpy) define them.
 *
 * No state, never fails, callable from any context. What gcc may call by itself (memcpy, memmove,
 * memset, memcmp) is here under its standard name. Loops of 8-byte moves, not `rep`: under TCG a
 * page is cleared in about half the time that way, and on hardware the difference is small.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <lib/types.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
void memzero(void *dst, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

/* Copies at most size - 1 bytes and always terminates when size > 0. Returns strlen(src): the copy
 * was cut when that is >= size. */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size);

/* One page (PAGE_SIZE bytes); the pointers are 8-byte aligned. */
void page_zero(void *page);
void page_copy(void *restrict dst, const void *restrict src);

#endif
