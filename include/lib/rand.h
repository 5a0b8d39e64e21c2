/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rand.h - two generators: ChaCha20 where nobody may guess (getrandom, AT_RANDOM, ASLR), splitmix64
 * where a run must repeat (seeded test jitter). Pure functions; keys and seeds are the caller's.
 */
#ifndef LIB_RAND_H
#define LIB_RAND_H

#include <lib/types.h>

#define CHACHA20_BLOCK 64

/* One block of key stream. Counter and nonce are D. J. Bernstein's split, 64 and 64 bits, so that
 * the counter never wraps; RFC 8439's 96-bit nonce begins in the counter's upper half. */
void chacha20_block(const u32 key[8], u64 counter, const u32 nonce[2], u8 out[CHACHA20_BLOCK]);

/* The next number of the sequence that *state seeds (Steele, Lea, Flood 2014). Any seed will do. */
u64 splitmix64(u64 *state);

#endif
