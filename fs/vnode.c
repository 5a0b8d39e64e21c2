/* SPDX-License-Identifier: BSD-2-Clause */
/* vnode.c - what all vnodes have in common, and small helpers for file systems. */
#include <fs/vnode.h>

#include "internal.h"

#include <core/panic.h>
#include <core/time.h>
#include <fs/file.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/dirent.h>
#include <uapi/linux/fcntl.h>

struct mutex fs_lock = MUTEX_INIT("fs_lock", fs_lock);

u64 vnode_last_ino;

void vnode_init(struct vnode *v, unsigned mode, u64 dev, const struct vnode_ops *ops,
		const struct file_ops *fops)
{
	memzero(v, sizeof(*v));
	v->refs = 1;
	v->mode = mode;
	v->nlink = 1;
	v->ino = __atomic_add_fetch(&vnode_last_ino, 1, __ATOMIC_RELAXED);
	v->dev = dev;
	v->atime = v->mtime = v->ctime = v->btime = clock_realtime_ns();
	v->ops = ops;
	v->fops = fops;
	list_init(&v->locks);
	mutex_init(&v->lock, "vnode");
}

int vnode_hold_data(struct vnode *v, int sign)
{
	i32 n = READ_ONCE(v->users_of_data);

	do {
		if (sign > 0 ? n < 0 : n > 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&v->users_of_data, &n, n + sign, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return 0;
}

void vnode_release_data(struct vnode *v, int sign)
{
	__atomic_sub_fetch(&v->users_of_data, sign, __ATOMIC_ACQ_REL);
}

void vnode_get(struct vnode *v)
{
	__atomic_fetch_add(&v->refs, 1, __ATOMIC_RELAXED);
}

void vnode_put(struct vnode *v)
{
	if (!v || __atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL))
		return;
	assert(list_empty(&v->locks));
	v->ops->release(v);
}

static struct timespec64 timespec_of(u64 ns)
{
	return (struct timespec64){
		.sec = (i64)(ns / NSEC_PER_SEC),
		.nsec = (i64)(ns % NSEC_PER_SEC),
	};
}

/* Without a lock: each member is one that it had. */
void vnode_getattr(struct vnode *v, struct stat64 *st)
{
	*st = (struct stat64){
		.dev = v->dev,
		.ino = v->ino,
		.nlink = READ_ONCE(v->nlink),
		.mode = READ_ONCE(v->mode),
		.uid = READ_ONCE(v->uid),
		.gid = READ_ONCE(v->gid),
		.rdev = v->rdev,
		.blksize = PAGE_SIZE,
		.atime = timespec_of(READ_ONCE(v->atime)),
		.mtime = timespec_of(READ_ONCE(v->mtime)),
		.ctime = timespec_of(READ_ONCE(v->ctime)),
	};
	if (v->ops->getattr)
		v->ops->getattr(v, st);
}

int dirent_put(struct uio *u, u64 ino, u64 next, unsigned mode, const char *name, size_t len)
{
	u8 bytes[ALIGN_UP(sizeof(struct dirent64) + NAME_MAX + 1, 8)];
	struct dirent64 *d = (struct dirent64 *)bytes;
	size_t size = ALIGN_UP(sizeof(*d) + len + 1, 8);

	if (u->left < size)
		return 1;
	memzero(bytes, size);
	d->ino = ino;
	d->off = next;
	d->reclen = (u16)size;
	d->type = DT_OF_MODE(mode);
	memcpy(d->name, name, len);
	return uio_put(u, bytes, size);
}

i64 seek_in(struct file *f, i64 offset, int whence, u64 size)
{
	i64 base;

	mutex_lock(&f->pos_lock);
	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (i64)f->pos;
		break;
	case SEEK_END:
		base = (i64)size;
		break;
	default:
		mutex_unlock(&f->pos_lock);
		return -EINVAL;
	}

	i64 pos;
	bool bad = __builtin_add_overflow(base, offset, &pos) || pos < 0;

	if (!bad)
		f->pos = (u64)pos;
	mutex_unlock(&f->pos_lock);
	return bad ? -EINVAL : pos;
}
