/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input half of the line discipline: signals, flow control, line editing, echo. The rules are those of POSIX, General
 * Terminal Interface (XBD 11), with the extensions of termios(3) that shells and editors use.
 */
#include "tty_output.h"

#include <uapi/linux/signal.h>

#define DISABLED 0 /* a c_cc[] entry of 0 names no character (_POSIX_VDISABLE) */

static bool is_cc(const struct tty *t, u8 byte, unsigned which)
{
	return byte != DISABLED && byte == t->termios.c_cc[which];
}

static bool local(const struct tty *t, u32 flag)
{
	return t->termios.c_lflag & flag;
}

static u16 *entry_at(struct tty *t, u32 position)
{
	return &t->input[position % TTY_INPUT_SIZE];
}

/* Makes everything readable. */
static void commit(struct tty *t)
{
	t->canon = t->head;
	waitq_wake_all(&t->readers);
}

static void store(struct tty *t, u16 entry)
{
	*entry_at(t, t->head++) = entry;
	if (!local(t, ICANON) || entry & (ENTRY_END | ENTRY_EOF))
		commit(t);
}

/* --- Editing: what is in [canon, head) ------------------------------------------------------- */

static u32 line_end_column(struct tty *t)
{
	u32 column = t->line_column;

	for (u32 at = t->canon; at != t->head; at++)
		column += out_width(t, column, (u8)*entry_at(t, at));
	return column;
}

static bool line_empty(const struct tty *t)
{
	return t->head == t->canon;
}

static u8 line_last(struct tty *t)
{
	return (u8)*entry_at(t, t->head - 1);
}

/* Takes the last character off the line and off the screen. */
static void erase_one(struct tty *t, struct out *out, bool visibly)
{
	u32 before = line_end_column(t);
	bool tab = line_last(t) == '\t';
	bool utf8 = t->termios.c_iflag & IUTF8;

	while (utf8 && t->head - t->canon > 1 && (line_last(t) & 0xc0) == 0x80)
		t->head--;
	t->head--;
	if (!visibly)
		return;
	for (u32 width = before - line_end_column(t); width; width--) {
		out_raw(t, out, '\b');
		if (!tab) {
			out_raw(t, out, ' ');
			out_raw(t, out, '\b');
		}
		if (t->column)
			t->column--;
	}
}

static bool is_word(u8 byte)
{
	u8 lower = byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
	       byte >= 0x80;
}

static void erase_word(struct tty *t, struct out *out)
{
	bool visibly = local(t, ECHO);

	while (!line_empty(t) && !is_word(line_last(t)))
		erase_one(t, out, visibly);
	while (!line_empty(t) && is_word(line_last(t)))
		erase_one(t, out, visibly);
}

static void erase_line(struct tty *t, struct out *out, u8 byte)
{
	u32 all = ECHO | ECHOE | ECHOK | ECHOKE;

	if ((t->termios.c_lflag & all) == all) {
		while (!line_empty(t))
			erase_one(t, out, true);
		return;
	}
	t->head = t->canon;
	if (local(t, ECHO)) {
		out_echo(t, out, byte);
		if (local(t, ECHOK))
			out_cooked(t, out, '\n');
	}
}

static void reprint(struct tty *t, struct out *out, u8 byte)
{
	out_echo(t, out, byte);
	out_cooked(t, out, '\n');
	t->line_column = t->column;
	for (u32 at = t->canon; at != t->head; at++)
		out_echo(t, out, (u8)*entry_at(t, at));
}

/* True: the byte was an editing command. */
static bool edit(struct tty *t, struct out *out, u8 byte)
{
	bool extended = local(t, IEXTEN);

	if (is_cc(t, byte, VERASE)) {
		if (!line_empty(t)) {
			erase_one(t, out, local(t, ECHO) && local(t, ECHOE));
			if (local(t, ECHO) && !local(t, ECHOE))
				out_echo(t, out, byte);
		}
	} else if (is_cc(t, byte, VKILL)) {
		if (!line_empty(t))
			erase_line(t, out, byte);
	} else if (extended && is_cc(t, byte, VWERASE)) {
		erase_word(t, out);
	} else if (extended && local(t, ECHO) && is_cc(t, byte, VREPRINT)) {
		reprint(t, out, byte);
	} else {
		return false;
	}
	return true;
}

/* --- Bytes that end lines, and all others ---------------------------------------------------- */

static void receive_plain(struct tty *t, struct out *out, u8 byte)
{
	if (line_empty(t))
		t->line_column = t->column;
	if (local(t, ECHO))
		out_echo(t, out, byte);
	store(t, byte);
}

/* True: the byte ended a line. */
static bool receive_end(struct tty *t, struct out *out, u8 byte)
{
	if (byte == '\n') {
		if (local(t, ECHO | ECHONL))
			out_cooked(t, out, byte);
		store(t, byte | ENTRY_END);
	} else if (is_cc(t, byte, VEOF)) {
		store(t, ENTRY_EOF);
	} else if (is_cc(t, byte, VEOL) || (local(t, IEXTEN) && is_cc(t, byte, VEOL2))) {
		if (local(t, ECHO))
			out_echo(t, out, byte);
		store(t, byte | ENTRY_END);
	} else {
		return false;
	}
	return true;
}

/* One slot stays free, so that a line too long can still be ended. */
static bool is_full(const struct tty *t)
{
	return t->head - t->tail >= TTY_INPUT_SIZE - 1;
}

static void receive_canonical(struct tty *t, struct out *out, u8 byte)
{
	if (edit(t, out, byte))
		return;
	if (local(t, IEXTEN) && is_cc(t, byte, VLNEXT)) {
		t->literal = true;
		if (local(t, ECHO) && local(t, ECHOCTL)) {
			out_raw(t, out, '^');
			out_raw(t, out, '\b');
		}
		return;
	}
	if (receive_end(t, out, byte))
		return;
	if (!is_full(t))
		receive_plain(t, out, byte);
}

/* --- What is looked at before a byte is data ------------------------------------------------- */

void ldisc_stop(struct tty *t, u8 how)
{
	if (!t->stopped)
		tty_changed(t, TIOCPKT_STOP);
	t->stopped |= how;
}

void ldisc_start(struct tty *t, u8 how)
{
	if (!(t->stopped & how) || (t->stopped & STOPPED_BY_CALL && how != STOPPED_BY_CALL))
		return;
	t->stopped = 0;
	tty_changed(t, TIOCPKT_START);
	waitq_wake_all(&t->writers);
}

/* True: ^S or ^Q. */
static bool flow_control(struct tty *t, u8 byte)
{
	u32 flags = t->termios.c_iflag;

	if (!(flags & IXON))
		return false;
	if (is_cc(t, byte, VSTART)) {
		ldisc_start(t, STOPPED_BY_KEY);
		return true;
	}
	if (is_cc(t, byte, VSTOP)) {
		ldisc_stop(t, STOPPED_BY_KEY);
		return true;
	}
	if (flags & IXANY)
		ldisc_start(t, STOPPED_BY_KEY);
	return false;
}

static int signal_of(const struct tty *t, u8 byte)
{
	if (!local(t, ISIG))
		return 0;
	if (is_cc(t, byte, VINTR))
		return SIGINT;
	if (is_cc(t, byte, VQUIT))
		return SIGQUIT;
	return is_cc(t, byte, VSUSP) ? SIGTSTP : 0;
}

static void receive_signal(struct tty *t, struct out *out, u8 byte)
{
	if (!local(t, NOFLSH))
		ldisc_flush_input(t);
	if (tty_flag(t->termios.c_iflag, IXON))
		ldisc_start(t, STOPPED_BY_KEY);
	if (local(t, ECHO))
		out_echo(t, out, byte);
}

/* False: the byte is to be dropped. */
static bool map_newlines(const struct tty *t, u8 *byte)
{
	u32 flags = t->termios.c_iflag;

	if (*byte == '\r') {
		if (flags & IGNCR)
			return false;
		if (flags & ICRNL)
			*byte = '\n';
	} else if (*byte == '\n' && flags & INLCR) {
		*byte = '\r';
	}
	return true;
}

bool ldisc_receive(struct tty *t, u8 byte, int *signal)
{
	struct out out = { .used = 0 };

	*signal = 0;
	if (tty_flag(t->termios.c_iflag, ISTRIP))
		byte &= 0x7f;
	if (tty_flag(t->termios.c_iflag, IUCLC) && local(t, IEXTEN) && byte >= 'A' && byte <= 'Z')
		byte += 'a' - 'A';
	if (!t->literal) {
		if (flow_control(t, byte))
			return true;
		*signal = signal_of(t, byte);
		if (*signal) {
			receive_signal(t, &out, byte);
			out_flush(t, &out);
			return true;
		}
	}
	/* A reader can make room: then wait for it. In a line that nobody can read yet, what is too much is lost. */
	if (is_full(t) && tty_readable(t))
		return false;
	if (t->literal) {
		t->literal = false;
		if (!is_full(t))
			receive_plain(t, &out, byte);
	} else if (map_newlines(t, &byte)) {
		if (local(t, ICANON))
			receive_canonical(t, &out, byte);
		else
			receive_plain(t, &out, byte);
	}
	out_flush(t, &out);
	return true;
}

/* --- The readers' side ----------------------------------------------------------------------- */

size_t ldisc_take(struct tty *t, char *buffer, size_t n, bool *end)
{
	bool canonical = local(t, ICANON);
	size_t taken = 0;

	*end = false;
	while (t->tail != t->canon && !*end) {
		u16 entry = *entry_at(t, t->tail);

		/* A full buffer still takes the end-of-file mark, else the next read would see an empty file. */
		if (taken == n && !(canonical && n && entry & ENTRY_EOF))
			return taken;
		t->tail++;
		if (!(canonical && entry & ENTRY_EOF))
			buffer[taken++] = (char)entry;
		*end = canonical && entry & (ENTRY_END | ENTRY_EOF);
	}
	if (t->tail == t->canon)
		*end = true;
	return taken;
}

void ldisc_flush_input(struct tty *t)
{
	t->tail = t->canon = t->head;
	t->literal = false;
	tty_changed(t, TIOCPKT_FLUSHREAD);
}

/* Is output stopped and started by ^S and ^Q, so that a remote login can do it at its own end? */
static bool usual_flow(const struct termios *t)
{
	return t->c_iflag & IXON && t->c_cc[VSTOP] == ('S' & 31) && t->c_cc[VSTART] == ('Q' & 31);
}

void ldisc_set_termios(struct tty *t, const struct termios *termios)
{
	bool mode_changes = (t->termios.c_lflag ^ termios->c_lflag) & ICANON;

	if (usual_flow(&t->termios) != usual_flow(termios))
		tty_changed(t, usual_flow(termios) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
	t->termios = *termios;
	t->termios.c_cflag = (termios->c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD; /* what the lines here can do */
	if (mode_changes) {
		t->literal = false;
		commit(t);
	}
	if (!tty_flag(termios->c_iflag, IXON))
		ldisc_start(t, STOPPED_BY_KEY);
	/* A reader's VMIN may have changed under it. */
	waitq_wake_all(&t->readers);
}
