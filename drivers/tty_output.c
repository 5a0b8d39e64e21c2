/* SPDX-License-Identifier: BSD-2-Clause */
/* The output half of the line discipline: OPOST, and where the cursor stands. See termios(3), c_oflag. */
#include "tty_output.h"

void out_flush(struct tty *t, struct out *out)
{
	if (out->used)
		t->backend->write(t, out->bytes, out->used);
	out->sent += out->used;
	out->used = 0;
}

void out_raw(struct tty *t, struct out *out, u8 byte)
{
	if (out->used == sizeof(out->bytes))
		out_flush(t, out);
	out->bytes[out->used++] = (char)byte;
}

static bool is_continuation(const struct tty *t, u8 byte)
{
	return tty_flag(t->termios.c_iflag, IUTF8) && (byte & 0xc0) == 0x80;
}

static void out_newline(struct tty *t, struct out *out)
{
	if (tty_flag(t->termios.c_oflag, ONLCR))
		out_raw(t, out, '\r');
	if (tty_flag(t->termios.c_oflag, ONLCR | ONLRET))
		t->column = 0;
	out_raw(t, out, '\n');
}

static void out_return(struct tty *t, struct out *out)
{
	if (tty_flag(t->termios.c_oflag, ONOCR) && t->column == 0)
		return;
	if (tty_flag(t->termios.c_oflag, OCRNL)) { /* which ONLCR does not see any more */
		if (tty_flag(t->termios.c_oflag, ONLRET))
			t->column = 0;
		out_raw(t, out, '\n');
		return;
	}
	t->column = 0;
	out_raw(t, out, '\r');
}

static void out_tab(struct tty *t, struct out *out)
{
	u32 width = TAB_WIDTH(t->column);

	t->column += width;
	if ((t->termios.c_oflag & TABDLY) == XTABS)
		while (width--)
			out_raw(t, out, ' ');
	else
		out_raw(t, out, '\t');
}

void out_cooked(struct tty *t, struct out *out, u8 byte)
{
	if (!tty_flag(t->termios.c_oflag, OPOST)) {
		out_raw(t, out, byte);
		return;
	}
	switch (byte) {
	case '\n':
		out_newline(t, out);
		break;
	case '\r':
		out_return(t, out);
		break;
	case '\t':
		out_tab(t, out);
		break;
	case '\b':
		if (t->column)
			t->column--;
		out_raw(t, out, byte);
		break;
	default:
		if (!IS_CONTROL(byte) && !is_continuation(t, byte))
			t->column++;
		if (tty_flag(t->termios.c_oflag, OLCUC) && byte >= 'a' && byte <= 'z')
			byte -= 'a' - 'A';
		out_raw(t, out, byte);
	}
}

void out_echo(struct tty *t, struct out *out, u8 byte)
{
	if (tty_flag(t->termios.c_lflag, ECHOCTL) && IS_CONTROL(byte) && byte != '\t') {
		out_raw(t, out, '^');
		out_raw(t, out, byte ^ 0x40);
		t->column += 2;
	} else {
		out_cooked(t, out, byte);
	}
}

u32 out_width(const struct tty *t, u32 column, u8 byte)
{
	if (byte == '\t')
		return TAB_WIDTH(column);
	if (IS_CONTROL(byte))
		return tty_flag(t->termios.c_lflag, ECHOCTL) ? 2 : 0;
	return is_continuation(t, byte) ? 0 : 1;
}

#define WIDEST 8 /* a tab as spaces */

size_t ldisc_write(struct tty *t, const char *bytes, size_t n)
{
	size_t room = t->backend->output_room ? t->backend->output_room(t) : SIZE_MAX, done = 0;
	struct out out = { .used = 0 };

	while (done < n && room >= out.sent + out.used + WIDEST)
		out_cooked(t, &out, (u8)bytes[done++]);
	out_flush(t, &out);
	return done;
}
