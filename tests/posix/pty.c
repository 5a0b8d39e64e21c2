/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pty: pseudo-terminals as such: their names, what both ends have in common, buffers, packet mode, and the end of either end.
 * Sources: pty(7), pts(4), ioctl_tty(2), tty_ioctl(4).
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
	fails(stat(first, &st), ENOENT, "a slave's name vanishes with its master");
	ok(!is_listed(first + 9), "and is not listed");
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	ok(ptsname(fd) && strcmp(ptsname(fd), first), "its number is not given to another while it is open");
	close(fd);
	close(slave);
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

static volatile bool opening;

static void *close_meanwhile(void *delay)
{
	while (!opening)
		;
	for (volatile int i = 0; i < *(int *)delay; i++)
		;
	close(master);
	return NULL;
}

/* The leader of a session opens a terminal while it hangs up: it may be too late, but then it is nobody's terminal. */
static void open_or_hang_up(void)
{
	int left = 0, delay;
	pthread_t thread;

	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < 200; i++) {
		open_master();
		opening = false;
		delay = i * 37 % 1500;
		must(pthread_create(&thread, NULL, close_meanwhile, &delay) == 0);
		opening = true;
		slave = open(slave_name, O_RDWR);
		pthread_join(thread, NULL);

		int tty = open("/dev/tty", O_RDWR);

		left += tty >= 0 || errno != ENXIO;
		if (tty >= 0)
			close(tty);
		if (slave >= 0)
			close(slave);
	}
	signal(SIGHUP, SIG_DFL);
	is_int(left, 0, "a terminal that hangs up as it is opened is no session's");
}

int main(void)
{
	become_leader();
	names();
	parameters();
	buffers();
	packets();
	hangup();
	open_or_hang_up();
	return done();
}
