/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.c - FNV-1a over bytes, for name tables. Pure. Source: RFC 9923. */
#include <lib/hash.h>

#define FNV_BASIS 0xcbf29ce484222325UL
#define FNV_PRIME 0x100000001b3UL

u64 hash_bytes(const void *data, size_t n)
{
	const u8 *at = data;
	u64 hash = FNV_BASIS;

	while (n--)
		hash = (hash ^ *at++) * FNV_PRIME;
	return hash;
}
