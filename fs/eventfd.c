/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventfd.c - a counter that one can wait for: eventfd(2). Called through file ops; written to by any thread.
 */
#include <fs/eventfd.h>

#include <fs/file.h>
#include <fs/poll.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/poll.h>

#define COUNT_MAX (~0ul - 1) /* write(2) never makes it ~0 */

struct eventfd {
	struct spinlock lock;          /* (s) */
	u64 count;                     /* lock, read without */
	bool semaphore;                /* I: a read takes one, not all */
	struct waitq read_wait, write_wait;
};

/* What a read gives, or 0: nothing is there. */
static u64 take(struct eventfd *e)
{
	spin_lock(&e->lock);

	u64 n = e->semaphore ? MIN(e->count, 1ul) : e->count;

	WRITE_ONCE(e->count, e->count - n);
	spin_unlock(&e->lock);
	return n;
}

static bool put(struct eventfd *e, u64 n)
{
	spin_lock(&e->lock);

	bool fits = n <= COUNT_MAX - e->count;

	if (fits)
		WRITE_ONCE(e->count, e->count + n);
	spin_unlock(&e->lock);
	return fits;
}

static long eventfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct eventfd *e = f->data;
	u64 n;

	(void)pos;
	if (u->left < sizeof(n))
		return -EINVAL;
	while (!(n = take(e))) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;

		int error = wait_event_interruptible(&e->read_wait, READ_ONCE(e->count));

		if (error)
			return error;
	}
	waitq_wake_all(&e->write_wait);

	int error = uio_put(u, &n, sizeof(n));

	return error ? error : (long)sizeof(n);
}

static long eventfd_write(struct file *f, struct uio *u, u64 *pos)
{
	struct eventfd *e = f->data;
	u64 n;

	(void)pos;
	if (u->left < sizeof(n))
		return -EINVAL;
	if (uio_get(u, &n, sizeof(n)))
		return -EFAULT;
	if (n > COUNT_MAX)
		return -EINVAL;
	while (!put(e, n)) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;

		int error = wait_event_interruptible(&e->write_wait, n <= COUNT_MAX - READ_ONCE(e->count));

		if (error)
			return error;
	}
	waitq_wake_all(&e->read_wait);
	return sizeof(n);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->data;

	poll_wait_for(pt, &e->read_wait, POLLIN | POLLRDNORM);
	poll_wait_for(pt, &e->write_wait, POLLOUT | POLLWRNORM);

	u64 count = READ_ONCE(e->count);

	/* As Linux: no POLLRDNORM, no POLLWRNORM. */
	return (count ? POLLIN : 0) | (count < COUNT_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *f)
{
	kfree(f->data);
}

static const struct file_ops eventfd_ops = {
	.anonymous = "anon_inode:[eventfd]",
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

struct file *eventfd_create(u64 count, bool semaphore, unsigned flags)
{
	struct eventfd *e = kzalloc(sizeof(*e));

	if (!e)
		return ERR_PTR(-ENOMEM);
	spin_init(&e->lock, "eventfd");
	e->count = count;
	e->semaphore = semaphore;
	waitq_init(&e->read_wait);
	waitq_init(&e->write_wait);

	struct file *f = file_create(&eventfd_ops, O_RDWR | flags, NULL, e);

	if (IS_ERR(f))
		kfree(e);
	return f;
}
