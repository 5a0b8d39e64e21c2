/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfs.c - what is done to names and vnodes, whatever file system they are of: rights, flags, and
 * the errors that POSIX wants before a file system is asked.
 */
#include <fs/path.h>

#include "internal.h"
#include "walk.h"

#include <core/time.h>
#include <fs/file.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/fcntl.h>

#define MODE_BITS 07777u

struct vnode *vfs_lookup(struct vnode *at, const char *path, unsigned flags)
{
	struct vnode *v = NULL;
	struct walk w;
	int error = walk_begin(&w, at, path, flags >> LOOKUP_RESOLVE);

	if (!error)
		error = walk_all(&w, flags & LOOKUP_FOLLOW);
	if (!error && (flags & LOOKUP_DIRECTORY) && !S_ISDIR(w.at->mode))
		error = -ENOTDIR;
	if (!error) {
		v = w.at;
		w.at = NULL;
	}
	walk_end(&w);
	return error ? ERR_PTR(error) : v;
}

/* May something be made or removed in this directory? */
static int may_change(struct vnode *dir)
{
	return vnode_access(dir, W_OK | X_OK, false);
}

static struct vnode *make(struct walk *w, unsigned mode, u64 dev, const char *target)
{
	if (!w->at->ops->create)
		return ERR_PTR(-ENOENT); /* as Linux answers in /proc */

	int error = may_change(w->at);

	return error ? ERR_PTR(error)
		     : w->at->ops->create(w->at, w->name, w->len, mode, dev, target);
}

/* The end of w's path for a call that makes something new there: 0 when there is nothing yet. */
static int must_be_absent(struct walk *w, bool directory)
{
	if (!w->len || walk_last_is_dot(w))
		return -EEXIST;

	struct vnode *v = walk_last(w);

	if (!IS_ERR(v)) {
		vnode_put(v);
		return -EEXIST;
	}
	if (PTR_ERR(v) != -ENOENT)
		return (int)PTR_ERR(v);
	return w->slash && !directory ? -ENOENT : 0;
}

static int make_new(struct vnode *at, const char *path, unsigned mode, u64 dev, const char *target)
{
	struct walk w;
	int error = walk_begin(&w, at, path, 0);

	if (!error)
		error = walk_parent(&w);
	if (!error)
		error = must_be_absent(&w, S_ISDIR(mode));
	if (!error) {
		struct vnode *v = make(&w, mode, dev, target);

		if (IS_ERR(v))
			error = (int)PTR_ERR(v);
		else
			vnode_put(v);
	}
	walk_end(&w);
	return error;
}

int vfs_mknod(struct vnode *at, const char *path, unsigned mode, u64 dev)
{
	unsigned type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;

	switch (type) {
	case S_IFDIR:
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		dev = 0;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (!caller_is_root())
			return -EPERM;
		break;
	default:
		return -EINVAL;
	}
	return make_new(at, path, type | (mode & MODE_BITS & ~caller_umask()), dev, NULL);
}

int vfs_symlink(const char *target, struct vnode *at, const char *path)
{
	return *target ? make_new(at, path, S_IFLNK | 0777, 0, target) : -ENOENT;
}

int vfs_link(struct vnode *v, struct vnode *at, const char *path)
{
	struct walk w;
	int error = walk_begin(&w, at, path, 0);

	if (!error)
		error = walk_parent(&w);
	if (!error)
		error = must_be_absent(&w, false);
	if (!error && w.at->dev != v->dev)
		error = -EXDEV;
	if (!error && (S_ISDIR(v->mode) || !w.at->ops->link))
		error = -EPERM;
	if (!error)
		error = may_change(w.at);
	if (!error)
		error = w.at->ops->link(w.at, w.name, w.len, v);
	walk_end(&w);
	return error;
}

/* Removing what is no proper name. */
static int check_removed_name(const struct walk *w, bool directory)
{
	if (!directory)
		return !w->len || walk_last_is_dot(w) ? -EISDIR : 0;
	if (!w->len)
		return -EBUSY;
	if (walk_last_is_dot(w))
		return w->len == 1 ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* A trailing slash promises a directory. */
static int check_slash(struct walk *w)
{
	if (!w->slash)
		return 0;

	struct vnode *v = walk_last(w);

	if (IS_ERR(v))
		return (int)PTR_ERR(v);

	int error = S_ISDIR(v->mode) ? 0 : -ENOTDIR;

	vnode_put(v);
	return error;
}

int vfs_unlink(struct vnode *at, const char *path, bool directory)
{
	struct walk w;
	int error = walk_begin(&w, at, path, 0);

	if (!error)
		error = walk_parent(&w);
	if (!error)
		error = check_removed_name(&w, directory);
	if (!error)
		error = check_slash(&w);
	if (!error)
		error = w.at->ops->unlink ? may_change(w.at) : -EPERM;
	if (!error)
		error = w.at->ops->unlink(w.at, w.name, w.len, directory);
	walk_end(&w);
	return error;
}

static int rename_between(struct walk *a, struct walk *b, unsigned flags)
{
	int error;

	if (a->at->dev != b->at->dev)
		return -EXDEV;
	if (!a->len || walk_last_is_dot(a))
		return -EBUSY;
	if (!b->len || walk_last_is_dot(b))
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!a->at->ops->rename)
		return -EPERM;
	a->slash |= b->slash;
	error = check_slash(a);
	if (!error)
		error = may_change(a->at);
	if (!error)
		error = may_change(b->at);
	if (error)
		return error;
	return a->at->ops->rename(a->at, a->name, a->len, b->at, b->name, b->len, flags);
}

int vfs_rename(struct vnode *at, const char *from, struct vnode *to_at, const char *to,
	       unsigned flags)
{
	struct walk a, b = {.at = NULL};
	int error = walk_begin(&a, at, from, 0);

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		error = -EINVAL;
	if (!error)
		error = walk_parent(&a);
	if (!error)
		error = walk_begin(&b, to_at, to, 0);
	if (!error)
		error = walk_parent(&b);
	if (!error)
		error = rename_between(&a, &b, flags);
	walk_end(&a);
	walk_end(&b);
	return error;
}

int vfs_truncate(struct vnode *v, u64 size)
{
	if (S_ISDIR(v->mode))
		return -EISDIR;
	if (!v->ops->truncate)
		return -EINVAL;

	int error = vnode_hold_data(v, 1);

	if (error)
		return error;
	error = v->ops->truncate(v, size);
	vnode_release_data(v, 1);
	return error;
}

int vfs_chmod(struct vnode *v, unsigned mode)
{
	int error = vnode_owned(v);

	if (error)
		return error;
	mode &= MODE_BITS;
	if (!caller_is_root() && !caller_in_group(v->gid))
		mode &= ~(unsigned)S_ISGID;
	mutex_lock(&v->lock);
	v->mode = (v->mode & S_IFMT) | mode;
	v->ctime = clock_realtime_ns();
	mutex_unlock(&v->lock);
	return 0;
}

int vfs_chown(struct vnode *v, u32 uid, u32 gid)
{
	bool gives_away = uid != ~0u && uid != v->uid;
	bool regroups = gid != ~0u && gid != v->gid;

	if (!caller_is_root()) {
		if (gives_away || vnode_owned(v) || (regroups && !caller_in_group(gid)))
			return -EPERM;
	}
	mutex_lock(&v->lock);
	if (uid != ~0u)
		v->uid = uid;
	if (gid != ~0u)
		v->gid = gid;
	if (S_ISREG(v->mode))
		v->mode &= ~(unsigned)(v->mode & 0010 ? S_ISUID | S_ISGID : S_ISUID);
	v->ctime = clock_realtime_ns();
	mutex_unlock(&v->lock);
	return 0;
}

int vfs_utimes(struct vnode *v, u64 atime, u64 mtime)
{
	u64 now = clock_realtime_ns();

	if (atime == TIME_OMIT && mtime == TIME_OMIT)
		return 0;
	if (vnode_owned(v)) {
		if (atime != TIME_NOW || mtime != TIME_NOW)
			return -EPERM;
		if (vnode_access(v, W_OK, false))
			return -EACCES;
	}
	mutex_lock(&v->lock);
	if (atime != TIME_OMIT)
		v->atime = atime == TIME_NOW ? now : atime;
	if (mtime != TIME_OMIT)
		v->mtime = mtime == TIME_NOW ? now : mtime;
	v->ctime = now;
	mutex_unlock(&v->lock);
	return 0;
}

int vfs_chdir(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);

	if (IS_ERR(v))
		return (int)PTR_ERR(v);

	int error = vfs_chdir_vnode(v);

	vnode_put(v);
	return error;
}
