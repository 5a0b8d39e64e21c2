/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of bytes to the host that the stream port's frames travel on: a UART, or a port of a virtio console. Callers
 * serialise their own output.
 */
#ifndef DRIVERS_PORT_H
#define DRIVERS_PORT_H

#include <lib/types.h>

struct port {
	const char *name;
	/* Finds and sets it up; what was received before is dropped. May sleep. -ENODEV. */
	int (*init)(void);
	/*
	 * Receives by interrupt from now on: fn gets each batch, in interrupt context, and answers how many it took; when
	 * fewer than offered, reception stops until resume().
	 */
	int (*receive)(size_t (*fn)(const char *bytes, size_t n));
	void (*resume)(void);
	/* Polled, waits for room. Interrupts may be off. */
	void (*write)(const void *bytes, size_t n);
	void (*drain)(void);
};

extern const struct port com2_port, virtio_console_port;

#endif
