/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio console device (VIRTIO 1.1, 5.3), of which port 1 is used: port 0 is a console, which QEMU lets lose bytes
 * when the host is slow; the others hold them back. A port other than 0 exists by the control queues' messages alone.
 *
 * Output: one buffer, offered and waited for, as the UART does it; QEMU under TCG is done with it when the notification
 * returns. Input: a few buffers lie with the device; one that the receiver did not take whole stays with us, and those
 * after it unread, until it makes room.
 */
#include <drivers/port.h>

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <core/irq.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <drivers/virtio.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

#define FEATURE_MULTIPORT BIT(1)
#define PORT 1
#define ANSWER_NS (2 * NSEC_PER_SEC) /* that a host may take for a control message */

enum { QUEUE_CONTROL_IN = 2, QUEUE_CONTROL_OUT = 3, QUEUE_IN = 2 + 2 * PORT, QUEUE_OUT = 3 + 2 * PORT };

#define CONTROL_SLOTS 16
#define CONTROL_SIZE 128              /* a message and a port's name */
#define IN_SLOTS 4
#define IN_SIZE (PAGE_SIZE / IN_SLOTS)
#define OUT_SLOTS 2
#define OUT_SIZE PAGE_SIZE

struct control {
	u32 port;
	u16 event, value;
};

enum control_event { DEVICE_READY = 0, PORT_ADD = 1, PORT_READY = 3, PORT_OPEN = 6 };

static struct virtio_device device;                /* I after init */
static struct virtq *control_in, *control_out, *in, *out; /* I after init */
static char *control_buffers, *in_buffers;         /* the device's, but for slots taken */
static char *out_buffer, *control_message;         /* the writer's */
static size_t (*receiver)(const char *bytes, size_t n); /* I once set */

static struct spinlock lock = SPINLOCK_INIT("virtio console"); /* (i) receiving: in, control_in, and: */
static unsigned held_slot, held_from, held_to;     /* lock: what of a slot has not been taken */

/* --- Output ---------------------------------------------------------------------------------- */

/* Offers one buffer, and waits until the device has read it. */
static void send(struct virtq *q, const void *buffer, size_t n)
{
	unsigned slot;
	u32 written;

	virtq_post(q, 0, virt_to_phys(buffer), (u32)n, false);
	virtq_kick(q);
	while (!virtq_take(q, &slot, &written))
		cpu_pause();
}

static void console_write(const void *bytes, size_t n)
{
	for (const char *p = bytes; n;) {
		size_t part = MIN(n, OUT_SIZE);

		memcpy(out_buffer, p, part);
		send(out, out_buffer, part);
		p += part;
		n -= part;
	}
}

/* Nothing is under way between two writes. */
static void console_drain(void)
{
}

/* --- Input ----------------------------------------------------------------------------------- */

static void post_in(unsigned slot)
{
	virtq_post(in, slot, virt_to_phys(in_buffers + slot * IN_SIZE), IN_SIZE, true);
}

static void post_control(unsigned slot)
{
	virtq_post(control_in, slot, virt_to_phys(control_buffers + slot * CONTROL_SIZE), CONTROL_SIZE, true);
}

/* Offers what is held. True: nothing is held any more. Lock held. */
static bool hand_over(void)
{
	size_t n = held_to - held_from;

	if (!n)
		return true;
	held_from += (unsigned)receiver(in_buffers + held_slot * IN_SIZE + held_from, n);
	if (held_from < held_to)
		return false;
	post_in(held_slot);
	return true;
}

/* Lock held. */
static void receive_all(void)
{
	bool posted = false;
	u32 written;

	while (hand_over() && virtq_take(in, &held_slot, &written)) {
		held_from = 0;
		held_to = written;
		if (!written)
			post_in(held_slot);
		posted = true;
	}
	if (posted)
		virtq_kick(in);
}

/* What the host says of ports later on (names, that it went away) changes nothing here. Lock held. */
static void drop_control(void)
{
	unsigned slot;
	u32 written;

	while (virtq_take(control_in, &slot, &written))
		post_control(slot);
}

static void console_interrupt(void *arg)
{
	(void)arg;
	spin_lock(&lock);
	virtio_acknowledge(&device);
	drop_control();
	receive_all();
	spin_unlock(&lock);
}

static void console_resume(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	receive_all();
	spin_unlock_irqrestore(&lock, flags);
}

static int console_receive(size_t (*fn)(const char *bytes, size_t n))
{
	int error;

	receiver = fn;
	error = irq_register(device.irq, "virtio console", console_interrupt, NULL);
	if (!error)
		console_resume();
	return error;
}

/* --- Start ----------------------------------------------------------------------------------- */

static void say(u32 port, enum control_event event)
{
	struct control *message = (struct control *)control_message;

	*message = (struct control){.port = port, .event = (u16)event, .value = 1};
	send(control_out, message, sizeof(*message));
}

/* Takes messages until the host says this of our port. */
static bool hear(enum control_event event)
{
	u64 end = clock_ns() + ANSWER_NS;
	bool heard = false;

	while (!heard && clock_ns() < end) {
		const struct control *message;
		unsigned slot;
		u32 written;

		if (!virtq_take(control_in, &slot, &written)) {
			cpu_pause();
			continue;
		}
		message = (const struct control *)(control_buffers + slot * CONTROL_SIZE);
		/* What an addition's value means is not said. */
		heard = written >= sizeof(*message) && message->port == PORT && message->event == event &&
			(message->value || event == PORT_ADD);
		post_control(slot);
		virtq_kick(control_in);
	}
	return heard;
}

/* Pages for all buffers: they live as long as the machine. */
static bool buffers_make(void)
{
	char **buffer[] = { &control_buffers, &in_buffers, &out_buffer, &control_message };

	static_assert(CONTROL_SLOTS * CONTROL_SIZE <= PAGE_SIZE, "control buffers fit into a page");
	for (unsigned i = 0; i < ARRAY_SIZE(buffer); i++) {
		struct page *page = page_alloc(0, ALLOC_ZERO);

		if (!page)
			return false;
		*buffer[i] = page_virt(page);
	}
	return true;
}

static int console_init(void)
{
	int error = virtio_find(VIRTIO_CONSOLE, &device);

	if (!error)
		error = virtio_agree(&device, FEATURE_MULTIPORT);
	if (error)
		return error;
	control_in = virtio_queue(&device, QUEUE_CONTROL_IN, CONTROL_SLOTS);
	control_out = virtio_queue(&device, QUEUE_CONTROL_OUT, OUT_SLOTS);
	in = virtio_queue(&device, QUEUE_IN, IN_SLOTS);
	out = virtio_queue(&device, QUEUE_OUT, OUT_SLOTS);
	if (!control_in || !control_out || !in || !out)
		return -ENODEV;
	if (!buffers_make())
		return -ENOMEM;
	virtq_poll_only(control_out);
	virtq_poll_only(out);
	virtio_start(&device);
	for (unsigned slot = 0; slot < CONTROL_SLOTS; slot++)
		post_control(slot);
	virtq_kick(control_in);
	for (unsigned slot = 0; slot < IN_SLOTS; slot++)
		post_in(slot);
	virtq_kick(in);

	say(~0u, DEVICE_READY);
	if (!hear(PORT_ADD))
		return -ENODEV;
	say(PORT, PORT_READY);
	say(PORT, PORT_OPEN);
	return hear(PORT_OPEN) ? 0 : -ENODEV; /* somebody listens at the other end */
}

const struct port virtio_console_port = {
	.name = "the virtio console",
	.init = console_init,
	.receive = console_receive,
	.resume = console_resume,
	.write = console_write,
	.drain = console_drain,
};
