/* SPDX-License-Identifier: BSD-2-Clause */
/* How functions of lib/string.c are wrapped (core/wrapped_string.c, mm/kasan_string.c). */
#ifndef CORE_WRAPPED_STRING_H
#define CORE_WRAPPED_STRING_H

#include <lib/types.h>

#define FROM ((u64)__builtin_return_address(0))

/* Each: the function itself, and what is called in its stead. */
#define WRAPPED(type, name, ...)                                                                                               \
	type __real_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__);                                                                                       \
	type __wrap_##name(__VA_ARGS__)

#endif
