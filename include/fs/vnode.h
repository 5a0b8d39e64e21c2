/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vnodes: files as the tree of names knows them (Kleiman, USENIX 1986), and path resolution. Directory operations hold
 * fs_lock, one sleeping lock over all names; file data has each vnode's own lock.
 */
#ifndef FS_VNODE_H
#define FS_VNODE_H

#include <core/mutex.h>
#include <lib/types.h>
#include <uapi/linux/stat.h>

struct vnode;
struct file;
struct file_ops;
struct cred;

struct vnode_ops {
	/* A reference to the child, or ERR_PTR(-ENOENT). fs_lock held, as for all that change names. */
	struct vnode *(*lookup)(struct vnode *dir, const char *name, size_t len);
	/* Makes a child of `mode` (type bits included; dev for S_IFCHR; target for S_IFLNK). Reference, or ERR_PTR. */
	struct vnode *(*create)(struct vnode *dir, const char *name, size_t len, unsigned mode, u64 dev, const char *target);
	int (*link)(struct vnode *dir, const char *name, size_t len, struct vnode *target);
	int (*unlink)(struct vnode *dir, const char *name, size_t len, bool directory);
	int (*rename)(struct vnode *from, const char *fname, size_t flen, struct vnode *to, const char *tname, size_t tlen,
		      unsigned flags);
	long (*readlink)(struct vnode *v, char *buffer, size_t size);
	/* Fills a new file for this vnode. NULL: the vnode's file_ops as they are. */
	int (*open)(struct vnode *v, struct file *f);
	void (*getattr)(struct vnode *v, struct stat64 *st);
	int (*truncate)(struct vnode *v, u64 size);
	void (*release)(struct vnode *v);   /* last reference */
};

struct vnode {
	u32 refs;                      /* a */
	u32 mode;                      /* lock: type and permissions */
	u32 uid, gid;                  /* lock */
	u32 nlink;                     /* fs_lock */
	u64 ino, dev;                  /* I */
	u64 rdev;                      /* I: for device nodes */
	u64 atime, mtime, ctime;       /* lock: ns since 1970 */
	const struct vnode_ops *ops;   /* I */
	const struct file_ops *fops;   /* I */
	struct vnode *mounted;         /* fs_lock: root of what is mounted here */
	struct vnode *covered;         /* I: for a mounted root, what it covers */
	struct mutex lock;             /* (S) */
};

void vnode_get(struct vnode *v);
void vnode_put(struct vnode *v); /* may sleep; NULL is fine */

/* What a process knows of the tree: one resource of the bag (CLONE_FS). */
struct fsctx {
	u32 refs;            /* a */
	struct mutex lock;   /* (S) */
	struct vnode *root, *cwd; /* lock */
	unsigned umask;      /* lock */
};
struct fsctx *fsctx_create(void);               /* cwd = root = "/"; NULL: no memory */
struct fsctx *fsctx_copy(struct fsctx *c);
void fsctx_get(struct fsctx *c);
void fsctx_put(struct fsctx *c);

/* Kernel-side use (init, exec): open an absolute or cwd-relative path. ERR_PTR. cred of the current process, or root's. */
struct file *vfs_open(const char *path, int flags, unsigned mode);
int vfs_chdir(const char *path);
/* Path of a vnode below the root, as getcwd(2) wants it: length with NUL, -ERANGE, -ENOENT. */
long vfs_path(struct vnode *v, char *buffer, size_t size);

/* Boot: an empty tmpfs root; /dev and /proc mounted; the initramfs unpacked into it. */
void vfs_init(void);
/* 0, or -errno after one clear line. */
int initramfs_unpack(const void *archive, size_t size);
/* Registers a character device node /dev/name with these ops (drivers call it). */
int devfs_add(const char *name, unsigned mode, u64 rdev, const struct file_ops *fops, void *data);
/* Registers a global file /proc/name whose text is made at open. */
struct seq;
int procfs_add(const char *name, void (*show)(struct seq *s, void *arg), void *arg);

#endif
