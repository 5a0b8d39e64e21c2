/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices over MMIO, and their split virtqueues. Source: Virtual I/O Device (VIRTIO) version 1.1, OASIS, sections
 * 2.6 and 4.2; version 2 of the registers only, the one before is legacy. A queue belongs to whoever holds its driver's
 * lock; each slot of it is one buffer, which is all that the devices here need.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include <lib/types.h>

enum virtio_id { VIRTIO_CONSOLE = 3 };

#define VIRTQ_MAX 64 /* slots: what fits into one page */

/* Where the machine has a transport, if nothing is plugged in too. */
struct virtio_place {
	paddr_t address;
	unsigned irq;        /* GSI, edge-triggered */
};

struct virtio_device {
	volatile u32 *regs;  /* I */
	unsigned irq;        /* I */
};

struct virtq;

/*
 * From the kernel command line (virtio_mmio.device=SIZE@BASE:IRQ), else from the device tree that QEMU hands over; how
 * many there are, at most `max`. May sleep.
 */
unsigned virtio_places(struct virtio_place *places, unsigned max);

/* The first device of this kind, reset and told that a driver is here. -ENODEV. */
int virtio_find(enum virtio_id id, struct virtio_device *dev);
/* Agrees on `features` (bit numbers below 32) and VERSION_1: -ENODEV when the device lacks any. */
int virtio_agree(struct virtio_device *dev, u32 features);
/* Makes queue number `index` with `slots` of them. NULL: the device has none so large, or no memory. */
struct virtq *virtio_queue(struct virtio_device *dev, unsigned index, unsigned slots);
/* The queues are made: the device may work. */
void virtio_start(struct virtio_device *dev);
/* In the interrupt's handler, before queues are looked at. */
void virtio_acknowledge(struct virtio_device *dev);

/* Gives the buffer of `slot` (free) to the device; virtq_kick() tells it. */
void virtq_post(struct virtq *q, unsigned slot, paddr_t buffer, u32 size, bool device_writes);
void virtq_kick(struct virtq *q);
/* Takes the next slot that the device has done; `written`: bytes it wrote there. False: none yet. */
bool virtq_take(struct virtq *q, unsigned *slot, u32 *written);
/* The device need not interrupt for this queue. */
void virtq_poll_only(struct virtq *q);

#endif
