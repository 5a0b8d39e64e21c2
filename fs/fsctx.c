/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsctx.c - a process's root, working directory and umask; and what its ids allow it.
 *
 * Who asks is told by the upcall fs_caller(). A kernel thread has no context: it acts as root, from
 * the root.
 */
#include <fs/path.h>

#include "internal.h"

#include <core/readers.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

#define UMASK_AT_BOOT 022

struct fsctx *fsctx_create(void)
{
	struct fsctx *c = kzalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->umask = UMASK_AT_BOOT;
	c->root = c->cwd = vfs_root;
	vnode_get(vfs_root);
	vnode_get(vfs_root);
	mutex_init(&c->lock, "fsctx");
	return c;
}

struct fsctx *fsctx_copy(struct fsctx *c)
{
	struct fsctx *copy = kzalloc(sizeof(*copy));

	if (!copy)
		return NULL;
	copy->refs = 1;
	mutex_init(&copy->lock, "fsctx");
	mutex_lock(&c->lock);
	copy->umask = c->umask;
	copy->root = c->root;
	copy->cwd = c->cwd;
	vnode_get(copy->root);
	vnode_get(copy->cwd);
	mutex_unlock(&c->lock);
	return copy;
}

void fsctx_get(struct fsctx *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
}

void fsctx_put(struct fsctx *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	vnode_put(c->root);
	vnode_put(c->cwd);
	kfree(c);
}

/* NULL in a kernel thread. */
static struct fsctx *caller_fs(void)
{
	struct fs_caller c;

	return fs_caller(&c) ? c.fs : NULL;
}

static struct vnode *caller_place(size_t member)
{
	struct fsctx *c = caller_fs();
	struct vnode *v = vfs_root;

	if (!c) {
		vnode_get(v);
		return v;
	}
	mutex_lock(&c->lock);
	v = *(struct vnode **)((u8 *)c + member);
	vnode_get(v);
	mutex_unlock(&c->lock);
	return v;
}

struct vnode *caller_root(void)
{
	return caller_place(offsetof(struct fsctx, root));
}

struct vnode *caller_cwd(void)
{
	return caller_place(offsetof(struct fsctx, cwd));
}

unsigned caller_umask(void)
{
	struct fsctx *c = caller_fs();

	return c ? READ_ONCE(c->umask) : 0;
}

static int change_place(struct vnode *v, size_t member)
{
	struct fsctx *c = caller_fs();

	if (!c)
		return -EPERM;
	if (!S_ISDIR(v->mode))
		return -ENOTDIR;

	int error = vnode_access(v, X_OK, false);

	if (error)
		return error;
	vnode_get(v);
	mutex_lock(&c->lock);

	struct vnode **place = (struct vnode **)((u8 *)c + member);
	struct vnode *old = *place;

	WRITE_ONCE(*place, v);
	mutex_unlock(&c->lock);
	readers_wait(); /* a walk may begin there */
	vnode_put(old);
	return 0;
}

int vfs_chdir_vnode(struct vnode *v)
{
	return change_place(v, offsetof(struct fsctx, cwd));
}

int vfs_chroot_vnode(struct vnode *v)
{
	return caller_is_root() ? change_place(v, offsetof(struct fsctx, root)) : -EPERM;
}

bool caller_is_root(void)
{
	struct fs_caller c;

	return !fs_caller(&c) || c.euid == 0;
}

void caller_ids(u32 *uid, u32 *gid)
{
	struct fs_caller c;
	bool known = fs_caller(&c);

	*uid = known ? c.euid : 0;
	*gid = known ? c.egid : 0;
}

static bool in_group(const struct fs_caller *c, u32 gid, bool real)
{
	if (gid == (real ? c->gid : c->egid))
		return true;
	for (u32 i = 0; i < c->ngroups; i++)
		if (c->group[i] == gid)
			return true;
	return false;
}

int vnode_access_by(const struct fs_caller *c, const struct vnode *v, unsigned want, bool real)
{
	unsigned mode = READ_ONCE(v->mode);
	u32 uid = !c ? 0 : real ? c->uid : c->euid;

	if (uid == 0) /* root reads and writes all, but executes only what someone may execute */
		return (want & X_OK) && !S_ISDIR(mode) && !(mode & 0111) ? -EACCES : 0;
	if (uid == READ_ONCE(v->uid))
		mode >>= 6;
	else if (in_group(c, READ_ONCE(v->gid), real))
		mode >>= 3;
	return want & ~mode & 7 ? -EACCES : 0;
}

int vnode_access(struct vnode *v, unsigned want, bool real)
{
	struct fs_caller c;

	return vnode_access_by(fs_caller(&c) ? &c : NULL, v, want, real);
}

int vnode_owned(const struct vnode *v)
{
	struct fs_caller c;

	return !fs_caller(&c) || c.euid == 0 || c.euid == v->uid ? 0 : -EPERM;
}

bool caller_in_group(u32 gid)
{
	struct fs_caller c;

	return !fs_caller(&c) || in_group(&c, gid, false);
}

int vnode_may_delete(const struct vnode *dir, const struct vnode *victim)
{
	if (!(dir->mode & S_ISVTX) || !vnode_owned(victim))
		return 0;
	return vnode_owned(dir);
}
