/* SPDX-License-Identifier: BSD-2-Clause */
/* open.c - open(2): finding or making the file, and what its flags ask for. */
#include <fs/path.h>

#include "internal.h"
#include "walk.h"

#include <fs/file.h>
#include <lib/errno.h>
#include <uapi/linux/fcntl.h>

static const struct file_ops no_ops = {0};

static unsigned wanted_access(unsigned flags)
{
	static const u8 want[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};

	return want[flags & O_ACCMODE] | (flags & O_TRUNC ? W_OK : 0);
}

static int may_open(struct vnode *v, unsigned flags, bool created)
{
	unsigned want = wanted_access(flags);

	if ((flags & O_DIRECTORY) && !S_ISDIR(v->mode))
		return -ENOTDIR;
	if (S_ISLNK(v->mode))
		return -ELOOP;
	if (S_ISDIR(v->mode) && ((want & W_OK) || (flags & O_CREAT)))
		return -EISDIR;
	if ((flags & O_NOATIME) && vnode_owned(v))
		return -EPERM;
	return created ? 0 : vnode_access(v, want, false);
}

static struct file *open_path_only(struct vnode *v, unsigned flags)
{
	if ((flags & O_DIRECTORY) && !S_ISDIR(v->mode))
		return ERR_PTR(-ENOTDIR);
	vnode_get(v);

	struct file *f = file_create(&no_ops, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), v, NULL);

	if (IS_ERR(f))
		vnode_put(v);
	return f;
}

static struct file *open_new(struct vnode *v, unsigned flags)
{
	struct file *f;
	int error = 0;

	vnode_get(v);
	f = file_create(v->fops, (flags & ~O_FOR_OPEN_ONLY) | O_LARGEFILE, v, NULL);
	if (IS_ERR(f)) {
		vnode_put(v);
		return f;
	}
	if (v->ops->open)
		error = v->ops->open(v, f);
	if (error) {
		f->ops = &no_ops; /* there is nothing to release */
		file_put(f);
		return ERR_PTR(error);
	}
	return f;
}

/* A new open file of a regular one that keeps writers or programs out (`sign`) as long as it lives. */
static struct file *open_holding(struct vnode *v, unsigned flags, int sign)
{
	struct file *f = open_new(v, flags);

	if (IS_ERR(f))
		vnode_release_data(v, sign);
	else
		f->holds = sign;
	return f;
}

/* May its data be written, and is it emptied? For files that are written to the hold stays. */
static int open_data(struct vnode *v, unsigned flags, bool created, bool keep)
{
	int error = vnode_hold_data(v, 1);

	if (error)
		return error;
	if ((flags & O_TRUNC) && !created && v->ops->truncate)
		error = v->ops->truncate(v, 0);
	if (error || !keep)
		vnode_release_data(v, 1);
	return error;
}

static struct file *open_found(struct vnode *v, unsigned flags, bool created)
{
	bool written = S_ISREG(v->mode) && (flags & O_ACCMODE) != O_RDONLY;
	int error;

	if (flags & O_PATH)
		return open_path_only(v, flags);
	error = may_open(v, flags, created);
	if (!error && S_ISREG(v->mode) && (written || (flags & O_TRUNC)))
		error = open_data(v, flags, created, written);
	if (error)
		return ERR_PTR(error);
	if (written)
		return open_holding(v, flags, 1);

	struct file *f = v->ops->open_file ? v->ops->open_file(v, flags) : NULL;

	return f ? f : open_new(v, flags);
}

struct file *vfs_open_exec(struct vnode *v)
{
	int error = !S_ISREG(v->mode) || vnode_access(v, X_OK, false) ? -EACCES : vnode_hold_data(v, -1);

	return error ? ERR_PTR(error) : open_holding(v, O_RDONLY, -1);
}

struct file *vfs_open_vnode(struct vnode *v, unsigned flags)
{
	return open_found(v, flags, false);
}

/* Finds or makes what the walk's last name names. Reference or ERR_PTR. */
static struct vnode *find_or_make(struct walk *w, unsigned flags, unsigned mode, bool *created)
{
	for (;;) {
		if (!w->len || walk_last_is_dot(w) || w->slash)
			return ERR_PTR(-EISDIR);

		struct vnode *v = walk_last(w);

		if (PTR_ERR(v) == -ENOENT && w->at->ops->create) {
			int error = vnode_access(w->at, W_OK | X_OK, false);

			if (error)
				return ERR_PTR(error);
			v = w->at->ops->create(w->at, w->name, w->len, S_IFREG | mode, 0, NULL);
			if (PTR_ERR(v) == -EEXIST && !(flags & O_EXCL))
				continue; /* someone else just made it */
			*created = true;
			return v;
		}
		if (IS_ERR(v))
			return v;
		if (flags & O_EXCL) {
			vnode_put(v);
			return ERR_PTR(-EEXIST);
		}
		if (!S_ISLNK(v->mode) || (flags & O_NOFOLLOW))
			return v;

		int there = walk_follow_last(w, v);

		vnode_put(v);
		if (there < 0)
			return ERR_PTR(there);
		if (there) {
			vnode_get(w->at);
			return w->at;
		}
	}
}

static struct file *open_or_create(struct vnode *at, const char *path, unsigned flags, unsigned mode, unsigned resolve)
{
	bool created = false;
	struct file *f;
	struct walk w;
	int error = walk_begin(&w, at, path, resolve);

	if (!error)
		error = walk_parent(&w);

	struct vnode *v = error ? ERR_PTR(error) : find_or_make(&w, flags, mode, &created);

	walk_end(&w);
	if (IS_ERR(v))
		return ERR_PTR(PTR_ERR(v));
	f = open_found(v, flags, created);
	vnode_put(v);
	return f;
}

static struct file *open_tmpfile(struct vnode *at, const char *path, unsigned flags, unsigned mode, unsigned resolve)
{
	bool writes = (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;

	if (!(flags & O_DIRECTORY) || !writes)
		return ERR_PTR(-EINVAL);

	struct vnode *dir = vfs_lookup(at, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | resolve << LOOKUP_RESOLVE), *v;

	if (IS_ERR(dir))
		return ERR_PTR(PTR_ERR(dir));

	int error = vnode_access(dir, W_OK | X_OK, false);

	if (!error && !dir->ops->tmpfile)
		error = -EOPNOTSUPP;
	v = error ? ERR_PTR(error) : dir->ops->tmpfile(dir, mode, !(flags & O_EXCL));
	vnode_put(dir);
	if (IS_ERR(v))
		return ERR_PTR(PTR_ERR(v));

	struct file *f = open_new(v, flags & ~(O_TMPFILE_ONLY | O_DIRECTORY));

	vnode_put(v);
	return f;
}

struct file *vfs_open_at(struct vnode *at, const char *path, unsigned flags, unsigned mode, unsigned resolve)
{
	if ((flags & O_TMPFILE_ONLY) && !(flags & O_PATH))
		return open_tmpfile(at, path, flags, mode & 07777 & ~caller_umask(), resolve);
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return ERR_PTR(-EINVAL);
	if (flags & O_CREAT)
		return open_or_create(at, path, flags, mode & 07777 & ~caller_umask(), resolve);

	struct vnode *v = vfs_lookup(at, path, (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | resolve << LOOKUP_RESOLVE);

	if (IS_ERR(v))
		return ERR_PTR(PTR_ERR(v));

	struct file *f = open_found(v, flags, false);

	vnode_put(v);
	return f;
}

struct file *vfs_open(const char *path, int flags, unsigned mode)
{
	return vfs_open_at(NULL, path, (unsigned)flags, mode, 0);
}
