/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tty: terminals and pseudo-terminals. The rules are those of POSIX XBD 11, General Terminal Interface, with termios(3),
 * ioctl_tty(2), pty(7) and pts(4); where those leave something open, Linux's n_tty is the judge.
 */
#include "pty.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* --- Names ----------------------------------------------------------------------------------- */

static bool is_listed(const char *name)
{
	DIR *dir = opendir("/dev/pts");
	struct dirent *d;
	bool found = false;

	while (dir && (d = readdir(dir)))
		found |= !strcmp(d->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

static void names(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), n = -1, on = 1, other;
	char first[64];
	struct statfs fs;
	struct stat st;

	must(fd >= 0);
	ok(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2), "a master is device 5:2");
	ok(isatty(fd), "a master is a terminal");
	is_int(ioctl(fd, TIOCGPTN, &n), 0, "TIOCGPTN");
	snprintf(first, sizeof(first), "/dev/pts/%d", n);
	is_str(ptsname(fd), first, "ptsname is the number's path");
	ok(stat(first, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(136, n), "the slave is device 136:N");
	/* Elsewhere the mount says which. */
	ok((st.st_mode & 0777) == 0620 || (!kernel_is_orchard() && (st.st_mode & 0777) == 0600), "its mode is 0620");
	is_int(st.st_uid, geteuid(), "its owner: who opened the master");
	ok(is_listed(first + 9), "its name is listed in /dev/pts");
	ok(statfs(first, &fs) == 0 && fs.f_type == 0x1cd1, "/dev/pts is a devpts");
	n = -1;
	ok(ioctl(fd, TIOCGPTLCK, &n) == 0 && n == 1, "a new slave is locked");
	fails(open(first, O_RDWR | O_NOCTTY), EIO, "a locked slave does not open");
	is_int(grantpt(fd), 0, "grantpt");
	is_int(unlockpt(fd), 0, "unlockpt");
	ok(ioctl(fd, TIOCGPTLCK, &n) == 0 && n == 0, "it is unlocked");
	slave = open(first, O_RDWR | O_NOCTTY);
	ok(slave >= 0 && isatty(slave), "an unlocked slave opens, and is a terminal");
	is_str(ttyname(slave), first, "ttyname");
	is_int(fcntl(slave, F_GETFL) & (O_NOCTTY | O_ACCMODE), O_RDWR, "F_GETFL does not know O_NOCTTY");
	fails(ioctl(slave, TIOCGPTN, &n), ENOTTY, "a slave has no TIOCGPTN");
	fails(ioctl(slave, TIOCSPTLCK, &n), ENOTTY, "nor TIOCSPTLCK");
	ioctl(fd, TIOCSPTLCK, &on);
	fails(open(first, O_RDWR | O_NOCTTY), EIO, "locked again");
	on = 0;
	ioctl(fd, TIOCSPTLCK, &on);
	other = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ok(other >= 0 && ttyname(other) && !strcmp(ttyname(other), first), "TIOCGPTPEER opens the slave");
	is_int(fcntl(other, F_GETFD), FD_CLOEXEC, "TIOCGPTPEER: O_CLOEXEC");
	close(other);
	ok(fchmod(slave, 0600) == 0 && stat(first, &st) == 0 && (st.st_mode & 0777) == 0600, "chmod of a slave lasts");
	fails(unlink(first), EPERM, "names in /dev/pts are not removed");
	open_master();
	ok(strcmp(slave_name, first), "a second pair has another name");
	close(fd);
	close(slave);
	fails(stat(first, &st), ENOENT, "a slave's name vanishes with its master");
	ok(!is_listed(first + 9), "and is not listed");
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	is_str(ptsname(fd), first, "the lowest free number is given again");
	close(fd);
	close(master);
	fails(open("/dev/pts/999", O_RDWR | O_NOCTTY), ENOENT, "no such slave");
}

/* --- Settings -------------------------------------------------------------------------------- */

static void parameters(void)
{
	struct winsize size = {24, 80, 5, 6}, seen = {9, 9, 9, 9};
	struct termios t;

	open_pair();
	is_int(usual.c_iflag, ICRNL | IXON, "c_iflag at first");
	is_int(usual.c_oflag, OPOST | ONLCR, "c_oflag at first");
	is_int(usual.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN, "c_lflag at first");
	is_int(usual.c_cflag, B38400 | CS8 | CREAD, "c_cflag at first");
	ok(usual.c_cc[VINTR] == 3 && usual.c_cc[VEOF] == 4 && usual.c_cc[VERASE] == 0x7f && usual.c_cc[VMIN] == 1,
	   "c_cc at first");
	t = usual;
	t.c_lflag &= ~(tcflag_t)ECHO;
	t.c_cflag = (t.c_cflag & ~(tcflag_t)CSIZE) | CS7 | PARENB;
	is_int(tcsetattr(slave, TCSADRAIN, &t), 0, "tcsetattr");
	ok(tcgetattr(slave, &t) == 0 && !(t.c_lflag & ECHO), "tcgetattr tells what was set");
	is_int(t.c_cflag & (CSIZE | PARENB), CS8, "a pty has 8 bits and no parity");
	ok(tcgetattr(master, &t) == 0 && !(t.c_lflag & ECHO), "the master's settings are the slave's");
	is_int(tcsetattr(master, TCSANOW, &usual), 0, "the master sets them");
	ok(tcgetattr(slave, &t) == 0 && (t.c_lflag & ECHO), "and the slave has them");
	ok(ioctl(slave, TIOCGWINSZ, &seen) == 0 && !seen.ws_row && !seen.ws_col, "a new pty has no size");
	is_int(ioctl(master, TIOCSWINSZ, &size), 0, "the master sets a size");
	ok(ioctl(slave, TIOCGWINSZ, &seen) == 0 && !memcmp(&seen, &size, sizeof(size)), "the slave has it, all four");
	size.ws_row = 50;
	is_int(ioctl(slave, TIOCSWINSZ, &size), 0, "the slave sets a size");
	ok(ioctl(master, TIOCGWINSZ, &seen) == 0 && seen.ws_row == 50, "the master has it");
	fails(ioctl(slave, TIOCGWINSZ, (void *)8), EFAULT, "TIOCGWINSZ to a bad address");
	fails(ioctl(slave, TIOCSWINSZ, (void *)8), EFAULT, "TIOCSWINSZ from a bad address");
	fails(ioctl(slave, TCSETS, (void *)8), EFAULT, "TCSETS from a bad address");
	fails(ioctl(slave, 0x54ff, 0), ENOTTY, "an unknown request");
	fails(lseek(slave, 0, SEEK_SET), ESPIPE, "a terminal does not seek");
	fails(ioctl(-1, TCGETS, &t), EBADF, "a bad descriptor");
	close_pair();
}

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

static void says(const char *text)
{
	must(write(slave, text, strlen(text)) == (ssize_t)strlen(text));
}

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

static bool writable(void)
{
	return events_of(slave, POLLOUT, 0) & POLLOUT;
}

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

/* --- Buffers and waiting --------------------------------------------------------------------- */

static long fill(int fd, size_t size)
{
	static char bytes[512];
	long sum = 0;
	ssize_t n;

	/* Until nothing goes any more for a while: what was written may move on. */
	for (int idle = 0; idle < 3 && sum < 1 << 20; idle++) {
		while ((n = write(fd, bytes, size)) > 0) {
			sum += n;
			idle = 0;
		}
		usleep(5000);
	}
	return sum;
}

static long empty(int fd)
{
	static char bytes[512];
	long sum = 0;
	ssize_t n;

	while (events_of(fd, POLLIN, 100) & POLLIN && (n = read(fd, bytes, sizeof(bytes))) > 0)
		sum += n;
	return sum;
}

static void *drainer(void *arg)
{
	long *sum = arg;

	usleep(50000);
	*sum = empty(master);
	return NULL;
}

static void buffers(void)
{
	static char big[100000];
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.fd = 7}, got;
	int epoll = epoll_create1(0), queue = -1;
	pthread_t thread;
	long n, drained = 0;
	fd_set set;

	open_pair();
	set_raw(1, 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	n = fill(slave, 512);
	ok(n >= 2048 && n < 1 << 20, "the slave's output fills up");
	fails(write(slave, "x", 1), EAGAIN, "a full one would wait");
	is_int(events_of(slave, POLLOUT, 0), 0, "poll: no POLLOUT");
	is_int(empty(master), n, "the master reads all of it");
	is_int(events_of(slave, POLLOUT, PATIENCE), POLLOUT, "poll: POLLOUT again");
	n = fill(master, 512);
	ok(n >= 4000 && n < 1 << 20, "the slave's input fills up");
	fails(write(master, "x", 1), EAGAIN, "a full one would wait: master");
	is_int(events_of(master, POLLOUT, 0), 0, "poll: no POLLOUT: master");
	is_int(empty(slave), n, "the slave reads all of it");
	is_int(events_of(master, POLLOUT, PATIENCE), POLLOUT, "poll: POLLOUT again: master");
	fails(read(master, big, 1), EAGAIN, "the master's read would wait");
	fcntl(slave, F_SETFL, 0);
	must(pthread_create(&thread, NULL, drainer, &drained) == 0);
	is_int(write(slave, big, sizeof(big)), sizeof(big), "a write that waits writes all");
	pthread_join(thread, NULL);
	is_int(drained + empty(master), sizeof(big), "and all is read");
	must(write(slave, "abc", 3) == 3);
	ok(soon(readable_now(master) == 3), "FIONREAD of the master");
	is_int(ioctl(slave, TIOCOUTQ, &queue), 0, "TIOCOUTQ");
	is_int(queue, 0, "nothing is under way");
	is_int(tcflush(master, TCIFLUSH), 0, "tcflush of the master");
	is_int(readable_now(master), 0, "forgets what it did not read");
	type("abc");
	soon(readable_now(slave) == 3);
	is_int(tcflush(slave, TCOFLUSH), 0, "tcflush(TCOFLUSH)");
	is_int(readable_now(slave), 3, "leaves input alone");
	is_int(tcflush(slave, TCIFLUSH), 0, "tcflush(TCIFLUSH)");
	is_int(readable_now(slave), 0, "forgets it");
	type("abc");
	soon(readable_now(slave) == 3);
	must(tcgetattr(slave, &usual) == 0 && tcsetattr(slave, TCSAFLUSH, &usual) == 0);
	is_int(readable_now(slave), 0, "tcsetattr(TCSAFLUSH) does too");
	fails(tcflush(slave, 9), EINVAL, "tcflush: no such queue");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, slave, &e) == 0);
	is_int(epoll_wait(epoll, &got, 1, MOMENT), 0, "epoll: nothing");
	type("x");
	is_int(epoll_wait(epoll, &got, 1, PATIENCE), 1, "epoll: a byte came");
	is_int(epoll_wait(epoll, &got, 1, MOMENT), 0, "epoll, edge triggered: once");
	FD_ZERO(&set);
	FD_SET(slave, &set);
	is_int(select(slave + 1, &set, NULL, NULL, &(struct timeval){1, 0}), 1, "select");
	close(epoll);
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

/* --- Packet mode ----------------------------------------------------------------------------- */

static int packet(void)
{
	char b[64];

	if (!(events_of(master, POLLIN, PATIENCE) & POLLIN))
		return -1;
	ssize_t n = read(master, b, sizeof(b));

	return n == 1 ? b[0] : n > 1 && !b[0] ? 1000 + (int)n : -2;
}

static void packets(void)
{
	int n = -1, is_on = 1;

	open_pair();
	set_local(ECHO, 0);
	is_int(ioctl(master, TIOCPKT, &is_on), 0, "TIOCPKT");
	ok(ioctl(master, TIOCGPKT, &n) == 0 && n == 1, "TIOCGPKT");
	says("abc");
	is_int(packet(), 1004, "data come behind a byte of 0");
	tcflow(slave, TCOOFF);
	is_int(events_of(master, POLLPRI, PATIENCE), POLLPRI, "a status is urgent");
	is_int(packet(), TIOCPKT_STOP, "output stopped");
	tcflow(slave, TCOON);
	is_int(packet(), TIOCPKT_START, "started");
	tcflush(slave, TCIFLUSH);
	is_int(packet(), TIOCPKT_FLUSHREAD, "input flushed");
	tcflush(slave, TCOFLUSH);
	is_int(packet(), TIOCPKT_FLUSHWRITE, "output flushed");
	usual.c_iflag &= ~(tcflag_t)IXON;
	must(tcsetattr(slave, TCSANOW, &usual) == 0);
	is_int(packet(), TIOCPKT_NOSTOP, "^S and ^Q mean nothing now");
	usual.c_iflag |= IXON;
	must(tcsetattr(slave, TCSANOW, &usual) == 0);
	is_int(packet(), TIOCPKT_DOSTOP, "now they do");
	is_on = 0;
	ioctl(master, TIOCPKT, &is_on);
	says("abc");
	screen_is("abc", "without TIOCPKT only data");
	close_pair();
}

/* --- Hanging up ------------------------------------------------------------------------------ */

static void *closer(void *fd)
{
	usleep(60000);
	close(*(int *)fd);
	return NULL;
}

static void hangup(void)
{
	int all = POLLIN | POLLOUT | POLLHUP | POLLERR;
	pthread_t thread;
	char b[64];
	ssize_t n;

	open_master();
	fcntl(master, F_SETFL, O_NONBLOCK);
	fails(read(master, b, 1), EAGAIN, "a slave that was never open is not closed");
	is_int(events_of(master, POLLIN, MOMENT), 0, "nor is POLLHUP there");
	type("early\n");
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	line_is("early\n", "what was typed before it opened is there");
	screen_is("early\r\n", "and its echo");
	must(write(slave, "last", 4) == 4);
	close(slave);
	is_int(events_of(master, POLLIN, PATIENCE), POLLIN | POLLHUP, "the slave closed: POLLHUP");
	is_int(read(master, b, 64), 4, "what it wrote is read");
	fails(read(master, b, 1), EIO, "and then EIO");
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	fails(read(master, b, 1), EAGAIN, "opened again it works again");
	is_int(events_of(master, POLLIN | POLLOUT, 0), POLLOUT, "no POLLHUP");
	int second = open(slave_name, O_RDWR | O_NOCTTY);

	close(slave);
	fails(read(master, b, 1), EAGAIN, "open twice and closed once: not closed");
	slave = second;
	fcntl(master, F_SETFL, 0);
	must(pthread_create(&thread, NULL, closer, &slave) == 0);
	fails(read(master, b, 1), EIO, "a master's read ends when the slave closes");
	pthread_join(thread, NULL);
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	must(slave >= 0 && tcgetattr(slave, &usual) == 0);
	set_local(ECHO, 0);
	must(pthread_create(&thread, NULL, closer, &master) == 0);
	n = read(slave, b, 1);
	ok(n == 0 || (n < 0 && errno == EIO), "a slave's read ends when the master closes");
	pthread_join(thread, NULL);
	is_int(read(slave, b, 1), 0, "a slave without master: end of file");
	fails(write(slave, b, 1), EIO, "a write");
	is_int(events_of(slave, POLLIN | POLLOUT, 0), all, "poll");
	fails(tcgetattr(slave, &usual), EIO, "tcgetattr");
	fails(open(slave_name, O_RDWR | O_NOCTTY), ENOENT, "its name is gone");
	snprintf(b, sizeof(b), "/proc/self/fd/%d", slave);
	fails(open(b, O_RDWR | O_NOCTTY), EIO, "and it does not open by its descriptor");
	close(slave);
	open_pair();
	type("lost\n");
	events_of(slave, POLLIN, PATIENCE);
	close(master);
	is_int(read(slave, b, 8), 0, "what was typed is lost with the master");
	close(slave);
	open_pair();
	set_raw(1, 0);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	fill(slave, 512);
	fcntl(slave, F_SETFL, 0);
	must(pthread_create(&thread, NULL, closer, &master) == 0);
	fails(write(slave, b, 1), EIO, "a slave's write ends when the master closes");
	pthread_join(thread, NULL);
	close(slave);
}

int main(void)
{
	become_leader();
	names();
	parameters();
	canonical();
	echo();
	mapping();
	flow();
	raw();
	buffers();
	packets();
	hangup();
	control();
	keys();
	return done();
}
