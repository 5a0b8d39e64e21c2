/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what each target includes: the C library, then lib under its k_* names (tests/host/prefix.h).
 *
 * A target is one function that takes any bytes and must come back: libFuzzer calls it, or replay.c where there is none. Beside what
 * ASan and UBSan find, it states what the parser promises, by promise().
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int host_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	return vsnprintf(buf, size, format, args);
}

#include "../host/prefix.h"

#include <lib/errno.h>
#include <lib/string.h>
#include <lib/types.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define promise(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Takes a number off the front of the input; zero where there is none. */
static inline u64 take_u64(const u8 **data, size_t *size)
{
	u64 value = 0;
	size_t n = MIN(*size, sizeof(value));

	memcpy(&value, *data, n);
	*data += n;
	*size -= n;
	return value;
}

/* The input in a block of its own that ends where it ends, with a NUL behind it. */
static inline char *text_of(const u8 *data, size_t size)
{
	char *text = malloc(size + 1);

	promise(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
