/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - random bytes from one ChaCha20 stream per CPU.
 *
 * Fast key erasure (D. J. Bernstein, 2017): each refill's first 32 bytes become the next key, and what
 * is handed out is wiped, so that who reads the state later learns nothing about the past. Interrupts
 * are off while a stream is in use: any context may ask.
 */
#include <core/random.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/percpu.h>
#include <lib/rand.h>
#include <lib/string.h>

#define KEY_SIZE 32
#define STREAM_BLOCKS 4

struct random_stream {
	u8 bytes[STREAM_BLOCKS * CHACHA20_BLOCK]; /* the key, then bytes to hand out */
	size_t used;                              /* 0: not keyed yet */
};

static DEFINE_PERCPU(struct random_stream, random_stream);

static void refill(struct random_stream *s)
{
	static const u32 nonce[2];
	u32 key[KEY_SIZE / sizeof(u32)];

	memcpy(key, s->bytes, sizeof(key));
	for (u64 block = 0; block < STREAM_BLOCKS; block++)
		chacha20_block(key, block, nonce, s->bytes + block * CHACHA20_BLOCK);
	memset(key, 0, sizeof(key));
	asm volatile("" : : "r"(key) : "memory"); /* the wiping is no dead store */
	s->used = KEY_SIZE;
}

static void rekey(struct random_stream *s)
{
	for (size_t at = 0; at < KEY_SIZE; at += sizeof(u64)) {
		u64 word = arch_entropy();

		memcpy(s->bytes + at, &word, sizeof(word));
	}
	refill(s);
}

void random_init(void)
{
	u64 flags = irq_save();

	rekey(this_cpu_ptr(random_stream));
	irq_restore(flags);
}

/* One piece, with interrupts off for no longer than a refill takes. */
static size_t take(u8 *to, size_t size)
{
	u64 flags = irq_save();
	struct random_stream *s = this_cpu_ptr(random_stream);

	if (!s->used)
		rekey(s);
	if (s->used == sizeof(s->bytes))
		refill(s);
	size = MIN(size, sizeof(s->bytes) - s->used);
	memcpy(to, s->bytes + s->used, size);
	memset(s->bytes + s->used, 0, size);
	s->used += size;
	irq_restore(flags);
	return size;
}

void random_bytes(void *buffer, size_t size)
{
	u8 *to = buffer;

	while (size) {
		size_t taken = take(to, size);

		to += taken;
		size -= taken;
	}
}

u64 random_u64(void)
{
	u64 value;

	random_bytes(&value, sizeof(value));
	return value;
}
