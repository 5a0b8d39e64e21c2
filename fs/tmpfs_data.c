/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs_data.c - the bytes of regular files: pages of a memory object, which mappings of the file
 * see too.
 *
 * The vnode's lock makes each read and write one step. What lies behind the end in the last page is
 * kept zero, so that a file that grows shows zeros there.
 */
#include "tmpfs.h"

#include "internal.h"

#include <core/time.h>
#include <fs/path.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/object.h>
#include <uapi/linux/fcntl.h>

#define SIZE_MAX_FILE ((u64)INT64_MAX)
#define ATIME_STALE_NS (24 * 3600 * NSEC_PER_SEC) /* as mount(8)'s relatime */

static u64 object_size(struct vm_object *obj)
{
	return READ_ONCE(obj->size);
}

static void set_size(struct vm_object *obj, u64 size)
{
	spin_lock(&obj->lock);
	obj->size = size;
	spin_unlock(&obj->lock);
}

static void note_access(struct file *f)
{
	struct vnode *v = f->vnode;
	u64 now = clock_realtime_ns();

	if (f->flags & O_NOATIME)
		return;
	if (v->atime <= v->mtime || v->atime <= READ_ONCE(v->ctime) || now - v->atime > ATIME_STALE_NS)
		v->atime = now;
}

static int read_chunk(struct vm_object *obj, struct uio *u, u64 pos, u64 n)
{
	int error = 0;
	struct page *page = object_page(obj, pos >> PAGE_SHIFT, false, &error);

	if (!page)
		return error ? error : uio_zero(u, n); /* a hole */
	error = uio_put(u, (u8 *)page_virt(page) + pos % PAGE_SIZE, n);
	page_put(page);
	return error;
}

static long tmpfs_read(struct file *f, struct uio *u, u64 *pos)
{
	struct vm_object *obj = tmpfs_node(f->vnode)->object;
	u64 start = *pos;
	int error = 0;

	mutex_lock(&f->vnode->lock);

	u64 size = object_size(obj);

	while (!error && u->left && *pos < size) {
		u64 n = MIN(MIN(u->left, size - *pos), PAGE_SIZE - *pos % PAGE_SIZE);

		error = read_chunk(obj, u, *pos, n);
		if (!error)
			*pos += n;
	}
	note_access(f);
	mutex_unlock(&f->vnode->lock);
	return *pos != start ? (long)(*pos - start) : error;
}

/* The end moves from `size` up: the rest of its page may hold what a mapping stored there. */
static void zero_behind(struct vm_object *obj, u64 size)
{
	int error = 0;
	struct page *page;

	if (size % PAGE_SIZE == 0)
		return;
	page = object_page(obj, size >> PAGE_SHIFT, false, &error);
	if (!page)
		return;
	memzero((u8 *)page_virt(page) + size % PAGE_SIZE, PAGE_SIZE - size % PAGE_SIZE);
	page_put(page);
}

/* Do seals forbid to write data, or to move the end there? Where neither happens, the end stays `size`. */
static int check_seals(const struct vm_object *obj, bool writes, u64 size)
{
	u32 seals = obj->seals & ~F_SEAL_SEAL;

	return likely(!seals) || (!(writes && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) &&
				  !((seals & F_SEAL_GROW) && size > obj->size) &&
				  !((seals & F_SEAL_SHRINK) && size < obj->size)) ? 0 : -EPERM;
}

static int write_chunk(struct vm_object *obj, struct uio *u, u64 pos, u64 n)
{
	int error = check_seals(obj, true, MAX(pos + n, object_size(obj)));

	if (error)
		return error;

	struct page *page = object_page(obj, pos >> PAGE_SHIFT, true, &error);

	if (!page)
		return error == -ENOMEM || !error ? -ENOSPC : error;

	u8 *at = (u8 *)page_virt(page) + pos % PAGE_SIZE;

	error = uio_get(u, at, n);
	if (error && pos + n > object_size(obj)) /* a part may have come */
		memzero(at, n);
	else if (!error && pos + n > object_size(obj))
		set_size(obj, pos + n);
	page_put(page);
	return error;
}

/* Whoever changes a program that runs as somebody else shall not keep that power, unless it has it anyway. Lock held. */
static void drop_set_id(struct vnode *v)
{
	if (!(v->mode & (S_ISUID | S_ISGID)) || caller_is_root())
		return;
	v->mode &= ~(unsigned)(v->mode & 0010 ? S_ISUID | S_ISGID : S_ISUID);
}

static long tmpfs_write(struct file *f, struct uio *u, u64 *pos)
{
	struct vnode *v = f->vnode;
	struct vm_object *obj = tmpfs_node(v)->object;
	int error = 0;

	if (!u->left)
		return 0;
	mutex_lock(&v->lock);

	u64 at = (f->flags & O_APPEND) || u->append ? object_size(obj) : *pos;
	u64 start = at;

	if (at >= SIZE_MAX_FILE)
		error = -EFBIG;
	else if (at > object_size(obj))
		zero_behind(obj, object_size(obj));
	while (!error && u->left && at < SIZE_MAX_FILE) {
		u64 n = MIN(u->left, PAGE_SIZE - at % PAGE_SIZE);

		error = write_chunk(obj, u, at, n);
		if (!error)
			at += n;
	}
	if (at != start) {
		v->mtime = v->ctime = clock_realtime_ns();
		drop_set_id(v);
		*pos = at;
	}
	mutex_unlock(&v->lock);
	return at != start ? (long)(at - start) : error;
}

int tmpfs_truncate(struct vnode *v, u64 size)
{
	struct vm_object *obj = tmpfs_node(v)->object;

	if (!S_ISREG(v->mode))
		return -EINVAL;
	if (size > SIZE_MAX_FILE)
		return -EFBIG;
	mutex_lock(&v->lock);

	int error = check_seals(obj, false, size);

	if (error) {
		mutex_unlock(&v->lock);
		return error;
	}
	if (size > object_size(obj)) {
		zero_behind(obj, object_size(obj));
		set_size(obj, size);
	} else {
		object_truncate(obj, size);
	}
	v->mtime = v->ctime = clock_realtime_ns();
	drop_set_id(v);
	mutex_unlock(&v->lock);
	return 0;
}

/* Zeroes [from, to), which lies in one page. */
static void zero_part(struct vm_object *obj, u64 from, u64 to)
{
	int error = 0;
	struct page *page = from < to ? object_page(obj, from >> PAGE_SHIFT, false, &error) : NULL;

	if (!page)
		return;
	memzero((u8 *)page_virt(page) + from % PAGE_SIZE, to - from);
	page_put(page);
}

static int tmpfs_punch(struct file *f, u64 offset, u64 len)
{
	struct vnode *v = f->vnode;
	struct vm_object *obj = tmpfs_node(v)->object;
	u64 end = offset + len, first = ALIGN_UP(offset, PAGE_SIZE), last = ALIGN_DOWN(end, PAGE_SIZE);

	mutex_lock(&v->lock);

	int error = check_seals(obj, true, object_size(obj));

	if (error) {
		mutex_unlock(&v->lock);
		return error;
	}
	if (first > last) {
		zero_part(obj, offset, end);
	} else {
		zero_part(obj, offset, first);
		zero_part(obj, last, end);
		object_punch(obj, first >> PAGE_SHIFT, last >> PAGE_SHIFT);
	}
	v->mtime = v->ctime = clock_realtime_ns();
	drop_set_id(v);
	mutex_unlock(&v->lock);
	return 0;
}

static int tmpfs_ftruncate(struct file *f, u64 size)
{
	return tmpfs_truncate(f->vnode, size);
}

void tmpfs_getattr(struct vnode *v, struct stat64 *st)
{
	struct tmpfs_node *node = tmpfs_node(v);

	switch (v->mode & S_IFMT) {
	case S_IFREG:
		st->size = (i64)object_size(node->object);
		st->blocks = (i64)(READ_ONCE(node->object->npages) * (PAGE_SIZE / 512));
		break;
	case S_IFDIR:
		/* As Linux's tmpfs counts. */
		st->size = (i64)((READ_ONCE(node->dir.count) + 2) * 20);
		break;
	case S_IFLNK:
		st->size = (i64)strlen(node->target);
		break;
	}
}

/* SEEK_DATA and SEEK_HOLE: the next byte at or after `offset` that is in a page, or in none. */
static i64 seek_data(struct vm_object *obj, u64 offset, bool data)
{
	u64 size = object_size(obj);

	if (offset >= size)
		return -ENXIO;

	u64 index = offset >> PAGE_SHIFT;

	spin_lock(&obj->lock);
	if (data) {
		if (!xa_next(&obj->pages, &index))
			index = ~0ul >> PAGE_SHIFT;
	} else {
		while (xa_load(&obj->pages, index))
			index++;
	}
	spin_unlock(&obj->lock);

	u64 found = MAX(offset, index << PAGE_SHIFT);

	if (found < size)
		return (i64)found;
	return data ? -ENXIO : (i64)size;
}

static i64 tmpfs_seek(struct file *f, i64 offset, int whence)
{
	struct vm_object *obj = tmpfs_node(f->vnode)->object;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return seek_in(f, offset, whence, object_size(obj));
	if (offset < 0)
		return -ENXIO;

	i64 found = seek_data(obj, (u64)offset, whence == SEEK_DATA);

	return found < 0 ? found : seek_in(f, found, SEEK_SET, 0);
}

static struct vm_object *tmpfs_object(struct file *f)
{
	return tmpfs_node(f->vnode)->object;
}

static int tmpfs_sync(struct file *f)
{
	(void)f;
	return 0;
}

const struct file_ops tmpfs_file_ops = {
	.read = tmpfs_read,
	.write = tmpfs_write,
	.seek = tmpfs_seek,
	.object = tmpfs_object,
	.truncate = tmpfs_ftruncate,
	.punch = tmpfs_punch,
	.sync = tmpfs_sync,
};
