/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - open files: their life, and the checks that all reads and writes have in common.
 *
 * A file without a seek op is a stream: it has no position, and its ops sleep without the position
 * lock, so that one thread that waits for input does not stop another from asking.
 */
#include <fs/file.h>

#include <fs/epoll.h>
#include <fs/lock.h>
#include <fs/poll.h>
#include <fs/vnode.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/poll.h>

struct file *file_create(const struct file_ops *ops, unsigned flags, struct vnode *vnode,
			 void *data)
{
	struct file *f = kzalloc(sizeof(*f));

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->refs = 1;
	f->flags = flags;
	f->ops = ops;
	f->vnode = vnode;
	f->data = data;
	mutex_init(&f->pos_lock, "file");
	list_init(&f->watches);
	return f;
}

void file_get(struct file *f)
{
	__atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *f)
{
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (f->watched)
		epoll_forget(f);
	if (f->vnode)
		file_lock_drop_owner(f->vnode, f);
	if (f->ops->release)
		f->ops->release(f);
	if (f->holds)
		vnode_release_data(f->vnode, f->holds);
	vnode_put(f->vnode);
	kfree(f);
}

static bool may_use(const struct file *f, unsigned forbidden_mode)
{
	unsigned flags = READ_ONCE(f->flags);

	return !(flags & O_PATH) && (flags & O_ACCMODE) != forbidden_mode;
}

static long transfer(long (*op)(struct file *, struct uio *, u64 *), struct file *f, struct uio *u,
		     u64 *pos)
{
	u64 nowhere = 0;

	if (!op)
		return -EINVAL;
	if (!f->ops->seek)
		return op(f, u, &nowhere);
	if (pos)
		return op(f, u, pos);
	mutex_lock(&f->pos_lock);

	long n = op(f, u, &f->pos);

	mutex_unlock(&f->pos_lock);
	return n;
}

long file_read(struct file *f, struct uio *u, u64 *pos)
{
	return may_use(f, O_WRONLY) ? transfer(f->ops->read, f, u, pos) : -EBADF;
}

long file_write(struct file *f, struct uio *u, u64 *pos)
{
	return may_use(f, O_RDONLY) ? transfer(f->ops->write, f, u, pos) : -EBADF;
}

long file_pread(struct file *f, void *buffer, u64 size, u64 offset)
{
	struct iovec64 iov;
	struct uio u;
	u64 done = 0;

	while (done < size) {
		uio_kernel(&u, &iov, (u8 *)buffer + done, size - done);

		long n = file_read(f, &u, &offset);

		if (n < 0)
			return done ? (long)done : n;
		if (!n)
			break;
		done += (u64)n;
	}
	return (long)done;
}

unsigned file_poll(struct file *f, struct poll_table *pt)
{
	if (READ_ONCE(f->flags) & O_PATH)
		return POLLNVAL;
	if (!f->ops->poll)
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
	return f->ops->poll(f, pt);
}

int file_stat(struct file *f, struct stat64 *st)
{
	memzero(st, sizeof(*st));
	if (f->vnode) {
		vnode_getattr(f->vnode, st);
		return 0;
	}
	st->mode = f->ops->anonymous ? 0600 : S_IFIFO | 0600; /* Linux's anonymous inodes have no type */
	st->nlink = 1;
	st->ino = (u64)f / sizeof(*f) & 0xffffffff; /* distinct while it is open */
	st->blksize = PAGE_SIZE;
	return 0;
}
