/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tty: the line discipline, and whose terminal it is, seen from both ends of a pseudo-terminal. The rules are those of POSIX
 * XBD 11, General Terminal Interface, with termios(3) and ioctl_tty(2); where those leave something open, Linux is the judge.
 */
#include "pty.h"

#include <pthread.h>

/* --- Line editing ---------------------------------------------------------------------------- */

static void canonical(void)
{
	char two[2], big[5000];

	open_pair();
	set_local(ECHO, 0);
	type("ab");
	ok(no_input(), "a line that has no end is not to be read");
	is_int(readable_now(slave), 0, "FIONREAD: nothing yet");
	type("c\n");
	ok(events_of(slave, POLLIN, PATIENCE) == POLLIN, "poll: a line");
	is_int(readable_now(slave), 4, "FIONREAD: a line");
	is_int(read(slave, two, 2), 2, "part of a line");
	line_is("c\n", "the rest of it");
	type("one\ntwo\n");
	line_is("one\n", "a read gives one line");
	line_is("two\n", "the next one the next");
	type("ab\x7f" "c\n");
	line_is("ac\n", "VERASE");
	type("\x7f\x7f" "x\n");
	line_is("x\n", "VERASE stops where the line begins");
	type("gone\x15kept\n");
	line_is("kept\n", "VKILL");
	type("one two \x17three\n");
	line_is("one three\n", "VWERASE takes blanks and a word");
	type("one a.b\x17\n");
	line_is("one a.\n", "VWERASE stops between letters and others");
	type("a\x16\x7f" "b\x16\x03\x16\n\n");
	line_is("a\x7f" "b\x03\n\n", "VLNEXT");
	type("ab\x04");
	line_is("ab", "VEOF ends a line and is not in it");
	type("\x04");
	ok(events_of(slave, POLLIN, PATIENCE) == POLLIN && read(slave, two, 2) == 0, "VEOF alone: end of file");
	type("cd\x04");
	soon(readable_now(slave) == 2);
	is_int(readable_now(slave), 2, "FIONREAD does not count VEOF");
	is_int(read(slave, two, 2), 2, "a read that VEOF ends exactly");
	ok(no_input(), "leaves no end of file behind");
	type("\x04x\n");
	ok(events_of(slave, POLLIN, PATIENCE) == POLLIN && read(slave, big, 10) == 0, "an end of file before a line");
	line_is("x\n", "the line after it");
	set_char(VEOL, '!');
	type("a!b\n");
	line_is("a!", "VEOL ends a line and is in it");
	line_is("b\n", "and the next begins");
	set_char(VERASE, '#');
	type("ab#\x7f\n");
	line_is("a\x7f\n", "another VERASE");
	set_char(VKILL, 0);
	type("ab\x15\n");
	line_is("ab\x15\n", "a character of 0 is none");
	set_local(IEXTEN | ECHO, 0);
	type("a b\x17\x16\n");
	line_is("a b\x17\x16\n", "without IEXTEN: no VWERASE, no VLNEXT");
	set_local(ECHO, 0);
	type("a\x12" "b\n");
	line_is("a\x12" "b\n", "without ECHO VREPRINT is a character");
	memset(big, 'x', sizeof(big));
	type_bytes(big, sizeof(big));
	type("\n");
	events_of(slave, POLLIN, PATIENCE);
	is_int(read(slave, big, sizeof(big)), 4096, "a line is 4096 bytes long at most");
	is_int(big[4095], '\n', "and has its end");
	set_input(0, IUTF8);
	type("a\xc3\xa4\x7f" "b\n");
	line_is("ab\n", "IUTF8: VERASE takes a whole character");
	set_input(0, 0);
	type("a\xc3\xa4\x7f" "b\n");
	line_is("a\xc3" "b\n", "without IUTF8: a byte");
	set_local(ECHO, 0);
	type("half");
	usleep(MOMENT * 1000);
	set_raw(1, 0);
	close_pair();
}

/* --- Echo ------------------------------------------------------------------------------------ */

static void echo(void)
{
	open_pair();
	type("ab\n");
	screen_is("ab\r\n", "ECHO");
	heard(slave, 3);
	type("ab\x7f");
	screen_is("ab\b \b", "ECHOE: VERASE wipes");
	type("\tx\x7f\x7f");
	screen_is("\tx\b \b\b\b\b\b\b\b\b", "ECHOE: over a tab");
	type("\x15");
	screen_is("\b \b", "ECHOKE: VKILL wipes");
	type("\x01\x7f");
	screen_is("^A\b \b\b \b", "ECHOCTL: a control has two columns");
	type("a b\x17");
	screen_is("a b\b \b", "VWERASE wipes");
	type("x\x12");
	screen_is("x^R\r\na x", "VREPRINT");
	type("\x16\x03\n");
	screen_is("^\b^C\r\n", "VLNEXT shows a caret");
	heard(slave, 1);
	type("ab\x04");
	screen_is("ab", "VEOF is not shown");
	heard(slave, 2);
	set_local(ECHOE, 0);
	type("ab\x7f");
	screen_is("ab^?", "without ECHOE VERASE is shown");
	set_local(ECHOKE, 0);
	type("ab\x15");
	screen_is("ab^U\r\n", "ECHOK: VKILL begins a line");
	set_local(ECHOKE | ECHOK, 0);
	type("ab\x15");
	screen_is("ab^U", "without ECHOK it does not");
	set_local(ECHOCTL, 0);
	type("\x01" "b");
	screen_is("\x01" "b", "without ECHOCTL a control is itself");
	set_local(ECHO, ECHONL);
	type("ab\n");
	screen_is("\r\n", "ECHONL");
	set_local(ECHO, 0);
	type("ab\n");
	screen_is("", "without ECHO nothing");
	set_output(OPOST, 0);
	type("a\n");
	screen_is("a\n", "echo is output: without OPOST");
	close_pair();
}

/* --- Mapping --------------------------------------------------------------------------------- */

static void mapping(void)
{
	open_pair();
	usual.c_lflag &= ~(tcflag_t)ECHO;
	set_input(0, 0);
	type("a\r");
	line_is("a\n", "ICRNL");
	set_input(ICRNL, 0);
	type("a\rb\n");
	line_is("a\rb\n", "without ICRNL");
	set_input(0, IGNCR);
	type("a\rb\n");
	line_is("ab\n", "IGNCR");
	set_input(ICRNL, INLCR);
	type("a\nb\x04");
	line_is("a\rb", "INLCR");
	set_input(0, ISTRIP);
	type("\xe1\n");
	line_is("a\n", "ISTRIP");
	set_input(0, IUCLC);
	type("ABc\n");
	line_is("abc\n", "IUCLC");
	set_output(0, 0);
	says("a\nb\r\n");
	screen_is("a\r\nb\r\r\n", "ONLCR");
	set_output(ONLCR, 0);
	says("a\nb");
	screen_is("a\nb", "without ONLCR");
	set_output(0, OCRNL);
	says("a\rb");
	screen_is("a\nb", "OCRNL");
	set_output(0, ONOCR);
	says("\n\ra\r");
	screen_is("\r\na\r", "ONOCR: none in column 0");
	set_output(ONLCR, ONLRET | ONOCR);
	says("a\n\rb");
	screen_is("a\nb", "ONLRET: a newline returns");
	set_output(0, XTABS);
	says("\r\nab\tc\t\b\tx\n");
	screen_is("\r\r\nab      c       \b x\r\n", "XTABS");
	set_output(0, OLCUC);
	says("aBc");
	screen_is("ABC", "OLCUC");
	set_output(OPOST, 0);
	says("a\n\tb");
	screen_is("a\n\tb", "without OPOST");
	close_pair();
}

/* --- Flow control ---------------------------------------------------------------------------- */

static void flow(void)
{
	open_pair();
	fcntl(slave, F_SETFL, O_NONBLOCK);
	set_local(ECHO, 0);
	ok(writable(), "a terminal takes output");
	type("\x13");
	ok(soon(!writable()), "^S stops it");
	fails(write(slave, "x", 1), EAGAIN, "a write would wait");
	type("\x11");
	ok(soon(writable()), "^Q starts it again");
	ok(no_input(), "neither is input");
	type("\x13");
	soon(!writable());
	type("a");
	usleep(MOMENT * 1000);
	ok(!writable(), "another key does not start it");
	set_local(ECHO, 0);
	type("\x13");
	soon(!writable());
	set_input(IXON, 0);
	ok(writable(), "without IXON it goes on");
	type("\x13\x11\n");
	line_is("\x13\x11\n", "and ^S and ^Q are input");
	set_input(0, IXANY);
	type("\x13");
	soon(!writable());
	type("x");
	ok(soon(writable()), "IXANY: any key starts it");
	set_local(ECHO, 0);
	is_int(tcflow(slave, TCOOFF), 0, "tcflow(TCOOFF)");
	ok(!writable(), "stops output");
	type("\x11");
	usleep(MOMENT * 1000);
	ok(!writable(), "^Q does not start what tcflow stopped");
	is_int(tcflow(slave, TCOON), 0, "tcflow(TCOON)");
	ok(writable(), "does");
	type("\x13");
	soon(!writable());
	tcflow(slave, TCOON);
	ok(!writable(), "tcflow(TCOON) does not start what ^S stopped");
	type("\x11");
	soon(writable());
	is_int(tcflow(slave, TCIOFF), 0, "tcflow(TCIOFF)");
	screen_is("\x13", "sends ^S");
	is_int(tcflow(slave, TCION), 0, "tcflow(TCION)");
	screen_is("\x11", "sends ^Q");
	fails(tcflow(slave, 17), EINVAL, "tcflow: no such action");
	is_int(tcdrain(slave), 0, "tcdrain");
	is_int(tcsendbreak(slave, 0), 0, "tcsendbreak");
	close_pair();
}

/* --- Raw mode -------------------------------------------------------------------------------- */

static void *typist(void *text)
{
	for (const char *c = text; *c; c++) {
		usleep(60000);
		type_bytes(c, 1);
	}
	return NULL;
}

static ssize_t read_while_typing(const char *text, char *buffer, size_t n)
{
	pthread_t thread;
	ssize_t got;

	must(pthread_create(&thread, NULL, typist, (char *)text) == 0);
	got = read(slave, buffer, n);
	pthread_join(thread, NULL);
	tcflush(slave, TCIFLUSH);
	return got;
}

static void raw(void)
{
	char b[16];
	long start;

	open_pair();
	set_raw(1, 0);
	type("\x7f\x04\x03\n");
	line_is("\x7f\x04\x03\n", "nothing is edited");
	ok(no_input(), "nothing more");
	is_int(read_while_typing("a", b, 8), 1, "VMIN 1, VTIME 0: waits for one");
	set_raw(3, 0);
	type("ab");
	ok(no_input(), "VMIN 3: poll waits for three");
	is_int(readable_now(slave), 2, "FIONREAD tells of two");
	is_int(read_while_typing("cd", b, 8), 3, "VMIN 3, VTIME 0: waits for three");
	type("abcde");
	soon(readable_now(slave) == 5);
	is_int(read(slave, b, 2), 2, "a smaller buffer is full earlier");
	is_int(read(slave, b, 8), 3, "what was left");
	set_raw(0, 0);
	is_int(read(slave, b, 8), 0, "VMIN 0, VTIME 0: never waits");
	type("xy");
	soon(readable_now(slave) == 2);
	is_int(read(slave, b, 8), 2, "takes what there is");
	set_raw(0, 2);
	start = ms_now();
	is_int(read(slave, b, 8), 0, "VMIN 0, VTIME 2: waits 200 ms");
	ok(ms_now() - start >= 190, "that long");
	is_int(read_while_typing("ab", b, 8), 1, "VMIN 0, VTIME 2: but for one byte only");
	set_raw(8, 2);
	is_int(read_while_typing("abc", b, 8), 3, "VMIN 8, VTIME 2: until 200 ms after the last byte");
	set_raw(2, 2);
	is_int(read_while_typing("ab", b, 8), 2, "VMIN 2, VTIME 2: or until there are two");
	fcntl(slave, F_SETFL, O_NONBLOCK);
	set_raw(1, 0);
	fails(read(slave, b, 8), EAGAIN, "O_NONBLOCK");
	set_raw(0, 5);
	fails(read(slave, b, 8), EAGAIN, "O_NONBLOCK, VTIME: does not wait either");
	set_raw(0, 0);
	is_int(read(slave, b, 8), 0, "O_NONBLOCK, where nothing waits anyway");
	must(tcsetattr(slave, TCSANOW, &usual) == 0);
	fails(read(slave, b, 8), EAGAIN, "O_NONBLOCK, canonical");
	set_local(ECHO, 0);
	type("half");
	usleep(MOMENT * 1000);
	usual.c_lflag &= ~(tcflag_t)ICANON;
	must(tcsetattr(slave, TCSANOW, &usual) == 0);
	line_is("half", "half a line can be read when ICANON goes");
	close_pair();
}

/* --- The controlling terminal, and its signals ------------------------------------------------- */

static bool comes(int sig)
{
	bool came = soon(count);

	came &= last == sig;
	count = last = 0;
	return came;
}

static void control(void)
{
	int fd, other;
	pid_t id = -1;

	open_pair();
	fails(open("/dev/tty", O_RDWR), ENXIO, "no controlling terminal yet: O_NOCTTY");
	fails(tcgetpgrp(slave), ENOTTY, "tcgetpgrp of a terminal that is not ours");
	fails(tcgetsid(slave), ENOTTY, "tcgetsid of one");
	fails(tcsetpgrp(slave, getpgrp()), ENOTTY, "tcsetpgrp of one");
	fails(ioctl(slave, TIOCNOTTY), ENOTTY, "TIOCNOTTY of one");
	fails(ioctl(master, TIOCGSID, &id), ENOTTY, "TIOCGSID of a master whose slave has no session");
	other = open(slave_name, O_WRONLY);
	fails(open("/dev/tty", O_RDWR), ENXIO, "opening to write gives none");
	close(other);
	is_int(ioctl(slave, TIOCSCTTY, 0), 0, "TIOCSCTTY");
	is_int(ioctl(slave, TIOCSCTTY, 0), 0, "TIOCSCTTY again");
	is_int(tcgetpgrp(slave), getpgrp(), "our group is in front");
	is_int(tcgetsid(slave), getsid(0), "tcgetsid");
	is_int(ioctl(master, TIOCGPGRP, &id) ? -1 : id, getpgrp(), "the master may ask too: TIOCGPGRP");
	is_int(ioctl(master, TIOCGSID, &id) ? -1 : id, getsid(0), "TIOCGSID");
	fd = open("/dev/tty", O_RDWR);
	ok(fd >= 0 && isatty(fd), "/dev/tty is it");
	is_int(write(fd, "hello\n", 6), 6, "a write to /dev/tty");
	screen_is("hello\r\n", "is seen by the master");
	close(fd);
	is_int(tcsetpgrp(slave, getpgrp()), 0, "tcsetpgrp of our own group");
	fails(tcsetpgrp(slave, -1), EINVAL, "tcsetpgrp: negative");
	fails(tcsetpgrp(slave, 32000), ESRCH, "tcsetpgrp: no such group");
	fails(ioctl(slave, TIOCSPGRP, (void *)8), EFAULT, "TIOCSPGRP from a bad address");
	on(SIGHUP, counter, 0);
	on(SIGCONT, counter, 0);
	is_int(ioctl(slave, TIOCNOTTY), 0, "TIOCNOTTY");
	is_int(count, 2, "a leader that gives up its terminal: SIGHUP and SIGCONT to the group in front");
	fails(open("/dev/tty", O_RDWR), ENXIO, "there is none any more");
	fd = open(slave_name, O_RDWR);
	ok(fd >= 0 && tcgetsid(fd) == getsid(0), "opening a slave without O_NOCTTY takes it");
	close_pair();
	ok(soon(count == 4), "a master's end: SIGHUP and SIGCONT to the leader");
	fails(open("/dev/tty", O_RDWR), ENXIO, "and no terminal any more");
	fails(tcsetpgrp(fd, getpgrp()), ENOTTY, "tcsetpgrp of one that hung up");
	close(fd);
	signal(SIGHUP, SIG_DFL);
	signal(SIGCONT, SIG_DFL);
}

static void keys(void)
{
	struct winsize size = {10, 20, 0, 0};

	open_pair();
	must(ioctl(slave, TIOCSCTTY, 0) == 0);
	on(SIGINT, counter, 0);
	on(SIGQUIT, counter, 0);
	on(SIGTSTP, counter, 0);
	on(SIGWINCH, counter, 0);
	on(SIGHUP, counter, 0);
	type("lost");
	screen_is("lost", "a key is shown");
	type("\x03");
	ok(comes(SIGINT), "^C: SIGINT");
	screen_is("^C", "which is shown");
	type("kept\n");
	line_is("kept\n", "and what was typed before is forgotten");
	type("\x1c");
	ok(comes(SIGQUIT), "^\\: SIGQUIT");
	type("\x1a");
	ok(comes(SIGTSTP), "^Z: SIGTSTP");
	type("whole line\n\x03");
	ok(comes(SIGINT) && no_input(), "whole lines are forgotten too");
	set_local(0, NOFLSH);
	type("a\x03" "b\n");
	ok(comes(SIGINT), "NOFLSH: the signal");
	line_is("ab\n", "NOFLSH: and nothing forgotten");
	set_local(ISIG, 0);
	type("\x03\n");
	line_is("\x03\n", "without ISIG: a character");
	is_int(count, 0, "and no signal");
	set_char(VINTR, 'q');
	type("q");
	ok(comes(SIGINT), "another VINTR");
	set_local(0, 0);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	type("\x13");
	soon(!writable());
	type("\x03");
	ok(comes(SIGINT) && soon(writable()), "a signal's key starts what ^S stopped");
	is_int(ioctl(slave, TIOCSWINSZ, &size), 0, "a new size");
	ok(comes(SIGWINCH), "SIGWINCH");
	is_int(ioctl(master, TIOCSWINSZ, &size), 0, "the same again");
	is_int(count, 0, "no signal");
	size.ws_col++;
	ioctl(master, TIOCSWINSZ, &size);
	ok(comes(SIGWINCH), "the master's new size: SIGWINCH");
	is_int(ioctl(master, TIOCSIG, SIGINT), 0, "TIOCSIG");
	ok(comes(SIGINT), "the signal");
	fails(ioctl(master, TIOCSIG, 99), EINVAL, "TIOCSIG: no such signal");
	close_pair();
	comes(SIGHUP);
}

int main(void)
{
	become_leader();
	canonical();
	echo();
	mapping();
	flow();
	raw();
	control();
	keys();
	return done();
}
