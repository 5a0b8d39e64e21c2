/* SPDX-License-Identifier: BSD-2-Clause */
/* Between stream.c, which talks to the port, and stream_file.c, which makes files of its channels. */
#ifndef DRIVERS_STREAM_CHANNELS_H
#define DRIVERS_STREAM_CHANNELS_H

#include <core/wait.h>
#include <drivers/stream.h>

enum { CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR };

extern struct waitq stdin_readers;

/* Bytes of standard input that are there; *over: no more will come behind them. */
u32 stdin_readable(bool *over);
/* Copies without taking; then takes. One reader at a time. */
size_t stdin_peek(void *buffer, size_t n);
void stdin_consume(size_t n);

#endif
