/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of fs/ say to each other. */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#include <fs/vnode.h>

struct seq;
struct uio;

/* Device numbers of the file systems, as stat(2) shows them: major 0. */
enum { DEV_ROOT = 1, DEV_DEV = 2, DEV_PROC = 3, DEV_PIPE = 4, DEV_PTS = 5 };

extern struct vnode *vfs_root; /* I after vfs_init() */

bool caller_in_group(u32 gid);

/* The root directory of a new, empty tmpfs. Panics without memory: boot only. */
struct vnode *tmpfs_mount(u64 dev, unsigned mode);
struct vnode *procfs_mount(void);
struct vnode *devpts_mount(void);
/* Opening /dev/ptmx by the name v makes a pair of terminals. */
struct file *devpts_open_master(struct vnode *v, unsigned flags);
/* Fills /dev (after it is mounted). */
void devfs_init(void);
/* Opens the device node v: f->ops and f->data become the driver's. -ENXIO. */
int devfs_open(struct vnode *v, struct file *f);
/* For terminals, which open themselves; NULL: not one of those. */
struct file *devfs_open_file(struct vnode *v, unsigned flags);

/* One record of getdents64 into u: 0; 1: no room (-EINVAL if it is the first); -EFAULT. */
int dirent_put(struct uio *u, u64 ino, u64 next, unsigned mode, const char *name, size_t len);

/* lseek(2) for SEEK_SET, CUR, END over a file of `size` bytes. Takes pos_lock. */
i64 seek_in(struct file *f, i64 offset, int whence, u64 size);

#endif
