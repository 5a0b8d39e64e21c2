/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framed stream port (docs/protocol.md), on COM2 or on a virtio console: the program's three channels, its end, and
 * figures about it.
 */
#ifndef DRIVERS_STREAM_H
#define DRIVERS_STREAM_H

#include <lib/types.h>

/* Frame kinds that others than the driver send. */
enum { STREAM_EXIT = 0x03, STREAM_STATS = 0x04, STREAM_REFUSAL = 0x06 };

struct file;
struct port;
struct tty;

/* Takes the port and says hello. -ENODEV when it is not there. May sleep. */
int stream_init(const struct port *carrier, const char *kernel_name);
bool stream_present(void);
/* Files for descriptors 0, 1, 2 that behave as pipes. ERR_PTR(-ENOMEM). */
struct file *stream_open(unsigned channel);
/*
 * The stream terminal; `descriptors` has a bit for each of 0, 1, 2 that it stands for. With 0 it gets standard input from now
 * on; it prints in stdout frames if it stands for 1, else in stderr frames. The first call counts.
 */
struct tty *stream_tty(unsigned descriptors);
/* One frame of text or bytes; any context that may spin. */
void stream_send(u8 kind, const void *payload, size_t size);
/* Everything handed over so far has left the machine. */
void stream_drain(void);

#endif
