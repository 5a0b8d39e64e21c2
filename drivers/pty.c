/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pseudo-terminals: the backend of a slave, and what its master's file does. The slave is a terminal like any other; one lock,
 * the terminal's, is over both ends. Sources: pty(7), ioctl_tty(2), tty_ioctl(4) for packet mode.
 */
#include <drivers/pty.h>

#include "ldisc.h"

#include <fs/file.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <lib/ring.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/ioctl.h>
#include <uapi/linux/poll.h>
#include <uapi/linux/signal.h>

#define SLAVE_RDEV(number) (136ul << 8 | (number))
#define OUTPUT_SIZE 4096
#define ECHO_ROOM 1024 /* of it, that programs leave for echo: which cannot wait, and is lost where there is no room */

struct pty {
	struct tty tty;              /* first: pty_of(), tty_put(). Its lock is over all here */
	struct ring output;          /* lock: what the master will read */
	struct waitq master;         /* readers and writers of the master */
	unsigned number;             /* I */
	bool locked;                 /* lock: TIOCSPTLCK */
	bool closed;                 /* lock: the slave was open, and is no more */
	bool packet;                 /* lock: TIOCPKT */
	u8 status;                   /* lock: TIOCPKT_* that the master has not read */
	u8 bytes[OUTPUT_SIZE];       /* lock */
};

static_assert(!offsetof(struct pty, tty), "a pty is its slave");

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

/* --- The slave's line ------------------------------------------------------------------------ */

static void line_write(struct tty *t, const char *bytes, size_t n)
{
	struct pty *p = pty_of(t);

	ring_write(&p->output, bytes, n);
	waitq_wake_all(&p->master);
}

static size_t line_room(struct tty *t)
{
	u32 used = ring_used(&pty_of(t)->output);

	return used + 8 <= OUTPUT_SIZE - ECHO_ROOM ? OUTPUT_SIZE - ECHO_ROOM - used : 0;
}

static void line_input_room(struct tty *t)
{
	waitq_wake_all(&pty_of(t)->master);
}

static int line_open(struct tty *t)
{
	struct pty *p = pty_of(t);

	if (p->locked)
		return -EIO;
	p->closed = false;
	return 0;
}

static void line_close(struct tty *t)
{
	struct pty *p = pty_of(t);

	p->closed = true;
	waitq_wake_all(&p->master);
}

/* STOP and START, NOSTOP and DOSTOP cancel each other. */
static void line_changed(struct tty *t, u8 what)
{
	struct pty *p = pty_of(t);

	if (!p->packet)
		return;
	if (what & (TIOCPKT_STOP | TIOCPKT_START))
		p->status &= ~(TIOCPKT_STOP | TIOCPKT_START);
	if (what & (TIOCPKT_NOSTOP | TIOCPKT_DOSTOP))
		p->status &= ~(TIOCPKT_NOSTOP | TIOCPKT_DOSTOP);
	p->status |= what;
	waitq_wake_all(&p->master);
}

static const struct tty_backend line = {
	.write = line_write,
	.output_room = line_room,
	.input_room = line_input_room,
	.open = line_open,
	.close = line_close,
	.changed = line_changed,
};

struct tty *pty_create(unsigned number)
{
	struct pty *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	tty_init(&p->tty, &line, SLAVE_RDEV(number));
	p->tty.termios.c_iflag &= ~IUTF8;
	p->tty.termios.c_cflag = B38400 | CS8 | CREAD;
	p->tty.size = (struct winsize){0};
	ring_init(&p->output, p->bytes, OUTPUT_SIZE);
	waitq_init(&p->master);
	p->number = number;
	p->locked = true;
	return &p->tty;
}

/* --- The master's file ----------------------------------------------------------------------- */

static bool nonblocking(const struct file *f)
{
	return READ_ONCE(f->flags) & O_NONBLOCK;
}

static bool something(const struct pty *p)
{
	return READ_ONCE(p->output.head) != READ_ONCE(p->output.tail) || READ_ONCE(p->status);
}

/* What there is for one read, status first. */
static size_t take(struct pty *p, char *chunk, size_t n, bool first)
{
	u64 flags = spin_lock_irqsave(&p->tty.lock);
	size_t got = 0;

	if (first && p->packet) {
		if (p->status)
			n = 1;
		if (p->status || ring_used(&p->output))
			chunk[got++] = (char)p->status;
		p->status = 0;
	}
	got += ring_read(&p->output, chunk + got, n - got);
	spin_unlock_irqrestore(&p->tty.lock, flags);
	return got;
}

static long read_some(struct pty *p, struct uio *u)
{
	char chunk[256];
	long done = 0;
	size_t n;

	while (u->left && (n = take(p, chunk, MIN(u->left, sizeof(chunk)), !done))) {
		int error = uio_put(u, chunk, n);

		if (error)
			return done ? done : error;
		done += (long)n;
		if (n == 1 && chunk[0]) /* a status comes alone; one byte of data is the last anyway */
			break;
	}
	waitq_wake_all(&p->tty.writers);
	return done;
}

long pty_read(struct file *f, struct uio *u, u64 *pos)
{
	struct pty *p = pty_of(f->data);
	long done = 0;

	(void)pos;
	while (!done && u->left) {
		if (!something(p) && READ_ONCE(p->closed))
			return -EIO;
		if (!something(p) && nonblocking(f))
			return -EAGAIN;
		if (wait_event_interruptible(&p->master, something(p) || READ_ONCE(p->closed)))
			return -ERESTARTSYS;
		done = read_some(p, u);
	}
	return done;
}

long pty_write(struct file *f, struct uio *u, u64 *pos)
{
	struct pty *p = pty_of(f->data);
	char chunk[256];
	long done = 0;
	int error = 0;

	(void)pos;
	while (!error && u->left) {
		size_t n = MIN(u->left, sizeof(chunk)), at = 0;

		error = uio_get(u, chunk, n);
		while (!error && at < n) {
			size_t taken = tty_input(&p->tty, chunk + at, n - at);

			at += taken;
			done += (long)taken;
			if (at == n)
				break;
			if (nonblocking(f))
				error = -EAGAIN;
			else if (wait_event_interruptible(&p->master, !READ_ONCE(p->tty.throttled)))
				error = -ERESTARTSYS;
		}
	}
	return done ? done : error;
}

unsigned pty_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = pty_of(f->data);
	unsigned ready = 0;

	poll_wait(pt, &p->master);
	if (something(p))
		ready |= POLLIN | POLLRDNORM;
	if (READ_ONCE(p->status))
		ready |= POLLPRI;
	if (READ_ONCE(p->closed))
		ready |= POLLHUP;
	if (!READ_ONCE(p->tty.throttled))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

/* Sets *flag to what the program's int says. */
static int get_flag(struct pty *p, bool *flag, uaddr_t arg)
{
	int value;
	u64 flags;

	if (copyin(&value, arg, sizeof(value)))
		return -EFAULT;
	flags = spin_lock_irqsave(&p->tty.lock);
	*flag = value;
	if (!p->packet)
		p->status = 0;
	spin_unlock_irqrestore(&p->tty.lock, flags);
	return 0;
}

static int discard_output(struct pty *p)
{
	u64 flags = spin_lock_irqsave(&p->tty.lock);

	p->output.tail = p->output.head;
	waitq_wake_all(&p->tty.writers);
	spin_unlock_irqrestore(&p->tty.lock, flags);
	return 0;
}

long pty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pty *p = pty_of(f->data);

	switch (cmd) {
	case TIOCGPTN:
		return tty_put_int(arg, (int)p->number);
	case TIOCSPTLCK:
		return get_flag(p, &p->locked, arg);
	case TIOCGPTLCK:
		return tty_put_int(arg, p->locked);
	case TIOCPKT:
		return get_flag(p, &p->packet, arg);
	case TIOCGPKT:
		return tty_put_int(arg, p->packet);
	case TIOCSIG:
		if (!arg || arg > NSIG)
			return -EINVAL;
		tty_signal(tty_foreground(&p->tty), (int)arg);
		return 0;
	case FIONREAD:
		return tty_put_int(arg, (int)ring_used(&p->output));
	case TCFLSH:
		if (arg > TCIOFLUSH)
			return -EINVAL;
		return arg == TCOFLUSH ? 0 : discard_output(p);
	case TCXONC:
	case TIOCNOTTY:
		return -ENOTTY; /* a master is nobody's terminal */
	default:
		return tty_ioctl(f, cmd, arg);
	}
}
