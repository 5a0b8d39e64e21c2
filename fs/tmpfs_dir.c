/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs_dir.c - the entries of one directory, found by name (by readers without a lock: core/readers.h) and, for readdir, by
 * cookie.
 *
 * A cookie is the count of names the directory ever had: what is read after a name was removed or
 * added goes on exactly behind the last name that was read, so `rm -r` may delete while it reads
 * (POSIX readdir).
 */
#include "tmpfs.h"

#include "internal.h"

#include <core/readers.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

#define DEPTH_MAX 128 /* no tree is that deep: Cormen et al., lemma 13.1 */

#define COOKIE_DOT 0
#define COOKIE_DOTDOT 1

static int compare_names(const char *a, size_t alen, const char *b, size_t blen)
{
	if (alen != blen)
		return alen < blen ? -1 : 1;
	return memcmp(a, b, alen);
}

struct tmpfs_entry *tmpfs_find(struct tmpfs_node *dir, const char *name, size_t len)
{
	struct rb_node *n = READ_ONCE(dir->dir.by_name.node);

	/* A reader may meet a rotation, and go round in it. */
	for (unsigned depth = 0; n && depth < DEPTH_MAX; depth++) {
		struct tmpfs_entry *e = rb_entry(n, struct tmpfs_entry, by_name);
		int order = compare_names(name, len, e->name, e->len);

		if (!order)
			return e;
		n = order < 0 ? READ_ONCE(n->left) : READ_ONCE(n->right);
	}
	return NULL;
}

struct tmpfs_entry *tmpfs_entry_new(const char *name, size_t len)
{
	struct tmpfs_entry *e = kmalloc(sizeof(*e) + len);

	if (!e)
		return NULL;
	memzero(e, sizeof(*e));
	e->len = len;
	memcpy(e->name, name, len);
	return e;
}

static void insert_by_name(struct tmpfs_node *dir, struct tmpfs_entry *e)
{
	struct rb_node **link = &dir->dir.by_name.node, *parent = NULL;

	while (*link) {
		struct tmpfs_entry *other = rb_entry(*link, struct tmpfs_entry, by_name);

		parent = *link;
		link = compare_names(e->name, e->len, other->name, other->len) < 0 ? &parent->left
										   : &parent->right;
	}
	rb_insert(&dir->dir.by_name, &e->by_name, parent, link);
}

/* Cookies grow: a new entry is always the last. */
static void append_by_cookie(struct tmpfs_node *dir, struct tmpfs_entry *e)
{
	struct rb_node *last = rb_last(&dir->dir.by_cookie);

	e->cookie = dir->dir.next_cookie++;
	rb_insert(&dir->dir.by_cookie, &e->by_cookie, last,
		  last ? &last->right : &dir->dir.by_cookie.node);
}

void tmpfs_enter(struct tmpfs_node *dir, struct tmpfs_entry *e, struct tmpfs_node *node)
{
	e->dir = dir;
	e->node = node;
	insert_by_name(dir, e);
	append_by_cookie(dir, e);
	list_add_tail(&e->alias, &node->names);
	vnode_get(&node->vnode);
	dir->dir.count++;
}

void tmpfs_leave(struct tmpfs_entry *e)
{
	rb_erase(&e->dir->dir.by_name, &e->by_name);
	rb_erase(&e->dir->dir.by_cookie, &e->by_cookie);
	list_remove(&e->alias);
	e->dir->dir.count--;
}

struct tmpfs_node *tmpfs_parent_of(struct tmpfs_node *node)
{
	if (list_empty(&node->names))
		return NULL;
	return list_first_entry(&node->names, struct tmpfs_entry, alias)->dir;
}

struct vnode *tmpfs_peek(struct vnode *dir, const char *name, size_t len)
{
	struct tmpfs_entry *e = tmpfs_find(tmpfs_node(dir), name, len);
	struct tmpfs_node *node = e ? READ_ONCE(e->node) : NULL;

	return node ? &node->vnode : NULL;
}

/* Its name has a reference until readers have left, so we may take one. */
static struct vnode *find_as_reader(struct vnode *dir, const char *name, size_t len)
{
	struct vnode *v;

	readers_enter();
	v = tmpfs_peek(dir, name, len);
	if (v)
		vnode_get(v);
	readers_leave();
	return v;
}

struct vnode *tmpfs_lookup(struct vnode *v, const char *name, size_t len)
{
	struct tmpfs_node *dir = tmpfs_node(v), *found;
	bool dotdot = len == 2 && name[0] == '.' && name[1] == '.';
	struct vnode *child = dotdot ? NULL : find_as_reader(v, name, len);

	if (child)
		return child;
	mutex_lock(&fs_lock);
	if (dotdot) {
		found = dir->dir.is_root ? dir : tmpfs_parent_of(dir);
	} else {
		struct tmpfs_entry *e = tmpfs_find(dir, name, len);

		found = e ? e->node : NULL;
	}
	if (found)
		vnode_get(&found->vnode);
	mutex_unlock(&fs_lock);
	return found ? &found->vnode : ERR_PTR(-ENOENT);
}

static struct tmpfs_entry *first_at_or_after(struct tmpfs_node *dir, u64 cookie)
{
	struct rb_node *n = dir->dir.by_cookie.node;
	struct tmpfs_entry *best = NULL;

	while (n) {
		struct tmpfs_entry *e = rb_entry(n, struct tmpfs_entry, by_cookie);

		if (e->cookie < cookie) {
			n = n->right;
		} else {
			best = e;
			n = n->left;
		}
	}
	return best;
}

static u64 dotdot_ino(struct tmpfs_node *dir)
{
	struct tmpfs_node *parent = tmpfs_parent_of(dir);

	return parent ? parent->vnode.ino : dir->vnode.ino;
}

/* The record at *pos, and the position behind it. 0; 1: no room; 2: the end; -EFAULT. */
static int put_one(struct tmpfs_node *dir, struct uio *u, u64 *pos)
{
	int error;

	if (*pos == COOKIE_DOT) {
		error = dirent_put(u, dir->vnode.ino, COOKIE_DOTDOT, S_IFDIR, ".", 1);
		*pos += !error;
		return error;
	}
	if (*pos == COOKIE_DOTDOT) {
		error = dirent_put(u, dotdot_ino(dir), COOKIE_DOTDOT + 1, S_IFDIR, "..", 2);
		*pos += !error;
		return error;
	}

	struct tmpfs_entry *e = first_at_or_after(dir, *pos);

	if (!e)
		return 2;

	const struct vnode *v = &e->node->vnode;

	error = dirent_put(u, v->ino, e->cookie + 1, v->mode, e->name, e->len);
	if (!error)
		*pos = e->cookie + 1;
	return error;
}

static long tmpfs_readdir(struct file *f, struct uio *u, u64 *pos)
{
	struct tmpfs_node *dir = tmpfs_node(f->vnode);
	u64 before = u->left;
	int stop;

	mutex_lock(&fs_lock);
	if (tmpfs_is_dead(dir)) {
		mutex_unlock(&fs_lock);
		return -ENOENT;
	}
	do
		stop = put_one(dir, u, pos);
	while (!stop);
	mutex_unlock(&fs_lock);
	if (u->left != before)
		return (long)(before - u->left);
	return stop == 2 ? 0 : stop == 1 ? -EINVAL : stop;
}

static long dir_no_bytes(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return -EISDIR;
}

static i64 dir_seek(struct file *f, i64 offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : seek_in(f, offset, whence, 0);
}

static int dir_sync(struct file *f)
{
	(void)f;
	return 0;
}

const struct file_ops tmpfs_dir_ops = {
	.read = dir_no_bytes,
	.seek = dir_seek,
	.readdir = tmpfs_readdir,
	.sync = dir_sync,
};
