/* SPDX-License-Identifier: BSD-2-Clause */
/* COM2 as a port: an exit to the host for each byte. */
#include <drivers/port.h>

#include <drivers/uart.h>

static int com2_init(void)
{
	return uart_init(&uart_com2);
}

static int com2_receive(size_t (*fn)(const char *bytes, size_t n))
{
	return uart_receive(&uart_com2, fn);
}

static void com2_resume(void)
{
	uart_resume(&uart_com2);
}

static void com2_write(const void *bytes, size_t n)
{
	uart_write(&uart_com2, bytes, n);
}

static void com2_drain(void)
{
	uart_drain(&uart_com2);
}

const struct port com2_port = {
	.name = "COM2",
	.init = com2_init,
	.receive = com2_receive,
	.resume = com2_resume,
	.write = com2_write,
	.drain = com2_drain,
};
