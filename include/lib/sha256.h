/* SPDX-License-Identifier: BSD-2-Clause */
/* sha256.h - SHA-256 (FIPS 180-4), piece by piece. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <lib/types.h>

#define SHA256_SIZE 32

struct sha256 {
	u32 state[8];
	u64 size; /* bytes so far */
	u8 block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t size);
/* The digest of all that was given. Nothing may follow. */
void sha256_final(struct sha256 *s, u8 digest[SHA256_SIZE]);

#endif
