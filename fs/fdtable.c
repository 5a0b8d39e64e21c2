/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdtable.c - descriptors: small integers that name open files.
 *
 * The table grows by doubling; a new one is allocated without the lock and swapped in under it.
 * Files are put after the lock was dropped, since the last put may sleep. Where several threads have the table they find a file
 * as readers (core/readers.h), and whoever takes one away waits for them; a thread that is alone need not wait for itself.
 */
#include <fs/fdtable.h>

#include <core/readers.h>
#include <fs/file.h>
#include <fs/lock.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#define FD_FIRST_SIZE 64u /* one word of the bitmaps */

/* One allocation: `size` pointers, then the two bitmaps. */
static void *slots_alloc(unsigned size)
{
	return kzalloc(size * sizeof(struct file *) + 2 * BITMAP_WORDS(size) * sizeof(u64));
}

static void slots_use(struct fdtable *t, void *slots, unsigned size)
{
	struct file **file = slots;

	t->open = (u64 *)(file + size);
	t->cloexec = t->open + BITMAP_WORDS(size);
	/* In this order: a reader who has seen the new size sees the new slots. */
	__atomic_store_n(&t->file, file, __ATOMIC_RELEASE);
	__atomic_store_n(&t->size, size, __ATOMIC_RELEASE);
}

/* What was taken out of the table, without its lock, may go. */
static void wait_for_readers(const struct fdtable *t)
{
	if (READ_ONCE(t->threads) || fdtable_is_shared(t))
		readers_wait();
}

static struct fdtable *table_of_size(unsigned size)
{
	struct fdtable *t = kzalloc(sizeof(*t));
	void *slots = slots_alloc(size);

	if (!t || !slots) {
		kfree(t);
		kfree(slots);
		return NULL;
	}
	t->bags = t->refs = 1;
	spin_init(&t->lock, "fdtable");
	slots_use(t, slots, size);
	return t;
}

struct fdtable *fdtable_create(void)
{
	return table_of_size(FD_FIRST_SIZE);
}

void fdtable_get(struct fdtable *t)
{
	__atomic_fetch_add(&t->bags, 1, __ATOMIC_RELAXED);
}

void fdtable_put(struct fdtable *t)
{
	if (__atomic_sub_fetch(&t->bags, 1, __ATOMIC_ACQ_REL))
		return;
	t->threads = false; /* who looks takes the lock */
	fd_close_range(t, 0, ~0u, false);
	fdtable_drop(t);
}

void fdtable_grab(struct fdtable *t)
{
	__atomic_fetch_add(&t->refs, 1, __ATOMIC_RELAXED);
}

void fdtable_drop(struct fdtable *t)
{
	if (__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		return;
	kfree(t->file);
	kfree(t);
}

/* Makes room for descriptor `fd`. Lock not held. */
static int grow(struct fdtable *t, unsigned fd)
{
	unsigned size = FD_FIRST_SIZE;

	while (size <= fd)
		size *= 2;

	struct fdtable bigger;
	void *slots = slots_alloc(size), *old;

	if (!slots)
		return -ENOMEM;
	slots_use(&bigger, slots, size);
	spin_lock(&t->lock);
	if (t->size >= size) {
		old = slots;
	} else {
		old = t->file;
		memcpy(bigger.file, t->file, t->size * sizeof(struct file *));
		memcpy(bigger.open, t->open, BITMAP_WORDS(t->size) * sizeof(u64));
		memcpy(bigger.cloexec, t->cloexec, BITMAP_WORDS(t->size) * sizeof(u64));
		slots_use(t, slots, size);
	}
	spin_unlock(&t->lock);
	wait_for_readers(t);
	kfree(old);
	return 0;
}

struct fdtable *fdtable_copy(struct fdtable *t)
{
	for (;;) {
		unsigned size = READ_ONCE(t->size);
		struct fdtable *copy = table_of_size(size);

		if (!copy)
			return NULL;
		spin_lock(&t->lock);
		if (t->size == size) {
			memcpy(copy->file, t->file, size * sizeof(struct file *));
			memcpy(copy->open, t->open, 2 * BITMAP_WORDS(size) * sizeof(u64));
			copy->next_free = t->next_free;
			for (unsigned fd = 0; fd < size; fd++)
				if (copy->file[fd])
					file_get(copy->file[fd]);
			spin_unlock(&t->lock);
			return copy;
		}
		spin_unlock(&t->lock);
		fdtable_put(copy); /* it grew meanwhile: again */
	}
}

/* Lock held. The file loses its descriptor but not its reference. */
static struct file *take(struct fdtable *t, unsigned fd)
{
	struct file *f = t->file[fd];

	WRITE_ONCE(t->file[fd], NULL);
	bitmap_clear(t->open, fd);
	bitmap_clear(t->cloexec, fd);
	t->next_free = MIN(t->next_free, fd);
	return f;
}

static void place(struct fdtable *t, unsigned fd, struct file *f, bool cloexec)
{
	__atomic_store_n(&t->file[fd], f, __ATOMIC_RELEASE);
	bitmap_set(t->open, fd);
	if (cloexec)
		bitmap_set(t->cloexec, fd);
	else
		bitmap_clear(t->cloexec, fd);
}

/*
 * A descriptor of t was closed: fcntl(2)'s record locks on the file go with it, whatever other
 * descriptors it has.
 */
static void put_closed(struct fdtable *t, struct file *f)
{
	wait_for_readers(t);
	if (f->vnode)
		file_lock_drop_owner(f->vnode, t);
	file_put(f);
}

struct file *fd_get(struct fdtable *t, int fd)
{
	struct file *f = NULL;

	readers_enter();
	if ((unsigned)fd < __atomic_load_n(&t->size, __ATOMIC_ACQUIRE))
		f = __atomic_load_n(&__atomic_load_n(&t->file, __ATOMIC_RELAXED)[fd], __ATOMIC_ACQUIRE);
	if (f)
		file_get(f);
	readers_leave();
	return f;
}

struct file *fd_get_of_other(struct fdtable *t, int fd)
{
	spin_lock(&t->lock);

	struct file *f = fd_peek(t, fd);

	if (f)
		file_get(f);
	spin_unlock(&t->lock);
	return f;
}

int fd_install(struct fdtable *t, struct file *f, int min, unsigned limit, bool cloexec)
{
	limit = MIN(limit, (unsigned)FD_LIMIT);
	if (min < 0 || (unsigned)min >= limit)
		return min == 0 ? -EMFILE : -EINVAL;
	for (;;) {
		spin_lock(&t->lock);

		unsigned from = MAX((unsigned)min, t->next_free);
		unsigned fd = from;

		if (from < t->size)
			fd = (unsigned)bitmap_find_next_zero(t->open, t->size, from);

		if (fd < t->size && fd < limit) {
			place(t, fd, f, cloexec);
			if (from == t->next_free)
				t->next_free = fd + 1;
			spin_unlock(&t->lock);
			return (int)fd;
		}
		spin_unlock(&t->lock);
		if (fd >= limit)
			return -EMFILE;

		int error = grow(t, fd);

		if (error)
			return error;
	}
}

int fd_install_at(struct fdtable *t, struct file *f, int fd, unsigned limit, bool cloexec)
{
	struct file *old;

	if (fd < 0 || (unsigned)fd >= MIN(limit, (unsigned)FD_LIMIT))
		return -EBADF;
	if ((unsigned)fd >= READ_ONCE(t->size)) {
		int error = grow(t, (unsigned)fd);

		if (error)
			return error;
	}
	spin_lock(&t->lock);
	old = t->file[fd];
	place(t, (unsigned)fd, f, cloexec);
	spin_unlock(&t->lock);
	if (old)
		put_closed(t, old);
	return fd;
}

int fd_close(struct fdtable *t, int fd)
{
	struct file *f = NULL;

	spin_lock(&t->lock);
	if (fd_peek(t, fd))
		f = take(t, (unsigned)fd);
	spin_unlock(&t->lock);
	if (!f)
		return -EBADF;
	put_closed(t, f);
	return 0;
}

int fd_close_range(struct fdtable *t, unsigned first, unsigned last, bool cloexec_only)
{
	spin_lock(&t->lock);
	for (size_t fd = first;; fd++) {
		fd = fd < t->size ? bitmap_find_next(t->open, t->size, fd) : fd;
		if (fd >= t->size || fd > last)
			break;
		if (cloexec_only) {
			bitmap_set(t->cloexec, fd);
			continue;
		}

		struct file *f = take(t, (unsigned)fd);

		spin_unlock(&t->lock);
		put_closed(t, f);
		spin_lock(&t->lock);
	}
	spin_unlock(&t->lock);
	return 0;
}

void fdtable_exec(struct fdtable *t)
{
	if (!fdtable_is_shared(t))
		t->threads = false; /* who executes is alone in its process */
	for (size_t fd = 0;; fd++) {
		struct file *f = NULL;

		spin_lock(&t->lock);
		fd = fd < t->size ? bitmap_find_next(t->cloexec, t->size, fd) : t->size;

		bool end = fd >= t->size;

		if (!end)
			f = take(t, (unsigned)fd);
		spin_unlock(&t->lock);
		if (end)
			return;
		put_closed(t, f);
	}
}

int fd_get_cloexec(struct fdtable *t, int fd)
{
	int answer = -EBADF;

	spin_lock(&t->lock);
	if (fd_peek(t, fd))
		answer = bitmap_test(t->cloexec, (unsigned)fd);
	spin_unlock(&t->lock);
	return answer;
}

int fd_set_cloexec(struct fdtable *t, int fd, bool on)
{
	int error = -EBADF;

	spin_lock(&t->lock);
	if (fd_peek(t, fd)) {
		place(t, (unsigned)fd, t->file[fd], on);
		error = 0;
	}
	spin_unlock(&t->lock);
	return error;
}

int fd_next(struct fdtable *t, int fd)
{
	int next = -1;

	spin_lock(&t->lock);
	if (fd >= 0 && (unsigned)fd < t->size) {
		size_t found = bitmap_find_next(t->open, t->size, (unsigned)fd);

		if (found < t->size)
			next = (int)found;
	}
	spin_unlock(&t->lock);
	return next;
}

unsigned fd_count(struct fdtable *t)
{
	spin_lock(&t->lock);

	unsigned n = (unsigned)bitmap_weight(t->open, t->size);

	spin_unlock(&t->lock);
	return n;
}
