/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memfd.c - files of tmpfs that are in no directory, and the seals that memfd_create(2) lets one put on them. Where a seal
 * forbids something, tmpfs_data.c and mmap(2) look at the object's set.
 */
#include "tmpfs.h"

#include "internal.h"

#include <fs/path.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/object.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

struct file *vfs_memfd(const char *name, bool may_seal)
{
	struct vnode *v = vfs_root->ops->tmpfile(vfs_root, 0777, false);
	struct file *f;

	if (IS_ERR(v))
		return ERR_PTR(-ENOMEM);

	struct tmpfs_node *node = tmpfs_node(v);

	node->object->seals = may_seal ? 0 : F_SEAL_SEAL;
	node->memfd_name = kmalloc(strlen(name) + 1);
	if (node->memfd_name)
		memcpy(node->memfd_name, name, strlen(name) + 1);
	f = node->memfd_name ? vfs_open_vnode(v, O_RDWR) : ERR_PTR(-ENOMEM);
	vnode_put(v);
	return f;
}

const char *vnode_memfd_name(struct vnode *v)
{
	return v->fops == &tmpfs_file_ops ? tmpfs_node(v)->memfd_name : NULL;
}

int vfs_add_seals(struct file *f, unsigned seals)
{
	if ((READ_ONCE(f->flags) & O_ACCMODE) == O_RDONLY)
		return -EPERM;
	if ((seals & ~F_SEAL_ALL) || f->ops != &tmpfs_file_ops)
		return -EINVAL;

	struct vnode *v = f->vnode;

	mutex_lock(&v->lock); /* no write is half done */

	int error = object_seal(tmpfs_node(v)->object, seals);

	mutex_unlock(&v->lock);
	return error;
}

int vfs_get_seals(struct file *f)
{
	return f->ops == &tmpfs_file_ops ? (int)READ_ONCE(tmpfs_node(f->vnode)->object->seals) : -EINVAL;
}
