/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of the line discipline: a terminal whose line is a buffer, and whose processes are three counters. */
#include "ldisc.h"

#include <core/ktest.h>
#include <lib/string.h>
#include <uapi/linux/signal.h>

static struct tty tty;
static char screen[256];
static size_t screen_used;
static int signalled_group, signalled;
static unsigned room_made;

static void screen_write(struct tty *t, const char *bytes, size_t n)
{
	(void)t;
	n = MIN(n, sizeof(screen) - 1 - screen_used);
	memcpy(screen + screen_used, bytes, n);
	screen_used += n;
	screen[screen_used] = 0;
}

static void count_room(struct tty *t)
{
	(void)t;
	room_made++;
}

static const struct tty_backend backend = {
	.write = screen_write,
	.input_room = count_room,
};

static void note_signal(int pgid, int sig)
{
	signalled_group = pgid;
	signalled = sig;
}

/* Types with the given hooks in place, whatever the kernel has installed. */
static size_t type(const char *text)
{
	static const struct tty_hooks hooks = { .signal_group = note_signal };
	const struct tty_hooks *saved = tty_hooks;
	size_t n;

	tty_hooks = &hooks;
	n = tty_input(&tty, text, strlen(text));
	tty_hooks = saved;
	return n;
}

static void fresh(void)
{
	memset(&tty, 0, sizeof(tty));
	tty_init(&tty, &backend, 0);
	tty.foreground = 42;
	screen_used = 0;
	screen[0] = 0;
	signalled = signalled_group = 0;
	room_made = 0;
}

static void set_local(u32 off, u32 on)
{
	struct termios t = tty.termios;

	t.c_lflag = (t.c_lflag & ~off) | on;
	ldisc_set_termios(&tty, &t);
}

static bool screen_is(const char *text)
{
	bool same = !strcmp(screen, text);

	screen_used = 0;
	screen[0] = 0;
	return same;
}

/* Does one read give exactly this? */
static bool reads(const char *text)
{
	char buffer[128];
	bool end;
	size_t n = ldisc_take(&tty, buffer, sizeof(buffer), &end);

	return n == strlen(text) && !memcmp(buffer, text, n);
}

KTEST(tty_line)
{
	fresh();
	type("he");
	KT_EQ(tty_readable(&tty), 0);
	type("llo\rnext\r");
	KT_OK(screen_is("hello\r\nnext\r\n"));
	KT_OK(reads("hello\n"));
	KT_OK(reads("next\n"));
	KT_EQ(tty_readable(&tty), 0);
}

KTEST(tty_erase)
{
	fresh();
	type("ab\x7f" "c\n");
	KT_OK(screen_is("ab\b \bc\r\n"));
	KT_OK(reads("ac\n"));
	type("\x7f\x7f" "x\n");
	KT_OK(reads("x\n"));
	screen_is("");
	type("a\tb\x7f\x7f" "c\n");
	KT_OK(screen_is("a\tb\b \b\b\b\b\b\b\b\bc\r\n"));
	KT_OK(reads("ac\n"));
	type("\x01\x7f\n");
	KT_OK(screen_is("^A\b \b\b \b\r\n"));
	KT_OK(reads("\n"));
	type("\xc3\xa4\x7f\n");
	KT_OK(screen_is("\xc3\xa4\b \b\r\n"));
	KT_OK(reads("\n"));
}

KTEST(tty_kill_word)
{
	fresh();
	type("one two  \x17three\n");
	KT_OK(reads("one three\n"));
	type("gone\x15kept\n");
	KT_OK(reads("kept\n"));
	screen_is("");
	type("a\x16\x15" "b\n");
	KT_OK(screen_is("a^\b^Ub\r\n"));
	KT_OK(reads("a\x15" "b\n"));
}

KTEST(tty_eof)
{
	fresh();
	type("ab\x04");
	KT_OK(screen_is("ab"));
	KT_OK(reads("ab"));
	type("\x04");
	KT_EQ(tty_readable(&tty), 1);
	KT_OK(reads(""));
	KT_EQ(tty_readable(&tty), 0);
}

KTEST(tty_hangup)
{
	fresh();
	type("cut");
	tty_input_eof(&tty);
	KT_OK(reads("cut"));
	KT_OK(tty.input_over);
}

KTEST(tty_eof_behind_a_full_buffer)
{
	char buffer[2];
	bool end;

	fresh();
	type("ab\x04");
	KT_EQ(ldisc_take(&tty, buffer, 2, &end), 2);
	KT_EQ(tty_readable(&tty), 0);
}

KTEST(tty_signals)
{
	fresh();
	type("lost\x03");
	KT_EQ(signalled, SIGINT);
	KT_EQ(signalled_group, 42);
	KT_OK(screen_is("lost^C"));
	type("kept\n");
	KT_OK(reads("kept\n"));
	set_local(0, NOFLSH);
	type("a\x1a" "b\n");
	KT_EQ(signalled, SIGTSTP);
	KT_OK(reads("ab\n"));
	type("\x1c");
	KT_EQ(signalled, SIGQUIT);
	signalled = 0;
	set_local(ISIG, 0);
	type("\x03\n");
	KT_EQ(signalled, 0);
	KT_OK(reads("\x03\n"));
}

KTEST(tty_raw)
{
	fresh();
	set_local(ICANON | ECHO | ISIG | IEXTEN, 0);
	type("a\x7f\x04");
	KT_OK(screen_is(""));
	KT_OK(reads("a\x7f\x04"));
	type("half");
	set_local(0, ICANON);
	KT_OK(reads("half"));
	type("line");
	KT_EQ(tty_readable(&tty), 0);
	set_local(ICANON, 0);
	KT_OK(reads("line"));
}

KTEST(tty_flow)
{
	fresh();
	type("\x13");
	KT_OK(tty.stopped);
	type("\x11");
	KT_OK(!tty.stopped);
	type("\x13\x03");
	KT_OK(!tty.stopped);
}

/* A reader can make room: nothing is lost. Nobody can: a too long line is cut, and can still be ended. */
KTEST(tty_full)
{
	char line[33];
	bool end;
	unsigned taken = 0;

	fresh();
	memset(line, 'x', 31);
	line[31] = '\n';
	line[32] = 0;
	set_local(ECHO, 0);
	for (size_t n = 32; n == 32; taken += n)
		n = type(line);
	KT_EQ(taken, TTY_INPUT_SIZE - 1);
	KT_OK(tty.throttled);
	tty_unthrottle(&tty);
	KT_EQ(room_made, 1);
	ldisc_flush_input(&tty);
	for (unsigned i = 0; i < TTY_INPUT_SIZE; i++)
		KT_EQ(type("y"), 1);
	KT_EQ(tty_readable(&tty), 0);
	type("\n");
	KT_EQ(tty_readable(&tty), TTY_INPUT_SIZE);
	while (ldisc_take(&tty, line, sizeof(line), &end) && !end)
		;
	KT_EQ(tty_readable(&tty), 0);
}

KTEST(tty_output)
{
	fresh();
	ldisc_write(&tty, "a\tb\n", 4);
	KT_OK(screen_is("a\tb\r\n"));
	tty.termios.c_oflag |= XTABS;
	ldisc_write(&tty, "a\tb", 3);
	KT_OK(screen_is("a       b"));
	KT_EQ(tty.column, 9);
	tty.termios.c_oflag &= ~OPOST;
	ldisc_write(&tty, "\n", 1);
	KT_OK(screen_is("\n"));
}

KTEST(tty_size)
{
	static const struct tty_hooks hooks = { .signal_group = note_signal };
	const struct tty_hooks *saved = tty_hooks;

	fresh();
	tty_hooks = &hooks;
	tty_set_size(&tty, 24, 80);
	KT_EQ(signalled, 0);
	tty_set_size(&tty, 50, 132);
	KT_EQ(signalled, SIGWINCH);
	tty_hooks = saved;
}
