/* SPDX-License-Identifier: BSD-2-Clause */
/* A terminal as a file: read, write and poll, and the sleeping they need. Rules: POSIX XBD 11.1.5 to 11.1.8, termios(3). */
#include "ldisc.h"

#include <core/time.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/vnode.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/poll.h>
#include <uapi/linux/signal.h>

#define VTIME_UNIT (NSEC_PER_SEC / 10)

static bool nonblocking(const struct file *f)
{
	return READ_ONCE(f->flags) & O_NONBLOCK;
}

static u32 local_flags(const struct tty *t)
{
	return READ_ONCE(t->termios.c_lflag);
}

/* Nothing more will come. */
static bool over(const struct tty *t)
{
	return READ_ONCE(t->input_over) || READ_ONCE(t->hung_up);
}

static bool readable_or_over(const struct tty *t)
{
	return tty_readable(t) || over(t);
}

/* --- Waiting for input ----------------------------------------------------------------------- */

static int wait_for_more_than(struct tty *t, u32 have, u64 deadline)
{
	return wait_event_until(&t->readers, tty_readable(t) > have || over(t),
				WAIT_INTERRUPTIBLE, deadline);
}

/* Without ICANON: VMIN bytes (or what the reader has room for), VTIME between them, or VTIME for the first. */
static int wait_raw(struct tty *t, u64 room)
{
	u32 min = READ_ONCE(t->termios.c_cc[VMIN]);
	u64 time = READ_ONCE(t->termios.c_cc[VTIME]) * VTIME_UNIT;
	int error = 0;

	if (!min) {
		if (time)
			error = wait_for_more_than(t, 0, clock_ns() + time);
	} else {
		min = (u32)MIN(min, room);
		while (!error && tty_readable(t) < min && !over(t)) {
			u32 have = tty_readable(t);

			error = wait_for_more_than(t, have, have && time ? clock_ns() + time : NO_DEADLINE);
		}
	}
	/* Time is up, or a signal came but so did bytes: the read returns what there is. */
	return error == -ETIMEDOUT || tty_readable(t) ? 0 : error;
}

static int wait_line(struct tty *t)
{
	return wait_event_interruptible(&t->readers, readable_or_over(t));
}

static int wait_input(struct tty *t, bool nonblock, u64 room)
{
	bool canonical = local_flags(t) & ICANON;
	int error;

	if (nonblock) {
		/* A read that never waits says 0; any other that would wait says so. */
		bool never_waits = !canonical && !t->termios.c_cc[VMIN] && !t->termios.c_cc[VTIME];

		return readable_or_over(t) || never_waits ? 0 : -EAGAIN;
	}
	error = canonical ? wait_line(t) : wait_raw(t, room);
	return error == -EINTR ? -ERESTARTSYS : error;
}

/* --- The operations -------------------------------------------------------------------------- */

static size_t take(struct tty *t, char *buffer, size_t n, bool *end)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	size_t taken = ldisc_take(t, buffer, n, end);

	spin_unlock_irqrestore(&t->lock, flags);
	return taken;
}

static long tty_read(struct file *f, struct uio *u, u64 *pos)
{
	struct tty *t = f->data;
	char chunk[256];
	bool end = false;
	long done = 0;
	int error;

	(void)pos;
	if (!u->left || READ_ONCE(t->hung_up))
		return 0;
	error = tty_hooks->background(t, SIGTTIN);
	if (!error)
		error = wait_input(t, nonblocking(f), u->left);
	if (error)
		return error;
	while (!end && u->left && !READ_ONCE(t->hung_up)) {
		size_t n = take(t, chunk, MIN(u->left, sizeof(chunk)), &end);

		error = uio_put(u, chunk, n);
		if (error)
			break;
		done += (long)n;
	}
	tty_unthrottle(t);
	return done ? done : error;
}

static int wait_writable(struct tty *t, bool nonblock)
{
	if (nonblock && !tty_writable(t) && !READ_ONCE(t->hung_up))
		return -EAGAIN;
	if (wait_event_interruptible(&t->writers, tty_writable(t) || READ_ONCE(t->hung_up)))
		return -ERESTARTSYS;
	return READ_ONCE(t->hung_up) ? -EIO : 0;
}

static size_t put(struct tty *t, const char *bytes, size_t n)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	n = t->stopped ? 0 : ldisc_write(t, bytes, n);
	spin_unlock_irqrestore(&t->lock, flags);
	return n;
}

static long tty_write(struct file *f, struct uio *u, u64 *pos)
{
	struct tty *t = f->data;
	char chunk[256];
	long done = 0;
	int error = 0;

	(void)pos;
	if (READ_ONCE(t->hung_up))
		return -EIO;
	if (local_flags(t) & TOSTOP)
		error = tty_hooks->background(t, SIGTTOU);
	while (!error && u->left) {
		size_t n = MIN(u->left, sizeof(chunk)), at = 0, some;

		error = uio_get(u, chunk, n);
		for (; !error && at < n; at += some, done += (long)some) {
			some = 0;
			error = wait_writable(t, nonblocking(f));
			if (!error)
				some = put(t, chunk + at, n - at);
		}
	}
	return done ? done : error;
}

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty *t = f->data;
	bool canonical = local_flags(t) & ICANON;
	u32 enough = 1;
	unsigned ready = 0;

	if (READ_ONCE(t->hung_up))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	poll_wait(pt, &t->readers);
	poll_wait(pt, &t->writers);
	if (!canonical && !t->termios.c_cc[VTIME] && t->termios.c_cc[VMIN])
		enough = t->termios.c_cc[VMIN];
	if (tty_readable(t) >= enough)
		ready |= POLLIN | POLLRDNORM;
	if (READ_ONCE(t->input_over))
		ready |= POLLIN | POLLRDNORM | POLLHUP;
	if (tty_writable(t))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

/* --- Open and closed ------------------------------------------------------------------------- */

static void leave(struct tty *t)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	if (!--t->opens && t->backend->close)
		t->backend->close(t);
	spin_unlock_irqrestore(&t->lock, flags);
	tty_put(t);
}

static void tty_release(struct file *f)
{
	leave(f->data);
}

static const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
	.release = tty_release,
};

struct file *tty_open(struct tty *t, unsigned flags, struct vnode *v)
{
	u64 irq = spin_lock_irqsave(&t->lock);
	int error = t->hung_up ? -EIO : t->backend->open ? t->backend->open(t) : 0;

	t->opens += !error;
	spin_unlock_irqrestore(&t->lock, irq);
	if (error)
		return ERR_PTR(error);
	tty_get(t);

	struct file *f = file_create(&tty_file_ops, flags & ~O_FOR_OPEN_ONLY, v, t);

	if (IS_ERR(f))
		leave(t);
	else
		vnode_get(v);
	return f;
}
