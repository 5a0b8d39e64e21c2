/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - hashes for tables. Fast and well mixed; not for secrets. */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <lib/types.h>

/* MurmurHash3's 64-bit finaliser: a bijection; every input bit moves every output bit. */
static inline u64 hash_u64(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdUL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53UL;
	x ^= x >> 33;
	return x;
}

/* FNV-1a, 64 bits. */
u64 hash_bytes(const void *data, size_t n);

#endif
