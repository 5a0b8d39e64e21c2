/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpfs.c - a file system in memory: nodes, and the operations that change names.
 *
 * fs_lock is held over each of them; names are found without it (tmpfs_peek). A node lives while something refers to it: each of its names,
 * each open file, each process whose directory it is. A directory does not refer to its parent: its
 * one name says where it is, and a removed directory has no parent any more. Nodes are put after
 * fs_lock was dropped.
 */
#include "tmpfs.h"

#include "internal.h"

#include <core/readers.h>
#include <core/time.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/object.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/statfs.h>

#define FIRST_COOKIE 2 /* after "." and ".." */

static const struct vnode_ops tmpfs_ops;

const struct file_ops tmpfs_other_ops = {0};

static const struct file_ops *fops_of(unsigned mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return &tmpfs_file_ops;
	case S_IFDIR:
		return &tmpfs_dir_ops;
	case S_IFIFO:
		return &pipe_file_ops;
	default: /* a device brings its own when it is opened */
		return &tmpfs_other_ops;
	}
}

/*
 * A page for a file, where it had none. A file's pages stay when its writer ends: so they may not take what others run in.
 */
static int fill_page(struct vm_object *obj, u64 index, struct page *page)
{
	(void)obj, (void)index, (void)page;
	return page_scarce() ? -ENOSPC : 0;
}

static const struct pager_ops tmpfs_pager_ops = {.fill = fill_page};

static struct vm_object *object_create(void)
{
	struct vm_object *obj = kmalloc(sizeof(*obj));

	if (obj) {
		object_init(obj, &tmpfs_pager_ops, 0);
		obj->seals = F_SEAL_SEAL; /* only memfd_create(2) makes files that take some */
	}
	return obj;
}

/* What is particular to the type. 0 or -ENOMEM. */
static int node_fill(struct tmpfs_node *node, const char *target)
{
	switch (node->vnode.mode & S_IFMT) {
	case S_IFREG:
		node->object = object_create();
		return node->object ? 0 : -ENOMEM;
	case S_IFDIR:
		node->dir.next_cookie = FIRST_COOKIE;
		node->vnode.nlink = 2;
		return 0;
	case S_IFLNK:
		node->target = kmalloc(strlen(target) + 1);
		if (!node->target)
			return -ENOMEM;
		memcpy(node->target, target, strlen(target) + 1);
		return 0;
	default:
		return 0;
	}
}

/* One reference, no name yet. */
static struct tmpfs_node *node_create(u64 dev, unsigned mode, u64 rdev, const char *target)
{
	struct tmpfs_node *node = page_scarce() ? NULL : kzalloc(sizeof(*node));

	if (!node)
		return NULL;
	vnode_init(&node->vnode, mode, dev, &tmpfs_ops, fops_of(mode));
	node->vnode.rdev = rdev;
	list_init(&node->names);
	if (node_fill(node, target)) {
		kfree(node);
		return NULL;
	}
	return node;
}

static void tmpfs_release(struct vnode *v)
{
	struct tmpfs_node *node = tmpfs_node(v);

	switch (v->mode & S_IFMT) {
	case S_IFREG:
		object_put(node->object);
		kfree(node->memfd_name);
		break;
	case S_IFLNK:
		kfree(node->target);
		break;
	case S_IFIFO:
		if (node->pipe)
			pipe_put(node->pipe);
		break;
	}
	kfree(node);
}

struct vnode *tmpfs_mount(u64 dev, unsigned mode)
{
	struct tmpfs_node *root = node_create(dev, S_IFDIR | mode, 0, NULL);

	if (!root)
		memory_give_up("the root directory");
	root->dir.is_root = true;
	return &root->vnode;
}

static bool is_dir(const struct tmpfs_node *node)
{
	return S_ISDIR(node->vnode.mode);
}

/* Was it removed while someone still stands in it? Nothing may be made there. */
bool tmpfs_is_dead(const struct tmpfs_node *dir)
{
	return !dir->dir.is_root && list_empty(&dir->names);
}

static void touch(struct tmpfs_node *dir)
{
	dir->vnode.mtime = dir->vnode.ctime = clock_realtime_ns();
}

/* Owner, group and set-group-id as inode_init_owner(9) has them. */
static void inherit(struct tmpfs_node *node, const struct tmpfs_node *dir)
{
	caller_ids(&node->vnode.uid, &node->vnode.gid);
	if (dir->vnode.mode & S_ISGID) {
		node->vnode.gid = dir->vnode.gid;
		if (is_dir(node))
			node->vnode.mode |= S_ISGID;
	}
}

/* Links e as a new name of node; fs_lock held. */
static int add_name(struct tmpfs_node *dir, struct tmpfs_entry *e, struct tmpfs_node *node)
{
	if (tmpfs_is_dead(dir))
		return -ENOENT;
	if (tmpfs_find(dir, e->name, e->len))
		return -EEXIST;
	tmpfs_enter(dir, e, node);
	if (is_dir(node))
		dir->vnode.nlink++;
	touch(dir);
	return 0;
}

static struct vnode *tmpfs_create(struct vnode *v, const char *name, size_t len, unsigned mode,
				  u64 rdev, const char *target)
{
	struct tmpfs_node *dir = tmpfs_node(v);
	struct tmpfs_node *node = node_create(v->dev, mode, rdev, target);
	struct tmpfs_entry *e = tmpfs_entry_new(name, len);
	int error = node && e ? 0 : -ENOSPC;

	if (!error) {
		inherit(node, dir);
		mutex_lock(&fs_lock);
		error = add_name(dir, e, node);
		mutex_unlock(&fs_lock);
	}
	if (!error)
		return &node->vnode;
	kfree(e);
	if (node)
		vnode_put(&node->vnode);
	return ERR_PTR(error);
}

static struct vnode *tmpfs_tmpfile(struct vnode *dir, unsigned mode, bool linkable)
{
	struct tmpfs_node *node = node_create(dir->dev, S_IFREG | mode, 0, NULL);

	if (!node)
		return ERR_PTR(-ENOSPC);
	inherit(node, tmpfs_node(dir));
	node->vnode.nlink = 0;
	node->linkable = linkable;
	return &node->vnode;
}

static int tmpfs_link(struct vnode *v, const char *name, size_t len, struct vnode *target)
{
	struct tmpfs_entry *e = tmpfs_entry_new(name, len);
	struct tmpfs_node *node = tmpfs_node(target);
	int error;

	if (!e)
		return -ENOSPC;
	mutex_lock(&fs_lock);
	if (list_empty(&node->names) && !node->linkable)
		error = -ENOENT;
	else
		error = add_name(tmpfs_node(v), e, node);
	if (!error) {
		target->nlink++;
		node->linkable = false;
		target->ctime = clock_realtime_ns();
	}
	mutex_unlock(&fs_lock);
	if (error)
		kfree(e);
	return error;
}

/* e goes, and with it one link of its node: two of a directory, its own "." included. */
static void drop_name(struct tmpfs_entry *e)
{
	struct tmpfs_node *node = e->node;

	tmpfs_leave(e);
	if (is_dir(node)) {
		node->vnode.nlink = 0;
		e->dir->vnode.nlink--;
	} else {
		node->vnode.nlink--;
	}
	node->vnode.ctime = clock_realtime_ns();
	touch(e->dir);
}

/* May `victim` be removed, as a directory or not? */
static int may_remove(struct tmpfs_node *dir, struct tmpfs_node *victim, bool directory)
{
	int error = vnode_may_delete(&dir->vnode, &victim->vnode);

	if (error)
		return error;
	if (directory && !is_dir(victim))
		return -ENOTDIR;
	if (!directory && is_dir(victim))
		return -EISDIR;
	if (victim->vnode.mounted)
		return -EBUSY;
	return directory && victim->dir.count ? -ENOTEMPTY : 0;
}

static int tmpfs_unlink(struct vnode *v, const char *name, size_t len, bool directory)
{
	struct tmpfs_node *dir = tmpfs_node(v);

	mutex_lock(&fs_lock);

	struct tmpfs_entry *e = tmpfs_find(dir, name, len);
	int error = e ? may_remove(dir, e->node, directory) : -ENOENT;

	if (!error)
		drop_name(e);
	mutex_unlock(&fs_lock);
	if (error)
		return error;
	readers_wait();
	vnode_put(&e->node->vnode);
	kfree(e);
	return 0;
}

/* Is `node` the directory `dir`, or above it? */
static bool contains(const struct tmpfs_node *node, struct tmpfs_node *dir)
{
	for (; dir; dir = tmpfs_parent_of(dir))
		if (dir == node)
			return true;
	return false;
}

/* Moving a directory rewrites its "..": that takes the right to write it. */
static int may_move(struct tmpfs_node *node, struct tmpfs_node *from, struct tmpfs_node *to)
{
	int error = vnode_may_delete(&from->vnode, &node->vnode);

	if (error)
		return error;
	if (node->vnode.mounted)
		return -EBUSY;
	if (!is_dir(node))
		return 0;
	if (contains(node, to))
		return -EINVAL;
	return from != to ? vnode_access(&node->vnode, W_OK, false) : 0;
}

static int check_rename(struct tmpfs_entry *old, struct tmpfs_node *to, struct tmpfs_entry *victim,
			unsigned flags)
{
	int error;

	if (!old)
		return -ENOENT;
	if (tmpfs_is_dead(to))
		return -ENOENT;
	if (victim && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!victim && (flags & RENAME_EXCHANGE))
		return -ENOENT;
	error = may_move(old->node, old->dir, to);
	if (error || !victim || victim->node == old->node)
		return error;
	if (flags & RENAME_EXCHANGE)
		return may_move(victim->node, to, old->dir);
	return may_remove(to, victim->node, is_dir(old->node));
}

/* `node` moved from one directory to another: its ".." counts as a link there. */
static void count_dotdot(struct tmpfs_node *node, struct tmpfs_node *from, struct tmpfs_node *to)
{
	if (is_dir(node)) {
		from->vnode.nlink--;
		to->vnode.nlink++;
	}
	node->vnode.ctime = clock_realtime_ns();
}

/* The entries stay where they are; what they name changes places. A reader must not find one node under both names. */
static void exchange(struct tmpfs_entry *a, struct tmpfs_entry *b)
{
	struct tmpfs_node *to_b = a->node, *to_a = b->node;

	list_remove(&a->alias);
	list_remove(&b->alias);
	__atomic_store_n(&a->node, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&b->node, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&a->node, to_a, __ATOMIC_RELEASE);
	__atomic_store_n(&b->node, to_b, __ATOMIC_RELEASE);
	list_add_tail(&a->alias, &to_a->names);
	list_add_tail(&b->alias, &to_b->names);
	count_dotdot(to_b, a->dir, b->dir);
	count_dotdot(to_a, b->dir, a->dir);
}

static int tmpfs_rename(struct vnode *from, const char *fname, size_t flen, struct vnode *to,
			const char *tname, size_t tlen, unsigned flags)
{
	struct tmpfs_node *to_dir = tmpfs_node(to);
	struct tmpfs_entry *fresh = tmpfs_entry_new(tname, tlen); /* first: nothing fails later */
	struct tmpfs_entry *gone = NULL;

	if (!fresh)
		return -ENOSPC;
	mutex_lock(&fs_lock);

	struct tmpfs_entry *old = tmpfs_find(tmpfs_node(from), fname, flen);
	struct tmpfs_entry *victim = tmpfs_find(to_dir, tname, tlen);
	int error = check_rename(old, to_dir, victim, flags);
	bool nothing = error || (victim && victim->node == old->node);

	if (!nothing) {
		touch(old->dir);
		touch(to_dir);
	}
	if (!nothing && (flags & RENAME_EXCHANGE)) {
		exchange(old, victim);
	} else if (!nothing) {
		gone = victim;
		if (gone)
			drop_name(gone);
		tmpfs_leave(old); /* first: who finds the new name must not find the old one afterwards */
		tmpfs_enter(to_dir, fresh, old->node);
		count_dotdot(old->node, old->dir, to_dir);
	} else {
		old = NULL;
	}
	mutex_unlock(&fs_lock);
	if (!old || (flags & RENAME_EXCHANGE)) {
		kfree(fresh);
		return error;
	}
	readers_wait();
	vnode_put(&old->node->vnode);
	kfree(old);
	if (gone)
		vnode_put(&gone->node->vnode);
	kfree(gone);
	return 0;
}

static long tmpfs_readlink(struct vnode *v, char *buffer, size_t size)
{
	const char *target = tmpfs_node(v)->target;
	size_t n = MIN(strlen(target), size);

	memcpy(buffer, target, n);
	return (long)n;
}

static struct vnode *tmpfs_parent(struct vnode *v, char *name)
{
	struct tmpfs_node *node = tmpfs_node(v);

	if (list_empty(&node->names))
		return NULL;

	struct tmpfs_entry *e = list_first_entry(&node->names, struct tmpfs_entry, alias);

	memcpy(name, e->name, e->len);
	name[e->len] = '\0';
	vnode_get(&e->dir->vnode);
	return &e->dir->vnode;
}

static int open_fifo(struct vnode *v, struct file *f)
{
	struct tmpfs_node *node = tmpfs_node(v);

	mutex_lock(&v->lock);
	if (!node->pipe)
		node->pipe = pipe_alloc();
	mutex_unlock(&v->lock);
	return node->pipe ? pipe_open(node->pipe, f, true) : -ENOMEM;
}

static int tmpfs_open(struct vnode *v, struct file *f)
{
	switch (v->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return 0;
	case S_IFIFO:
		return open_fifo(v, f);
	case S_IFCHR:
		return devfs_open(v, f);
	default:
		return -ENXIO;
	}
}

static struct file *tmpfs_open_file(struct vnode *v, unsigned flags)
{
	return S_ISCHR(v->mode) ? devfs_open_file(v, flags) : NULL;
}

static const struct vnode_ops tmpfs_ops = {
	.fs_name = "tmpfs",
	.fs_magic = TMPFS_MAGIC,
	.lookup = tmpfs_lookup,
	.peek = tmpfs_peek,
	.create = tmpfs_create,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rename = tmpfs_rename,
	.readlink = tmpfs_readlink,
	.parent = tmpfs_parent,
	.open = tmpfs_open,
	.open_file = tmpfs_open_file,
	.getattr = tmpfs_getattr,
	.truncate = tmpfs_truncate,
	.tmpfile = tmpfs_tmpfile,
	.release = tmpfs_release,
};
