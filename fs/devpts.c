/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devpts.c - /dev/pts and the opening of masters: pts(4). A slave's name appears with its master and vanishes with it; it
 * belongs to whoever opened the master, mode 0620. Nobody else makes or removes names here.
 */
#include <fs/devpts.h>

#include "internal.h"

#include <drivers/pty.h>
#include <drivers/tty.h>
#include <fs/file.h>
#include <fs/path.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/statfs.h>

#define PTYS_MAX 256       /* the minor numbers of one major */
#define COOKIE_PTMX 2      /* for readdir: after "." and ".." */
#define COOKIE_PTS(number) (3 + (number))

struct pts {
	struct vnode vnode;    /* first */
	struct list link;      /* fs_lock: in `nodes`, by cookie; alone once its master is closed */
	struct tty *tty;       /* I: the slave, a reference; NULL: ptmx */
	unsigned cookie;       /* I */
	char name[8];          /* I */
};

static struct list nodes = LIST_INIT(nodes); /* fs_lock */
static u64 numbers[BITMAP_WORDS(PTYS_MAX)];  /* a: taken, under fs_lock, as long as their nodes: also by a slave without master */
static struct vnode root;

static const struct vnode_ops devpts_ops;
static const struct file_ops dir_ops, no_ops;

static struct pts *pts_of(struct vnode *v)
{
	return container_of(v, struct pts, vnode);
}

/* A node before `next` in the list, which keeps a reference. NULL: no memory. */
static struct pts *node_new(struct list *next, unsigned cookie, const char *name, unsigned mode, u64 rdev)
{
	struct pts *n = kzalloc(sizeof(*n));

	if (!n)
		return NULL;
	vnode_init(&n->vnode, S_IFCHR | mode, DEV_PTS, &devpts_ops, &no_ops);
	caller_ids(&n->vnode.uid, &n->vnode.gid);
	n->vnode.rdev = rdev;
	n->cookie = cookie;
	strlcpy(n->name, name, sizeof(n->name));
	list_add_tail(&n->link, next);
	return n;
}

struct vnode *devpts_mount(void)
{
	vnode_init(&root, S_IFDIR | 0755, DEV_PTS, &devpts_ops, &dir_ops);
	root.nlink = 2;
	if (!node_new(&nodes, COOKIE_PTMX, "ptmx", 0666, PTY_MASTER_RDEV))
		memory_give_up("/dev/pts");
	return &root;
}

static void devpts_release(struct vnode *v)
{
	struct pts *n = pts_of(v);
	unsigned number = n->cookie - COOKIE_PTS(0);

	__atomic_fetch_and(&numbers[number / 64], ~BIT(number % 64), __ATOMIC_RELEASE);
	tty_put(n->tty);
	kfree(n);
}

/* ---- masters ---- */

static void master_release(struct file *f)
{
	struct pts *n;

	mutex_lock(&fs_lock);
	list_for_each_entry(n, &nodes, link)
		if (n->tty == f->data)
			break;
	list_remove(&n->link);
	list_init(&n->link);
	mutex_unlock(&fs_lock);
	tty_hang_up(f->data);
	vnode_put(&n->vnode);
	tty_put(f->data);
}

static const struct file_ops master_ops = {
	.read = pty_read,
	.write = pty_write,
	.ioctl = pty_ioctl,
	.poll = pty_poll,
	.release = master_release,
};

/* The lowest free number, its name and its terminal. fs_lock held. ERR_PTR: -ENOSPC, -ENOMEM. */
static struct pts *make_slave(void)
{
	unsigned number = (unsigned)bitmap_find_first_zero(numbers, PTYS_MAX);
	struct pts *at;
	char name[8];

	if (number == PTYS_MAX)
		return ERR_PTR(-ENOSPC);
	list_for_each_entry(at, &nodes, link)
		if (at->cookie > COOKIE_PTS(number))
			break;

	struct tty *t = page_scarce() ? NULL : pty_create(number);

	if (!t)
		return ERR_PTR(-ENOMEM);
	snprintf(name, sizeof(name), "%u", number);

	struct pts *n = node_new(&at->link, COOKIE_PTS(number), name, 0620, tty_rdev(t));

	if (!n) {
		tty_put(t);
		return ERR_PTR(-ENOMEM);
	}
	n->tty = t;
	__atomic_fetch_or(&numbers[number / 64], BIT(number % 64), __ATOMIC_RELAXED);
	return n;
}

struct file *devpts_open_master(struct vnode *v, unsigned flags)
{
	mutex_lock(&fs_lock);

	struct pts *n = make_slave();
	struct file *f = IS_ERR(n) ? (void *)n : file_create(&master_ops, flags & ~O_FOR_OPEN_ONLY, v, n->tty);

	if (!IS_ERR(f)) {
		vnode_get(v);
		tty_get(n->tty);
	} else if (!IS_ERR(n)) {
		list_remove(&n->link);
	}
	mutex_unlock(&fs_lock);
	if (IS_ERR(f) && !IS_ERR(n))
		vnode_put(&n->vnode);
	return f;
}

struct file *devpts_open_peer(struct file *master, unsigned flags)
{
	struct pts *n, *found = NULL;

	if (master->ops != &master_ops)
		return ERR_PTR(-ENOTTY);
	mutex_lock(&fs_lock);
	list_for_each_entry(n, &nodes, link)
		if (n->tty == master->data)
			found = n;
	vnode_get(&found->vnode); /* its master is open */
	mutex_unlock(&fs_lock);

	struct file *f = vfs_open_vnode(&found->vnode, flags);

	vnode_put(&found->vnode);
	return f;
}

/* ---- names ---- */

/* Opened by the leader of a session without a terminal, it becomes that session's: Linux, as other Unixes. */
static struct file *devpts_open_file(struct vnode *v, unsigned flags)
{
	if (v == &root)
		return NULL;

	struct tty *t = pts_of(v)->tty;
	struct file *f = t ? tty_open(t, flags, v) : devpts_open_master(v, flags);

	if (t && !IS_ERR(f) && !(flags & O_NOCTTY) && (flags & O_ACCMODE) != O_WRONLY)
		tty_hooks->acquire(t, false);
	return f;
}

static struct vnode *devpts_lookup(struct vnode *dir, const char *name, size_t len)
{
	struct vnode *found = ERR_PTR(-ENOENT);
	struct pts *n;

	(void)dir;
	mutex_lock(&fs_lock);
	list_for_each_entry(n, &nodes, link) {
		if (strlen(n->name) == len && !memcmp(n->name, name, len)) {
			found = &n->vnode;
			vnode_get(found);
		}
	}
	mutex_unlock(&fs_lock);
	return found;
}

static struct vnode *devpts_parent(struct vnode *v, char *name)
{
	struct pts *n = pts_of(v);

	if (v == &root || list_empty(&n->link))
		return NULL;
	strlcpy(name, n->name, sizeof(n->name));
	vnode_get(&root);
	return &root;
}

static const struct vnode_ops devpts_ops = {
	.fs_name = "devpts",
	.fs_magic = DEVPTS_SUPER_MAGIC,
	.lookup = devpts_lookup,
	.parent = devpts_parent,
	.open_file = devpts_open_file,
	.release = devpts_release,
};

static long devpts_readdir(struct file *f, struct uio *u, u64 *pos)
{
	u64 before = u->left;
	struct pts *n;
	int stop = 0;

	(void)f;
	for (; *pos < COOKIE_PTMX && !stop; *pos += !stop)
		stop = dirent_put(u, root.ino, *pos + 1, S_IFDIR, "..", *pos + 1);
	mutex_lock(&fs_lock);
	list_for_each_entry(n, &nodes, link) {
		if (stop)
			break;
		if (n->cookie < *pos)
			continue;
		stop = dirent_put(u, n->vnode.ino, n->cookie + 1, S_IFCHR, n->name, strlen(n->name));
		if (!stop)
			*pos = n->cookie + 1;
	}
	mutex_unlock(&fs_lock);
	if (u->left != before)
		return (long)(before - u->left);
	return stop == 1 ? -EINVAL : stop;
}

static i64 dir_seek(struct file *f, i64 offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : seek_in(f, offset, whence, 0);
}

static long dir_no_bytes(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return -EISDIR;
}

static const struct file_ops dir_ops = {
	.read = dir_no_bytes,
	.seek = dir_seek,
	.readdir = devpts_readdir,
};

static const struct file_ops no_ops;
