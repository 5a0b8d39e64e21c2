/* SPDX-License-Identifier: BSD-2-Clause */
/* mount.c - the tree as boot puts it together, and the way from a vnode back to its path. */
#include <fs/path.h>

#include "internal.h"

#include <core/panic.h>
#include <fs/seq.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/fcntl.h>

struct vnode *vfs_root;

static struct {
	const char *path;
	struct vnode *root;
} mounts[4]; /* I after boot */
static unsigned nmounts;

static void mount_at(const char *path, struct vnode *root)
{
	if (vfs_root) {
		int error = vfs_mknod(NULL, path, S_IFDIR | 0755, 0);
		struct vnode *v = error ? ERR_PTR(error) : vfs_lookup(NULL, path, LOOKUP_FOLLOW);

		if (IS_ERR(v))
			panic("cannot mount %s: error %ld", path, -PTR_ERR(v));
		v->mounted = root;
		root->covered = v;
	} else {
		vfs_root = root;
	}
	BUG_ON(nmounts == ARRAY_SIZE(mounts));
	mounts[nmounts].path = path;
	mounts[nmounts++].root = root;
}

void vfs_init(void)
{
	mount_at("/", tmpfs_mount(DEV_ROOT, 0755));
	mount_at("/dev", tmpfs_mount(DEV_DEV, 0755));
	mount_at("/dev/pts", devpts_mount());
	mount_at("/proc", procfs_mount());
	devfs_init();
}

void vfs_show_mounts(struct seq *s)
{
	for (unsigned i = 0; i < nmounts; i++) {
		const char *type = mounts[i].root->ops->fs_name;

		seq_printf(s, "%s %s %s rw,relatime 0 0\n", type, mounts[i].path, type);
	}
}

/* Puts `/name` before *start. */
static int prepend(char *buffer, char **start, const char *name)
{
	size_t len = strlen(name);

	if ((size_t)(*start - buffer) < len + 1)
		return -ERANGE;
	*start -= len;
	memcpy(*start, name, len);
	*--*start = '/';
	return 0;
}

/* From v up to root, filling the buffer from its end. */
static int climb(struct vnode *v, struct vnode *root, char *buffer, char **start)
{
	char name[NAME_MAX + 1];
	int error = 0;

	vnode_get(v);
	while (!error && v != root) {
		struct vnode *up = v->covered;

		if (up) {
			vnode_get(up);
		} else {
			up = v->ops->parent ? v->ops->parent(v, name) : NULL;
			error = up ? prepend(buffer, start, name) : -ENOENT;
		}
		vnode_put(v);
		v = up;
	}
	vnode_put(v);
	return error;
}

bool vnode_is_below(struct vnode *v, const struct vnode *root)
{
	char name[NAME_MAX + 1];

	vnode_get(v);
	mutex_lock(&fs_lock);
	while (v && v != root) {
		struct vnode *up = v->covered;

		if (up)
			vnode_get(up);
		else
			up = v->ops->parent ? v->ops->parent(v, name) : NULL;
		vnode_put(v);
		v = up;
	}
	mutex_unlock(&fs_lock);
	vnode_put(v);
	return v;
}

bool vnode_is_mount_root(const struct vnode *v)
{
	return v->covered || v == vfs_root;
}

long vfs_path(struct vnode *v, char *buffer, size_t size)
{
	struct vnode *root = caller_root();
	char *start = buffer + size;
	int error = size < 2 ? -ERANGE : 0;

	if (!error) {
		*--start = '\0';
		mutex_lock(&fs_lock);
		error = climb(v, root, buffer, &start);
		mutex_unlock(&fs_lock);
	}
	if (!error && !*start)
		*--start = '/';
	vnode_put(root);
	if (error)
		return error;

	size_t len = (size_t)(buffer + size - start);

	memmove(buffer, start, len);
	return (long)len;
}
