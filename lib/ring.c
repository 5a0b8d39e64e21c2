/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.c - a byte queue in a power-of-two buffer. Pure; the caller locks. */
#include <lib/ring.h>

#include <lib/string.h>

bool ring_put(struct ring *ring, u8 byte)
{
	if (!ring_free(ring))
		return false;
	ring->data[ring->head++ & (ring->size - 1)] = byte;
	return true;
}

bool ring_get(struct ring *ring, u8 *byte)
{
	if (!ring_used(ring))
		return false;
	*byte = ring->data[ring->tail++ & (ring->size - 1)];
	return true;
}

size_t ring_write(struct ring *ring, const void *src, size_t n)
{
	u32 count = (u32)MIN(n, (size_t)ring_free(ring));
	u32 at = ring->head & (ring->size - 1);
	u32 first = MIN(count, ring->size - at);

	memcpy(ring->data + at, src, first);
	memcpy(ring->data, (const u8 *)src + first, count - first);
	ring->head += count;
	return count;
}

size_t ring_read(struct ring *ring, void *dst, size_t n)
{
	u32 count = (u32)MIN(n, (size_t)ring_used(ring));
	u32 at = ring->tail & (ring->size - 1);
	u32 first = MIN(count, ring->size - at);

	memcpy(dst, ring->data + at, first);
	memcpy((u8 *)dst + first, ring->data, count - first);
	ring->tail += count;
	return count;
}
