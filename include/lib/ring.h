/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - a byte queue in a buffer whose size is a power of two: ttys, pipes, UARTs, the log.
 *
 * The caller locks; nothing allocates or sleeps. All of the buffer is usable: head and tail run
 * freely and are masked on access.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <lib/types.h>

struct ring {
	u8 *data;
	u32 size; /* bytes, a power of two, at most 2^31 */
	u32 head; /* bytes ever put, modulo 2^32 */
	u32 tail; /* bytes ever taken, modulo 2^32 */
};

/* `size` is a power of two. The buffer stays the caller's. */
static inline void ring_init(struct ring *ring, void *data, u32 size)
{
	*ring = (struct ring){.data = data, .size = size};
}

static inline u32 ring_used(const struct ring *ring)
{
	return ring->head - ring->tail;
}

static inline u32 ring_free(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

/* False when full, or when empty. */
bool ring_put(struct ring *ring, u8 byte);
bool ring_get(struct ring *ring, u8 *byte);

/* As many bytes as fit, or as there are; returns how many. */
size_t ring_write(struct ring *ring, const void *src, size_t n);
size_t ring_read(struct ring *ring, void *dst, size_t n);

#endif
