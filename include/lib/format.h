/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.h - printf into a buffer.
 *
 * Conversions %d %i %u %x %X %o %c %s %p %%, flags `-` `0` `+` space `#`, width and precision (also
 * `*`), lengths hh h l ll z j t, with the meaning of ISO C 7.21.6.1. No floating point, no %n. %p
 * is `0x` and hexadecimal digits ("(nil)" for NULL, and %s of NULL is "(null)", as glibc has them).
 * An unknown conversion is copied as it stands. No allocation, no locks, any context.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <lib/types.h>
#include <stdarg.h>

/* Both write at most size bytes, NUL included, and always terminate when size > 0. They return the
 * length that the whole text has, without NUL: it was cut when that is >= size. */
__printf(3, 0) int vsnprintf(char *buf, size_t size, const char *format, va_list args);
__printf(3, 4) int snprintf(char *buf, size_t size, const char *format, ...);

#endif
