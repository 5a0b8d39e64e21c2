/* SPDX-License-Identifier: BSD-2-Clause */
/* rand.c - ChaCha20 (RFC 8439, section 2.3) and splitmix64. Pure; keys and seeds are the caller's.
 */
#include <lib/rand.h>

static u32 rotate(u32 x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void double_round(u32 x[16])
{
	for (unsigned i = 0; i < 4; i++)
		quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
	for (unsigned i = 0; i < 4; i++)
		quarter_round(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4],
			      &x[12 + (i + 3) % 4]);
}

void chacha20_block(const u32 key[8], u64 counter, const u32 nonce[2], u8 out[CHACHA20_BLOCK])
{
	/* "expand 32-byte k" */
	u32 start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	u32 x[16];

	for (unsigned i = 0; i < 8; i++)
		start[4 + i] = key[i];
	start[12] = (u32)counter;
	start[13] = (u32)(counter >> 32);
	start[14] = nonce[0];
	start[15] = nonce[1];

	for (unsigned i = 0; i < 16; i++)
		x[i] = start[i];
	for (unsigned i = 0; i < 10; i++)
		double_round(x);
	for (unsigned i = 0; i < 16; i++) {
		u32 word = x[i] + start[i];

		for (unsigned byte = 0; byte < 4; byte++)
			out[4 * i + byte] = (u8)(word >> (8 * byte));
	}
}

u64 splitmix64(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15UL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}
