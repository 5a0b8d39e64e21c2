/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream port's channels as files that behave as pipes whose other end the host holds. */
#include "stream_channels.h"

#include <core/mutex.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/frame.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/ioctl.h>
#include <uapi/linux/poll.h>

#define CHUNK 1024 /* bytes of one output frame: the time that interrupts are off for it is felt */

struct channel {
	u8 kind;                 /* I: of frames it sends; 0: it receives */
	struct mutex lock;       /* (S) one read or write at a time: writes are atomic as on a pipe */
};

static struct channel channels[] = {
	[CHANNEL_STDIN] = { .lock = MUTEX_INIT("stdin", channels[CHANNEL_STDIN].lock) },
	[CHANNEL_STDOUT] = { FRAME_STDOUT, MUTEX_INIT("stdout", channels[CHANNEL_STDOUT].lock) },
	[CHANNEL_STDERR] = { FRAME_STDERR, MUTEX_INIT("stderr", channels[CHANNEL_STDERR].lock) },
};

static bool input_ready(void)
{
	bool over;

	return stdin_readable(&over) || over;
}

/* Moves what is there, as far as it fits. */
static long move_input(struct uio *u)
{
	char chunk[CHUNK];
	long done = 0;
	size_t n;

	while (u->left && (n = stdin_peek(chunk, MIN(u->left, sizeof(chunk))))) {
		int error = uio_put(u, chunk, n);

		if (error)
			return done ? done : error;
		stdin_consume(n);
		done += (long)n;
	}
	return done;
}

static long channel_read(struct file *f, struct uio *u, u64 *pos)
{
	struct channel *c = f->data;
	bool over;
	long done;

	(void)pos;
	if (!u->left)
		return 0;
	for (;;) {
		if (!input_ready() && READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&stdin_readers, input_ready()))
			return -ERESTARTSYS;
		mutex_lock(&c->lock);
		done = move_input(u);
		mutex_unlock(&c->lock);
		/* Nothing, and yet not the end: another reader was faster. */
		if (done || (!stdin_readable(&over) && over))
			return done;
	}
}

static long channel_write(struct file *f, struct uio *u, u64 *pos)
{
	struct channel *c = f->data;
	char chunk[CHUNK];
	long done = 0;
	int error = 0;

	(void)pos;
	mutex_lock(&c->lock);
	while (u->left) {
		size_t n = MIN(u->left, sizeof(chunk));

		error = uio_get(u, chunk, n);
		if (error)
			break;
		stream_send(c->kind, chunk, n);
		done += (long)n;
	}
	mutex_unlock(&c->lock);
	return done ? done : error;
}

static unsigned channel_poll(struct file *f, struct poll_table *pt)
{
	const struct channel *c = f->data;
	unsigned ready = 0;
	bool over;

	if (c->kind)
		return POLLOUT | POLLWRNORM;
	poll_wait(pt, &stdin_readers);
	if (stdin_readable(&over))
		ready |= POLLIN | POLLRDNORM;
	if (over)
		ready |= POLLHUP;
	return ready;
}

static long channel_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	const struct channel *c = f->data;
	bool over;
	int n = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	if (!c->kind)
		n = (int)stdin_readable(&over);
	return copyout(arg, &n, sizeof(n));
}

static const struct file_ops channel_ops = {
	.read = channel_read,
	.write = channel_write,
	.ioctl = channel_ioctl,
	.poll = channel_poll,
};

struct file *stream_open(unsigned channel)
{
	return file_create(&channel_ops, channel == CHANNEL_STDIN ? O_RDONLY : O_WRONLY, NULL,
			   &channels[channel]);
}
