/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefix.h - gives lib's own string and printf functions the names k_* in host tests.
 *
 * So both they and the C library's live in one program, and ASan keeps its own. Forced into every
 * lib file with -include; test.h includes it behind the host's headers.
 */
#ifndef TEST_PREFIX_H
#define TEST_PREFIX_H

#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define memchr k_memchr
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strchr k_strchr
#define strrchr k_strrchr
#define strstr k_strstr
#define strlcpy k_strlcpy
#define snprintf k_snprintf
#define vsnprintf k_vsnprintf

#endif
