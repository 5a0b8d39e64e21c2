/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues (VIRTIO 1.1, 2.6): a table of descriptors, a ring of what the driver offers, a ring of what the device
 * has done. All three in one page. Fields are little-endian, as the CPU is. The device runs beside us: an entry is whole
 * before the index that publishes it, and is read after it.
 */
#include "virtio_internal.h"

#include <lib/errno.h>
#include <mm/page.h>

struct descriptor {
	u64 address;
	u32 size;
	u16 flags, next;
};

struct available {
	u16 flags, index;
	u16 slot[VIRTQ_MAX];
};

struct used {
	u16 flags, index;
	struct {
		u32 slot, written;
	} done[VIRTQ_MAX];
};

/* The page as the device sees it; the device gets the address of each part. */
struct rings {
	struct descriptor table[VIRTQ_MAX];
	struct available available;
	struct used used __aligned(4);
};

static_assert(sizeof(struct rings) <= PAGE_SIZE, "a queue fits into a page");

#define DEVICE_WRITES BIT(1)
#define NO_INTERRUPT BIT(0)

struct virtq *virtq_create(struct virtio_device *dev, unsigned index, unsigned slots)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);
	struct virtq *q = kzalloc(sizeof(*q));

	if (!page || !q) {
		if (page)
			page_put(page);
		kfree(q);
		return NULL;
	}
	*q = (struct virtq){.dev = dev, .index = index, .slots = slots, .rings = page_virt(page)};
	return q;
}

void virtq_addresses(const struct virtq *q, paddr_t *table, paddr_t *available, paddr_t *used)
{
	*table = virt_to_phys(q->rings->table);
	*available = virt_to_phys(&q->rings->available);
	*used = virt_to_phys(&q->rings->used);
}

void virtq_post(struct virtq *q, unsigned slot, paddr_t buffer, u32 size, bool device_writes)
{
	struct available *a = &q->rings->available;

	q->rings->table[slot] = (struct descriptor){
		.address = buffer, .size = size, .flags = device_writes ? DEVICE_WRITES : 0};
	a->slot[a->index % q->slots] = (u16)slot;
	__atomic_store_n(&a->index, (u16)(a->index + 1), __ATOMIC_RELEASE);
}

bool virtq_take(struct virtq *q, unsigned *slot, u32 *written)
{
	struct used *u = &q->rings->used;

	if (__atomic_load_n(&u->index, __ATOMIC_ACQUIRE) == q->seen)
		return false;
	*slot = u->done[q->seen % q->slots].slot % q->slots;
	*written = MIN(u->done[q->seen % q->slots].written, q->rings->table[*slot].size);
	q->seen++;
	return true;
}

void virtq_poll_only(struct virtq *q)
{
	WRITE_ONCE(q->rings->available.flags, NO_INTERRUPT);
}
