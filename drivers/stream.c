/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framed stream port (docs/protocol.md). Output: whole frames under one lock. Input: frames are taken apart in
 * interrupt context; standard input goes into a ring, or into the stream terminal. When there is no room
 * the rest stays with the port, and beyond it with the host.
 */
#include <drivers/stream.h>

#include <core/printk.h>
#include <core/spinlock.h>
#include <drivers/port.h>
#include <drivers/tty.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/frame.h>
#include <lib/ring.h>
#include <lib/string.h>
#include <mm/page.h>

#include "stream_channels.h"

#define STDIN_SIZE 65536
#define OUTGOING_SIZE 2048           /* a port may take dear a write, but not its length: few frames are longer */
#define WINSIZE_PAYLOAD 4

static const struct port *port;      /* I after stream_init(); NULL: there is none */
static u8 terminal_kind;             /* I after stream_tty(): of frames with what it prints */
static struct spinlock output_lock = SPINLOCK_INIT("stream output"); /* (i) one frame, in: */
static u8 outgoing[OUTGOING_SIZE];

static struct spinlock input_lock = SPINLOCK_INIT("stream input");   /* (i) all below */
static u8 stdin_buffer[STDIN_SIZE];
static struct ring stdin_ring = { .data = stdin_buffer, .size = STDIN_SIZE };
static bool stdin_over;              /* the end-of-file frame came */
static bool throttled;               /* bytes wait for room in the ring */
static struct tty *terminal;         /* NULL: there is none */
static bool terminal_reads;          /* standard input is the terminal's, not the ring's */
static unsigned rows, columns;       /* 0: the host has not said */

struct waitq stdin_readers = WAITQ_INIT(stdin_readers);

/* (i) From the ring to the terminal, in order; once that reads, only its holder touches the ring. */
static struct spinlock handover_lock = SPINLOCK_INIT("stream handover");

/* The receiver's own: it is never entered twice (the port's lock). */
static struct frame_decoder decoder;
static u8 winsize[WINSIZE_PAYLOAD];

/* --- Output ---------------------------------------------------------------------------------- */

void stream_send(u8 kind, const void *payload, size_t size)
{
	size_t used = FRAME_HEADER_SIZE;
	const u8 *from = payload;
	u64 flags;

	if (!port)
		return;
	size = MIN(size, (size_t)FRAME_PAYLOAD_MAX);
	flags = spin_lock_irqsave(&output_lock);
	frame_encode(outgoing, kind, (u16)size);
	do {
		size_t part = MIN(size, sizeof(outgoing) - used);

		memcpy(outgoing + used, from, part);
		port->write(outgoing, used + part);
		from += part;
		size -= part;
		used = 0;
	} while (size);
	spin_unlock_irqrestore(&output_lock, flags);
}

void stream_drain(void)
{
	u64 flags;

	if (!port)
		return;
	flags = spin_lock_irqsave(&output_lock);
	port->drain();
	spin_unlock_irqrestore(&output_lock, flags);
}

/* --- Input: the receiver ----------------------------------------------------------------------- */

/* What came before there was a terminal goes to it first. True: nothing is left. Any context. */
static bool ring_to_terminal(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&handover_lock);
	char chunk[64];
	size_t n, taken;

	do {
		n = stdin_peek(chunk, sizeof(chunk));
		taken = tty_input(t, chunk, n);
		stdin_ring.tail += (u32)taken;
	} while (taken);
	spin_unlock_irqrestore(&handover_lock, flags);
	return !n;
}

/* How many of n bytes of standard input found room. */
static size_t stdin_store(const char *bytes, size_t n)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	struct tty *t = terminal_reads ? terminal : NULL;
	size_t stored = 0;

	if (!t) {
		stored = ring_write(&stdin_ring, bytes, n);
		throttled = stored < n;
		waitq_wake_all(&stdin_readers);
	}
	spin_unlock_irqrestore(&input_lock, flags);
	if (!t)
		return stored;
	return ring_to_terminal(t) ? tty_input(t, bytes, n) : 0;
}

static void stdin_end(void)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	struct tty *t = terminal_reads ? terminal : NULL;

	stdin_over = true;
	waitq_wake_all(&stdin_readers);
	spin_unlock_irqrestore(&input_lock, flags);
	if (t)
		tty_input_eof(t);
}

static void size_changed(void)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	struct tty *t = terminal;

	rows = frame_get_u16(winsize);
	columns = frame_get_u16(winsize + 2);
	spin_unlock_irqrestore(&input_lock, flags);
	if (t)
		tty_set_size(t, frame_get_u16(winsize), frame_get_u16(winsize + 2));
}

static void frame_complete(void)
{
	if (decoder.kind == FRAME_STDIN_EOF)
		stdin_end();
	else if (decoder.kind == FRAME_WINSIZE && decoder.len == WINSIZE_PAYLOAD)
		size_changed();
}

/* Feeds the decoder with bytes whose place is known. */
static void decode(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned events = frame_feed(&decoder, (u8)bytes[i]);

		if (events & FRAME_EVENT_PAYLOAD && decoder.kind == FRAME_WINSIZE &&
		    decoder.got <= WINSIZE_PAYLOAD)
			winsize[decoder.got - 1] = (u8)bytes[i];
		if (events & FRAME_EVENT_END)
			frame_complete();
	}
}

/* Bytes that the current frame of standard input still lacks; 0: the next byte is something else. */
static size_t stdin_expected(void)
{
	if (decoder.header < FRAME_HEADER_SIZE || decoder.kind != FRAME_STDIN)
		return 0;
	return decoder.len - decoder.got;
}

static size_t receive(const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t expected = MIN(stdin_expected(), n - done);
		size_t take = expected ? stdin_store(bytes + done, expected) : 1;

		decode(bytes + done, take);
		done += take;
		if (take < expected)
			break;
	}
	return done;
}

/* --- Input: the readers' side ------------------------------------------------------------------ */

u32 stdin_readable(bool *over)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	u32 used = ring_used(&stdin_ring);

	*over = stdin_over;
	spin_unlock_irqrestore(&input_lock, flags);
	return used;
}

size_t stdin_peek(void *buffer, size_t n)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	struct ring copy = stdin_ring;
	size_t got = ring_read(&copy, buffer, n);

	spin_unlock_irqrestore(&input_lock, flags);
	return got;
}

void stdin_consume(size_t n)
{
	u64 flags = spin_lock_irqsave(&input_lock);
	bool resume = throttled;

	stdin_ring.tail += (u32)n;
	throttled = false;
	spin_unlock_irqrestore(&input_lock, flags);
	if (resume)
		port->resume();
}

/* --- The terminal ------------------------------------------------------------------------------ */

static void terminal_write(struct tty *t, const char *bytes, size_t n)
{
	(void)t;
	stream_send(terminal_kind, bytes, n);
}

static void terminal_room(struct tty *t)
{
	ring_to_terminal(t);
	port->resume();
}

#define TERMINAL_RDEV (4ul << 8 | 65) /* ttyS1 */

static const struct tty_backend backend = {
	.write = terminal_write,
	.input_room = terminal_room,
};

struct tty *stream_tty(unsigned descriptors)
{
	bool reads = descriptors & BIT(CHANNEL_STDIN);
	struct tty *t = terminal;
	u64 flags;

	if (t)
		return t;
	t = tty_create(&backend, TERMINAL_RDEV);
	if (!t)
		memory_give_up("the terminal");
	terminal_kind = descriptors & BIT(CHANNEL_STDOUT) ? FRAME_STDOUT : FRAME_STDERR;
	if (rows && columns)
		tty_set_size(t, rows, columns);
	flags = spin_lock_irqsave(&input_lock);
	terminal = t;
	terminal_reads = reads;
	spin_unlock_irqrestore(&input_lock, flags);
	if (!reads)
		return t;
	ring_to_terminal(t);
	port->resume();
	if (stdin_over)
		tty_input_eof(t);
	return t;
}

/* --- Start ------------------------------------------------------------------------------------- */

static void tell_refusal(const char *line)
{
	stream_send(STREAM_REFUSAL, line, strlen(line));
}

/* Setting up the port drops what it received before: so the host waits for the hello. */
int stream_init(const struct port *carrier, const char *kernel_name)
{
	char hello[64];
	int error = carrier->init();

	if (error)
		return error;
	refuse_listener = tell_refusal;
	port = carrier;
	snprintf(hello, sizeof(hello), "orchard 1 %s\n", kernel_name);
	stream_send(FRAME_HELLO, hello, strlen(hello));
	return port->receive(receive);
}

bool stream_present(void)
{
	return port;
}
