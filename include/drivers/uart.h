/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550 UART, two of them: COM1 is the console, COM2 the stream port. Source: National PC16550D data sheet. */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <lib/types.h>

struct uart;

extern struct uart uart_com1, uart_com2;

/* Probes (scratch register), 115200 8n1, FIFOs on. -ENODEV. */
int uart_init(struct uart *u);
/* Receives by interrupt from now on: fn gets each batch, in interrupt context, and answers how many it took; when fewer
 * than offered, reception stops until uart_resume(). */
int uart_receive(struct uart *u, size_t (*fn)(const char *bytes, size_t n));
void uart_resume(struct uart *u);
/* Polled, waits for room. */
void uart_write(struct uart *u, const void *bytes, size_t n);
void uart_drain(struct uart *u);

#endif
