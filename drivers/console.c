/* SPDX-License-Identifier: BSD-2-Clause */
/* COM1 and the screen with a terminal on them: where kernel messages go, and the shell when no stream port is in use. */
#include <drivers/console.h>

#include <arch/machine.h>
#include <core/param.h>
#include <core/printk.h>
#include <drivers/port.h>
#include <drivers/stream.h>
#include <drivers/tty.h>
#include <drivers/uart.h>
#include <generated/version.h>
#include <mm/page.h>

static void console_write(struct tty *t, const char *bytes, size_t n)
{
	(void)t;
	uart_write(&uart_com1, bytes, n);
	arch_screen_write(bytes, n);
}

static void console_room(struct tty *t)
{
	(void)t;
	uart_resume(&uart_com1);
}

#define CONSOLE_RDEV (4ul << 8 | 64) /* ttyS0 */

static const struct tty_backend backend = {
	.write = console_write,
	.input_room = console_room,
};

static struct tty *tty; /* I after console_init() */

static size_t console_receive(const char *bytes, size_t n)
{
	return tty_input(tty, bytes, n);
}

void console_init(void)
{
	const struct port *carrier = param.streams == STREAMS_VIRTIO ? &virtio_console_port : &com2_port;
	int error;

	tty = tty_create(&backend, CONSOLE_RDEV);
	if (!tty)
		memory_give_up("the console");
	tty_set_console(tty);
	error = uart_init(&uart_com1);
	if (!error)
		error = uart_receive(&uart_com1, console_receive);
	if (error)
		pr_warn("console: COM1 gives no input (error %d)", error);
	if (!param.streams)
		return;
	error = stream_init(carrier, ORCHARD_CONFIG_NAME);
	if (error)
		pr_warn("stream: %s is not there (error %d)", carrier->name, error);
}
