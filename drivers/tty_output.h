/* SPDX-License-Identifier: BSD-2-Clause */
/* What the input half of the line discipline needs of the output half: echo. The tty's lock is held throughout. */
#ifndef DRIVERS_TTY_OUTPUT_H
#define DRIVERS_TTY_OUTPUT_H

#include "ldisc.h"

#define TAB_WIDTH(column) (8 - ((column) & 7))
#define IS_CONTROL(byte) ((byte) < 0x20 || (byte) == 0x7f)

/* Gathers what one call says, so that the backend gets it in few pieces. */
struct out {
	char bytes[256];
	size_t used, sent;
};

void out_flush(struct tty *t, struct out *out);
void out_raw(struct tty *t, struct out *out, u8 byte);
/* As a program's byte. */
void out_cooked(struct tty *t, struct out *out, u8 byte);
/* As a typed byte: controls are shown as ^X under ECHOCTL. */
void out_echo(struct tty *t, struct out *out, u8 byte);
/* Columns that out_echo() moves the cursor on from `column`. */
u32 out_width(const struct tty *t, u32 column, u8 byte);

#endif
