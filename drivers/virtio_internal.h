/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the queues and the transport. */
#ifndef DRIVERS_VIRTIO_INTERNAL_H
#define DRIVERS_VIRTIO_INTERNAL_H

#include <arch/pmap.h>
#include <drivers/virtio.h>
#include <mm/slab.h>

struct rings;

struct virtq {
	struct virtio_device *dev;   /* I */
	unsigned index, slots;       /* I: its number, how long it is (a power of two) */
	struct rings *rings;         /* I: shared with the device */
	u16 seen;                    /* the driver's lock: entries of the used ring taken so far */
};

/* NULL: no memory. */
struct virtq *virtq_create(struct virtio_device *dev, unsigned index, unsigned slots);
void virtq_addresses(const struct virtq *q, paddr_t *table, paddr_t *available, paddr_t *used);

#endif
