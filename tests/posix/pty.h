/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the groups about terminals share: a pseudo-terminal, typing at it, and looking at its screen. On Linux a byte goes from
 * one end to the other in a work queue: so whoever expects something waits for it, and for a moment whether more comes.
 */
#ifndef PTY_H
#define PTY_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"

#define PATIENCE 3000 /* ms for what shall come */
#define MOMENT moment /* ms for what shall not: our kernels have no work queue between the ends */

TAP_UNUSED static int moment = 30;

TAP_UNUSED static int master = -1, slave = -1;
TAP_UNUSED static struct termios usual;
TAP_UNUSED static char slave_name[64];

TAP_UNUSED static void open_master(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC); /* jobs shall not keep it open */
	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	must(ptsname_r(master, slave_name, sizeof(slave_name)) == 0);
}

TAP_UNUSED static void open_pair(void)
{
	open_master();
	slave = open(slave_name, O_RDWR | O_NOCTTY);
	must(slave >= 0 && tcgetattr(slave, &usual) == 0);
}

TAP_UNUSED static void close_pair(void)
{
	close(slave);
	close(master);
	slave = master = -1;
}

/* What of `events` is so within so many ms; POLLHUP and POLLERR too. */
TAP_UNUSED static int events_of(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	while (poll(&p, 1, ms) < 0 && errno == EINTR)
		;
	return p.revents;
}

TAP_UNUSED static void type_bytes(const char *bytes, size_t n)
{
	must(write(master, bytes, n) == (ssize_t)n);
}

TAP_UNUSED static void type(const char *text)
{
	type_bytes(text, strlen(text));
}

/* What a descriptor gives, when at least n bytes are expected. */
TAP_UNUSED static const char *heard(int fd, size_t n)
{
	static char text[2][8192];
	static int turn;
	char *to = text[turn ^= 1];
	size_t got = 0;

	while (got < sizeof(text[0]) - 1 && (events_of(fd, POLLIN, got < n ? PATIENCE : MOMENT) & POLLIN)) {
		ssize_t more = read(fd, to + got, sizeof(text[0]) - 1 - got);

		if (more <= 0)
			break;
		got += (size_t)more;
	}
	to[got] = '\0';
	return to;
}

#define screen_is(want, ...) is_str(heard(master, strlen(want)), want, __VA_ARGS__)

/* One read of the slave, which must have something to say. */
TAP_UNUSED static const char *line(void)
{
	static char text[8192];
	ssize_t n;

	if (!(events_of(slave, POLLIN, PATIENCE) & POLLIN))
		return "(nothing)";
	n = read(slave, text, sizeof(text) - 1);
	if (n < 0)
		return "(error)";
	text[n] = '\0';
	return text;
}

#define line_is(want, ...) is_str(line(), want, __VA_ARGS__)

/* As a program on the terminal. */
TAP_UNUSED static void says(const char *text)
{
	must(write(slave, text, strlen(text)) == (ssize_t)strlen(text));
}

TAP_UNUSED static bool writable(void)
{
	return events_of(slave, POLLOUT, 0) & POLLOUT;
}

TAP_UNUSED static bool no_input(void)
{
	return !events_of(slave, POLLIN, MOMENT);
}

/* The usual settings with some flags off, then others on; what was under way is forgotten. */
TAP_UNUSED static void settings(tcflag_t *flags, tcflag_t off, tcflag_t on, struct termios *t)
{
	*flags = (*flags & ~off) | on;
	must(tcsetattr(slave, TCSANOW, t) == 0);
	heard(master, 0);
	must(tcflush(slave, TCIFLUSH) == 0);
}

TAP_UNUSED static void set_input(tcflag_t off, tcflag_t on)
{
	struct termios t = usual;

	settings(&t.c_iflag, off, on, &t);
}

TAP_UNUSED static void set_output(tcflag_t off, tcflag_t on)
{
	struct termios t = usual;

	settings(&t.c_oflag, off, on, &t);
}

TAP_UNUSED static void set_local(tcflag_t off, tcflag_t on)
{
	struct termios t = usual;

	settings(&t.c_lflag, off, on, &t);
}

TAP_UNUSED static void set_char(int which, int byte)
{
	struct termios t = usual;

	t.c_cc[which] = (cc_t)byte;
	settings(&t.c_lflag, 0, 0, &t);
}

TAP_UNUSED static void set_raw(int min, int time)
{
	struct termios t = usual;

	t.c_iflag = 0;
	t.c_oflag = 0;
	t.c_cc[VMIN] = (cc_t)min;
	t.c_cc[VTIME] = (cc_t)time;
	settings(&t.c_lflag, ICANON | ECHO | ISIG | IEXTEN, 0, &t);
}

TAP_UNUSED static int readable_now(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

TAP_UNUSED static long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits, for what another process or a work queue will do. */
#define soon(condition)                                                                            \
	({                                                                                         \
		long soon_end = ms_now() + PATIENCE;                                               \
		while (!(condition) && ms_now() < soon_end)                                        \
			usleep(2000);                                                              \
		(condition);                                                                       \
	})

/* Gives up the controlling terminal, if there is one. */
TAP_UNUSED static void leave_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd < 0)
		return;
	signal(SIGHUP, SIG_IGN);
	ioctl(fd, TIOCNOTTY);
	signal(SIGHUP, SIG_DFL);
	close(fd);
}

/*
 * Goes on as the leader of a session that has no terminal: in a child, unless this process is one already (as the first program
 * of our kernels is, also where there are no children). Returns only in that process.
 */
TAP_UNUSED static void become_leader(void)
{
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (kernel_is_orchard())
		moment = 5;
	if (getsid(0) == getpid() || setsid() > 0) {
		leave_terminal();
		return;
	}
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(setsid() > 0);
		return;
	}
	must(waitpid(pid, &status, 0) == pid);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

#endif
