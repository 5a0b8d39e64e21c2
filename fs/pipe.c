/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe.c - pipes and FIFOs: a ring of bytes in pages that are allocated when first written.
 *
 * Each transfer holds the pipe's sleeping lock, since a copy from or to the application may fault.
 * Waiting and poll look at the counters without it, and look again under it. An empty ring starts
 * over at its first page, which keeps short messages in one.
 */
#include <fs/pipe.h>

#include "internal.h"

#include <fs/file.h>
#include <fs/path.h>
#include <fs/poll.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/ioctl.h>
#include <uapi/linux/poll.h>
#include <uapi/linux/statfs.h>


struct pipe {
	u32 refs;                      /* a: each end, and the vnode */
	struct mutex lock;             /* (S) */
	struct page **page;            /* lock: the ring's, NULL until used: `few`, or more from kmalloc */
	struct page *few[PIPE_SIZE / PAGE_SIZE];
	u64 size;                      /* lock: bytes in the ring's pages */
	u64 first;                     /* lock: where in the ring the oldest byte lies */
	u64 used;                      /* lock, read without: bytes in the ring */
	u64 capacity;                  /* lock, read without: bytes, whole pages */
	bool starved;                  /* lock, read without: no memory for more bytes until some were read */
	u32 readers, writers;          /* lock, read without: open ends */
	u64 reader_opens, writer_opens; /* lock, read without: ends ever opened */
	struct waitq read_wait, write_wait;
};

/* The vnode of an anonymous pipe: what /proc/self/fd/N leads to. */
struct pipe_vnode {
	struct vnode vnode; /* first */
	struct pipe *pipe;
};

struct pipe *pipe_alloc(void)
{
	struct pipe *p = page_scarce() ? NULL : kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	p->page = p->few;
	p->size = p->capacity = PIPE_SIZE;
	mutex_init(&p->lock, "pipe");
	waitq_init(&p->read_wait);
	waitq_init(&p->write_wait);
	return p;
}

static void free_ring(struct pipe *p)
{
	if (p->page != p->few)
		kfree(p->page);
}

void pipe_put(struct pipe *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (u64 i = 0; i < p->size / PAGE_SIZE; i++)
		if (p->page[i])
			page_put(p->page[i]);
	free_ring(p);
	kfree(p);
}

static u64 used(const struct pipe *p)
{
	return READ_ONCE(p->used);
}

static u64 room(const struct pipe *p)
{
	return READ_ONCE(p->starved) ? 0 : READ_ONCE(p->capacity) - used(p);
}

static bool reads(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

/* The page of ring offset `at`, with *n cut down to what lies in it. */
static struct page **page_at(struct pipe *p, u64 at, u64 *n)
{
	*n = MIN(*n, PAGE_SIZE - at % PAGE_SIZE);
	return &p->page[at / PAGE_SIZE];
}

/* Takes what is there, as much as u wants. Lock held. Bytes, or -EFAULT. */
static long take(struct pipe *p, struct uio *u)
{
	long taken = 0;
	int error = 0;

	while (u->left && p->used) {
		u64 n = MIN(u->left, p->used);
		struct page *page = *page_at(p, p->first, &n);

		error = uio_put(u, (u8 *)page_virt(page) + p->first % PAGE_SIZE, n);
		if (error)
			break;
		p->first = (p->first + n) % p->size;
		WRITE_ONCE(p->used, p->used - n);
		taken += (long)n;
	}
	if (taken)
		WRITE_ONCE(p->starved, false);
	if (!p->used)
		p->first = 0;
	return taken ? taken : error;
}

/*
 * Sees to pages for the next n bytes; for how many there are some. Where memory is scarce a pipe makes do with the page it has:
 * bytes that wait in pipes belong to no process whose end would give memory back. Lock held.
 */
static u64 provide(struct pipe *p, u64 n)
{
	u64 have = 0;

	while (have < n) {
		u64 chunk = n - have;
		struct page **page = page_at(p, (p->first + p->used + have) % p->size, &chunk);

		if (!*page && (!(p->used + have) || !page_scarce()))
			*page = page_alloc(0, ALLOC_USER);
		if (!*page)
			break;
		have += chunk;
	}
	return have;
}

/* Puts n bytes, for which there are pages. Lock held. Bytes, -EFAULT. */
static long put(struct pipe *p, struct uio *u, u64 n)
{
	long done = 0;
	int error = 0;

	while (n) {
		u64 chunk = n, at = (p->first + p->used) % p->size;
		struct page **page = page_at(p, at, &chunk);

		error = uio_get(u, (u8 *)page_virt(*page) + at % PAGE_SIZE, chunk);
		if (error)
			break;
		WRITE_ONCE(p->used, p->used + chunk);
		n -= chunk;
		done += (long)chunk;
	}
	return done ? done : error;
}

/* Puts as much as there is room for, but no less than `need` bytes. Lock held. Bytes, 0: later; -EPIPE, -EFAULT, -ENOMEM. */
static long offer(struct pipe *p, struct uio *u, u64 need)
{
	u64 n;

	if (!p->readers)
		return -EPIPE;
	if (room(p) < need)
		return 0;
	n = provide(p, MIN(room(p), u->left));
	if (n >= need)
		return put(p, u, n);
	if (!p->used)
		return -ENOMEM;
	WRITE_ONCE(p->starved, true);
	return 0;
}

static long pipe_read(struct file *f, struct uio *u, u64 *pos)
{
	struct pipe *p = f->data;

	(void)pos;
	if (!u->left)
		return 0;
	for (;;) {
		mutex_lock(&p->lock);

		bool some = p->used, ended = !p->writers;
		long n = some ? take(p, u) : 0;

		mutex_unlock(&p->lock);
		if (some) {
			waitq_wake_all(&p->write_wait);
			return n;
		}
		if (ended)
			return 0;
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;

		int error = wait_event_interruptible(&p->read_wait,
						     used(p) || !READ_ONCE(p->writers));

		if (error)
			return error;
	}
}

static long pipe_write(struct file *f, struct uio *u, u64 *pos)
{
	struct pipe *p = f->data;
	bool atomic = u->left <= PIPE_BUF;
	long done = 0, n;

	(void)pos;
	while (u->left) {
		u64 need = atomic ? u->left : 1;

		mutex_lock(&p->lock);
		n = offer(p, u, need);
		mutex_unlock(&p->lock);
		if (n > 0)
			waitq_wake_all(&p->read_wait);
		if (n == 0 && (READ_ONCE(f->flags) & O_NONBLOCK))
			n = -EAGAIN;
		if (n == 0)
			n = wait_event_interruptible(&p->write_wait,
						     room(p) >= need || !READ_ONCE(p->readers));
		if (n < 0)
			return done ? done : n;
		done += n;
	}
	return done;
}

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->data;
	unsigned now = 0;

	if (reads(f)) {
		poll_wait(pt, &p->read_wait);
		if (used(p))
			now |= POLLIN | POLLRDNORM;
		/* Nobody is there to hang up on a FIFO that had no writer since it was opened. */
		if (!READ_ONCE(p->writers) && READ_ONCE(p->writer_opens) != f->pos)
			now |= POLLHUP;
	}
	if (writes(f)) {
		poll_wait(pt, &p->write_wait);
		if (room(p) >= PIPE_BUF)
			now |= POLLOUT | POLLWRNORM;
		if (!READ_ONCE(p->readers))
			now |= POLLERR;
	}
	return now;
}

static long pipe_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pipe *p = f->data;

	if (cmd != FIONREAD)
		return -ENOTTY;

	int n = (int)used(p);

	return copyout(arg, &n, sizeof(n));
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->data;

	mutex_lock(&p->lock);
	p->readers -= reads(f);
	p->writers -= writes(f);
	mutex_unlock(&p->lock);
	waitq_wake_all(&p->read_wait);
	waitq_wake_all(&p->write_wait);
	pipe_put(p);
}

const struct file_ops pipe_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.release = pipe_release,
};

/* A FIFO's open ends when the other end was opened once, even if that closed again meanwhile. */
static int wait_for_other_end(struct pipe *p, struct file *f, u64 writers_before,
			      u64 readers_before)
{
	unsigned mode = f->flags & O_ACCMODE;

	if (mode == O_RDONLY && !(f->flags & O_NONBLOCK))
		return wait_event_interruptible(&p->read_wait,
						READ_ONCE(p->writers) ||
						READ_ONCE(p->writer_opens) != writers_before);
	if (mode == O_WRONLY)
		return wait_event_interruptible(&p->write_wait,
						READ_ONCE(p->readers) ||
						READ_ONCE(p->reader_opens) != readers_before);
	return 0;
}

int pipe_open(struct pipe *p, struct file *f, bool wait)
{
	int error = 0;

	mutex_lock(&p->lock);

	u64 writers_before = p->writer_opens, readers_before = p->reader_opens;
	bool alone = !p->readers;

	if (wait && alone && (f->flags & O_ACCMODE) == O_WRONLY && (f->flags & O_NONBLOCK)) {
		mutex_unlock(&p->lock);
		return -ENXIO;
	}
	f->data = p;
	f->pos = p->writers ? p->writer_opens - 1 : p->writer_opens; /* see pipe_poll() */
	p->readers += reads(f);
	p->reader_opens += reads(f);
	p->writers += writes(f);
	p->writer_opens += writes(f);
	__atomic_fetch_add(&p->refs, 1, __ATOMIC_RELAXED);
	mutex_unlock(&p->lock);
	waitq_wake_all(&p->read_wait);
	waitq_wake_all(&p->write_wait);
	if (wait)
		error = wait_for_other_end(p, f, writers_before, readers_before);
	if (error)
		pipe_release(f);
	return error;
}

static int pipe_vnode_open(struct vnode *v, struct file *f)
{
	return pipe_open(container_of(v, struct pipe_vnode, vnode)->pipe, f, false);
}

static void pipe_vnode_release(struct vnode *v)
{
	struct pipe_vnode *pv = container_of(v, struct pipe_vnode, vnode);

	pipe_put(pv->pipe);
	kfree(pv);
}

static const struct vnode_ops pipe_vnode_ops = {
	.fs_name = "pipefs",
	.fs_magic = PIPEFS_MAGIC,
	.open = pipe_vnode_open,
	.release = pipe_vnode_release,
};

static struct vnode *pipe_vnode_create(void)
{
	struct pipe_vnode *pv = kzalloc(sizeof(*pv));
	struct pipe *p = pipe_alloc();

	if (!pv || !p) {
		kfree(pv);
		kfree(p);
		return NULL;
	}
	vnode_init(&pv->vnode, S_IFIFO | 0600, DEV_PIPE, &pipe_vnode_ops, &pipe_file_ops);
	pv->pipe = p;
	return &pv->vnode;
}

static struct file *open_end(struct vnode *v, unsigned flags)
{
	struct file *f;

	vnode_get(v);
	f = file_create(&pipe_file_ops, flags, v, NULL);
	if (IS_ERR(f))
		vnode_put(v);
	else
		pipe_vnode_open(v, f);
	return f;
}

int pipe_create(struct file **reader, struct file **writer, unsigned flags)
{
	struct vnode *v = pipe_vnode_create();
	int error = 0;

	if (!v)
		return -ENOMEM;
	flags &= O_NONBLOCK;
	*reader = open_end(v, O_RDONLY | flags);
	*writer = IS_ERR(*reader) ? *reader : open_end(v, O_WRONLY | flags);
	if (IS_ERR(*writer)) {
		error = (int)PTR_ERR(*writer);
		if (!IS_ERR(*reader))
			file_put(*reader);
	}
	vnode_put(v);
	return error;
}

long pipe_size(struct file *f)
{
	return f->ops == &pipe_file_ops ? (long)((struct pipe *)f->data)->capacity : -EBADF;
}

/* A longer ring, in which what is there lies from the first page on. Lock held. 0, -ENOMEM. */
static int lengthen(struct pipe *p, u64 size)
{
	u64 pages = p->size / PAGE_SIZE, first = p->first / PAGE_SIZE, offset = p->first % PAGE_SIZE;
	u64 split = MAX(offset + p->used, p->size) - p->size; /* the newest bytes, if they lie before the oldest in one page */
	struct page **ring = kzalloc(size / PAGE_SIZE * sizeof(*ring));
	struct page *tail = split ? page_alloc(0, ALLOC_USER) : NULL;

	if (!ring || (split && !tail)) {
		kfree(ring);
		if (tail)
			page_put(tail);
		return -ENOMEM;
	}
	for (u64 i = 0; i < pages; i++)
		ring[i] = p->page[(first + i) % pages];
	if (split)
		memcpy(page_virt(tail), page_virt(ring[0]), split);
	ring[pages] = tail;
	free_ring(p);
	p->page = ring;
	p->size = size;
	p->first = offset;
	return 0;
}

long pipe_resize(struct file *f, u64 size)
{
	struct pipe *p = f->data;
	int error = 0;

	if (f->ops != &pipe_file_ops)
		return -EBADF;
	if (size > 1ul << 31)
		return -EINVAL;
	size = MAX(ALIGN_UP(size, PAGE_SIZE), PAGE_SIZE);
	while (size & (size - 1)) /* to a power of two, as fcntl(2) says */
		size += size & -size;
	mutex_lock(&p->lock);
	if (size > p->capacity && size > PIPE_SIZE_MAX && !caller_is_root())
		error = -EPERM;
	else if (used(p) > size)
		error = -EBUSY;
	else if (size > p->size)
		error = lengthen(p, size);
	if (!error)
		WRITE_ONCE(p->capacity, size);
	mutex_unlock(&p->lock);
	waitq_wake_all(&p->write_wait);
	return error ? error : (long)size;
}
