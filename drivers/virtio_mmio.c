/* SPDX-License-Identifier: BSD-2-Clause */
/* The MMIO transport of virtio (VIRTIO 1.1, 4.2), and how a device is begun with (3.1.1). */
#include "virtio_internal.h"

#include <lib/errno.h>

enum mmio_register {
	MMIO_MAGIC = 0x000,
	MMIO_VERSION = 0x004,
	MMIO_DEVICE_ID = 0x008,
	MMIO_DEVICE_FEATURES = 0x010,
	MMIO_DEVICE_FEATURES_SELECT = 0x014,
	MMIO_DRIVER_FEATURES = 0x020,
	MMIO_DRIVER_FEATURES_SELECT = 0x024,
	MMIO_QUEUE_SELECT = 0x030,
	MMIO_QUEUE_SLOTS_MAX = 0x034,
	MMIO_QUEUE_SLOTS = 0x038,
	MMIO_QUEUE_READY = 0x044,
	MMIO_QUEUE_NOTIFY = 0x050,
	MMIO_INTERRUPT_STATUS = 0x060,
	MMIO_INTERRUPT_ACKNOWLEDGE = 0x064,
	MMIO_STATUS = 0x070,
	MMIO_QUEUE_TABLE = 0x080,       /* low, then high half */
	MMIO_QUEUE_AVAILABLE = 0x090,
	MMIO_QUEUE_USED = 0x0a0,
};

#define MMIO_SIZE 0x200
#define MAGIC 0x74726976                /* "virt" */
#define VERSION 2
#define PLACES_MAX 64

enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8 };

#define FEATURES_HIGH 1u
#define FEATURE_VERSION_1 BIT(0)        /* 32, in the high word */

static u32 mmio_read(const struct virtio_device *dev, enum mmio_register reg)
{
	return dev->regs[reg / 4];
}

static void mmio_write(const struct virtio_device *dev, enum mmio_register reg, u32 value)
{
	dev->regs[reg / 4] = value;
}

static void mmio_write_address(const struct virtio_device *dev, enum mmio_register reg, paddr_t pa)
{
	dev->regs[reg / 4] = (u32)pa;
	dev->regs[reg / 4 + 1] = (u32)(pa >> 32);
}

static void status_add(struct virtio_device *dev, u32 bits)
{
	mmio_write(dev, MMIO_STATUS, mmio_read(dev, MMIO_STATUS) | bits);
}

int virtio_find(enum virtio_id id, struct virtio_device *dev)
{
	struct virtio_place places[PLACES_MAX];
	unsigned n = virtio_places(places, PLACES_MAX);

	for (unsigned i = 0; i < n; i++) {
		dev->regs = pmap_map_device(places[i].address, MMIO_SIZE);
		dev->irq = places[i].irq;
		if (!dev->regs || mmio_read(dev, MMIO_MAGIC) != MAGIC || mmio_read(dev, MMIO_VERSION) != VERSION ||
		    mmio_read(dev, MMIO_DEVICE_ID) != id)
			continue;
		mmio_write(dev, MMIO_STATUS, 0);
		status_add(dev, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
		return 0;
	}
	return -ENODEV;
}

static u32 features_word(const struct virtio_device *dev, u32 word)
{
	mmio_write(dev, MMIO_DEVICE_FEATURES_SELECT, word);
	return mmio_read(dev, MMIO_DEVICE_FEATURES);
}

int virtio_agree(struct virtio_device *dev, u32 features)
{
	if (!(features_word(dev, FEATURES_HIGH) & FEATURE_VERSION_1) || (features_word(dev, 0) & features) != features)
		return -ENODEV;
	mmio_write(dev, MMIO_DRIVER_FEATURES_SELECT, 0);
	mmio_write(dev, MMIO_DRIVER_FEATURES, features);
	mmio_write(dev, MMIO_DRIVER_FEATURES_SELECT, FEATURES_HIGH);
	mmio_write(dev, MMIO_DRIVER_FEATURES, FEATURE_VERSION_1);
	status_add(dev, STATUS_FEATURES_OK);
	return mmio_read(dev, MMIO_STATUS) & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

struct virtq *virtio_queue(struct virtio_device *dev, unsigned index, unsigned slots)
{
	paddr_t table, available, used;
	struct virtq *q;

	mmio_write(dev, MMIO_QUEUE_SELECT, index);
	if (mmio_read(dev, MMIO_QUEUE_SLOTS_MAX) < slots)
		return NULL;
	q = virtq_create(dev, index, slots);
	if (!q)
		return NULL;
	virtq_addresses(q, &table, &available, &used);
	mmio_write(dev, MMIO_QUEUE_SLOTS, slots);
	mmio_write_address(dev, MMIO_QUEUE_TABLE, table);
	mmio_write_address(dev, MMIO_QUEUE_AVAILABLE, available);
	mmio_write_address(dev, MMIO_QUEUE_USED, used);
	mmio_write(dev, MMIO_QUEUE_READY, 1);
	return q;
}

void virtio_start(struct virtio_device *dev)
{
	status_add(dev, STATUS_DRIVER_OK);
}

void virtio_acknowledge(struct virtio_device *dev)
{
	mmio_write(dev, MMIO_INTERRUPT_ACKNOWLEDGE, mmio_read(dev, MMIO_INTERRUPT_STATUS));
}

void virtq_kick(struct virtq *q)
{
	/* The index of what is offered is visible before the device hears of it (2.6.13.4). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	mmio_write(q->dev, MMIO_QUEUE_NOTIFY, q->index);
}
