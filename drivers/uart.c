/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550: polled output by whole FIFOs, input by interrupt. Callers serialise their own output; input has a lock here,
 * since whoever makes room may run on another CPU than the interrupt.
 *
 * Sources: National PC16550D data sheet; the trigger at 14 bytes because QEMU hands over as many at once as the trigger says.
 */
#include <drivers/uart.h>

#include <arch/cpu.h>
#include <core/irq.h>
#include <core/spinlock.h>
#include <lib/errno.h>
#include <lib/string.h>

#define FIFO_SIZE 16
#define BATCH 64

struct uart {
	u16 port;                            /* I */
	u8 irq;                              /* I */
	const char *name;                    /* I */
	size_t (*receive)(const char *, size_t); /* I once set */
	struct spinlock lock;                /* (i) */
	char batch[BATCH];                   /* lock: received, not yet taken */
	unsigned batched;                    /* lock */
};

struct uart uart_com1 = { .port = 0x3f8, .irq = 4, .name = "com1", .lock = SPINLOCK_INIT("uart") };
struct uart uart_com2 = { .port = 0x2f8, .irq = 3, .name = "com2", .lock = SPINLOCK_INIT("uart") };

enum uart_register {
	UART_DATA = 0,               /* divisor low while LCR_DIVISOR */
	UART_INTERRUPT_ENABLE = 1,   /* divisor high */
	UART_FIFO_CONTROL = 2,
	UART_LINE_CONTROL = 3,
	UART_MODEM_CONTROL = 4,
	UART_LINE_STATUS = 5,
	UART_SCRATCH = 7,
};

#define IER_RECEIVED 0x01
#define FCR_ENABLE_CLEAR_TRIGGER14 0xc7
#define LCR_8N1 0x03
#define LCR_DIVISOR 0x80
#define MCR_DTR_RTS_OUT2 0x0b       /* OUT2 lets the interrupt out of the chip on a PC */
#define LSR_DATA_READY 0x01
#define LSR_THR_EMPTY 0x20
#define LSR_ALL_SENT 0x40

static u8 uart_in(const struct uart *u, enum uart_register reg)
{
	return inb((u16)(u->port + reg));
}

static void uart_out(const struct uart *u, enum uart_register reg, u8 value)
{
	outb((u16)(u->port + reg), value);
}

int uart_init(struct uart *u)
{
	uart_out(u, UART_SCRATCH, 0x5a);
	if (uart_in(u, UART_SCRATCH) != 0x5a)
		return -ENODEV;
	uart_out(u, UART_SCRATCH, 0xa5);
	if (uart_in(u, UART_SCRATCH) != 0xa5)
		return -ENODEV;
	uart_out(u, UART_INTERRUPT_ENABLE, 0);
	uart_out(u, UART_LINE_CONTROL, LCR_DIVISOR);
	uart_out(u, UART_DATA, 1);
	uart_out(u, UART_INTERRUPT_ENABLE, 0);
	uart_out(u, UART_LINE_CONTROL, LCR_8N1);
	uart_out(u, UART_FIFO_CONTROL, FCR_ENABLE_CLEAR_TRIGGER14);
	uart_out(u, UART_MODEM_CONTROL, MCR_DTR_RTS_OUT2);
	return 0;
}

void uart_write(struct uart *u, const void *bytes, size_t n)
{
	const u8 *p = bytes;

	while (n) {
		size_t burst = MIN(n, (size_t)FIFO_SIZE);

		while (!(uart_in(u, UART_LINE_STATUS) & LSR_THR_EMPTY))
			cpu_pause();
		n -= burst;
		while (burst--)
			uart_out(u, UART_DATA, *p++);
	}
}

void uart_drain(struct uart *u)
{
	while (!(uart_in(u, UART_LINE_STATUS) & LSR_ALL_SENT))
		cpu_pause();
}

/* Offers what is batched. True: all was taken. Lock held. */
static bool batch_hand_over(struct uart *u)
{
	size_t taken = u->batched ? u->receive(u->batch, u->batched) : 0;

	u->batched -= (unsigned)taken;
	memmove(u->batch, u->batch + taken, u->batched);
	return !u->batched;
}

/*
 * Empties the FIFO into the receiver, and opens the interrupt if it took everything. The interrupt is closed first, so that
 * opening it makes a new edge for whatever came meanwhile: the I/O APIC's pin is edge-triggered. Lock held.
 */
static void receive_all(struct uart *u)
{
	uart_out(u, UART_INTERRUPT_ENABLE, 0);
	if (!batch_hand_over(u))
		return;
	while (uart_in(u, UART_LINE_STATUS) & LSR_DATA_READY) {
		u->batch[u->batched++] = (char)uart_in(u, UART_DATA);
		if (u->batched == BATCH && !batch_hand_over(u))
			return;
	}
	if (batch_hand_over(u))
		uart_out(u, UART_INTERRUPT_ENABLE, IER_RECEIVED);
}

static void uart_interrupt(void *arg)
{
	struct uart *u = arg;

	spin_lock(&u->lock);
	receive_all(u);
	spin_unlock(&u->lock);
}

void uart_resume(struct uart *u)
{
	u64 flags = spin_lock_irqsave(&u->lock);

	receive_all(u);
	spin_unlock_irqrestore(&u->lock, flags);
}

int uart_receive(struct uart *u, size_t (*fn)(const char *bytes, size_t n))
{
	int error;

	u->receive = fn;
	error = irq_register(u->irq, u->name, uart_interrupt, u);
	if (!error)
		uart_resume(u);
	return error;
}
