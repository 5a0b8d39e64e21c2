/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vnodes: files as the tree of names knows them (Kleiman, USENIX 1986). A file system locks its own names: tmpfs with
 * fs_lock, one sleeping lock over all changes, and names that are there are found without it; /proc needs none, since it makes
 * its vnodes as they are asked for. File data has each vnode's own lock. Resolution of paths goes as far as it can as a reader
 * (core/readers.h), and from there holds references, never a lock from one name to the next.
 */
#ifndef FS_VNODE_H
#define FS_VNODE_H

#include <core/mutex.h>
#include <lib/list.h>
#include <lib/types.h>
#include <uapi/linux/stat.h>

struct file;
struct file_ops;

/* Names given to these are neither "", "." nor "..", but for lookup: that knows "..". Permissions on `dir` were checked. */
struct vnode_ops {
	const char *fs_name;               /* for /proc/mounts */
	u32 fs_magic;                      /* statfs(2)'s f_type */
	/* A reference to the child, or ERR_PTR(-ENOENT). */
	struct vnode *(*lookup)(struct vnode *dir, const char *name, size_t len);
	/*
	 * The child, without a reference and without a lock, for a reader (core/readers.h) while it reads; NULL: ask lookup, which
	 * knows. Not for "." and "..". NULL op: always that.
	 */
	struct vnode *(*peek)(struct vnode *dir, const char *name, size_t len);
	/* Makes a child of `mode` (type bits included; dev for S_IFCHR; target for S_IFLNK). Reference, or ERR_PTR(-EEXIST). */
	struct vnode *(*create)(struct vnode *dir, const char *name, size_t len, unsigned mode, u64 dev, const char *target);
	int (*link)(struct vnode *dir, const char *name, size_t len, struct vnode *target);
	int (*unlink)(struct vnode *dir, const char *name, size_t len, bool directory);
	int (*rename)(struct vnode *from, const char *fname, size_t flen, struct vnode *to, const char *tname, size_t tlen,
		      unsigned flags);
	long (*readlink)(struct vnode *v, char *buffer, size_t size);
	/* A link that leads to a vnode rather than to a path (/proc/self/fd/0): a reference, ERR_PTR; NULL: use readlink. */
	struct vnode *(*follow)(struct vnode *link);
	/* Its parent with a reference, and its name there (size NAME_MAX + 1); NULL: unlinked, or a root. fs_lock held. */
	struct vnode *(*parent)(struct vnode *v, char *name);
	/* Fills a new file for this vnode (f->ops is v->fops). NULL op: nothing to do. May sleep until a FIFO has its other end. */
	int (*open)(struct vnode *v, struct file *f);
	/* Instead of the above: the open file itself, with a reference, or ERR_PTR (/dev/tty); NULL: no, open a new one. */
	struct file *(*open_file)(struct vnode *v, unsigned flags);
	void (*getattr)(struct vnode *v, struct stat64 *st); /* what vnode_getattr() cannot know: sizes */
	int (*truncate)(struct vnode *v, u64 size);
	/* open(2)'s O_TMPFILE: a regular file without a name, of `mode`; may it get one later? NULL op: -EOPNOTSUPP. */
	struct vnode *(*tmpfile)(struct vnode *dir, unsigned mode, bool linkable);
	void (*release)(struct vnode *v);   /* last reference: frees v */
};

struct vnode {
	u32 refs;                      /* a */
	u32 mode;                      /* lock: type and permissions */
	u32 uid, gid;                  /* lock */
	u32 nlink;                     /* fs_lock */
	u64 ino, dev;                  /* I */
	u64 rdev;                      /* I: for device nodes */
	u64 atime, mtime, ctime;       /* lock: ns since 1970 */
	u64 btime;                     /* I: when it was made */
	const struct vnode_ops *ops;   /* I */
	const struct file_ops *fops;   /* I */
	struct vnode *mounted;         /* I after boot: root of what is mounted here */
	struct vnode *covered;         /* I: for a mounted root, what it covers */
	i32 users_of_data;             /* a: open for writing; or, negative, running it as a program: never both */
	struct list locks;             /* record locks: lock_lock in fs/lock.c */
	struct mutex lock;             /* (S) */
};

extern struct mutex fs_lock;

/* Fills in what all vnodes have: refs = 1, the next inode number, times of now. */
void vnode_init(struct vnode *v, unsigned mode, u64 dev, const struct vnode_ops *ops, const struct file_ops *fops);
void vnode_getattr(struct vnode *v, struct stat64 *st);

/*
 * Who writes a file and who runs it keep each other out: 0, or -ETXTBSY. Ended by the other sign. Regular files only.
 */
int vnode_hold_data(struct vnode *v, int sign); /* 1: to write, -1: to execute */
void vnode_release_data(struct vnode *v, int sign);

void vnode_get(struct vnode *v);
void vnode_put(struct vnode *v); /* may sleep; NULL is fine */

/* What a process knows of the tree: one resource of the bag (CLONE_FS). */
struct fsctx {
	u32 refs;            /* a */
	struct mutex lock;   /* (S) */
	struct vnode *root, *cwd; /* lock; read by readers (core/readers.h) of its own threads */
	unsigned umask;      /* lock */
};
struct fsctx *fsctx_create(void);               /* cwd = root = "/"; NULL: no memory */
struct fsctx *fsctx_copy(struct fsctx *c);
void fsctx_get(struct fsctx *c);
void fsctx_put(struct fsctx *c);

/* Kernel-side use (init, exec): open an absolute or cwd-relative path. ERR_PTR. cred of the current process, or root's. */
struct file *vfs_open(const char *path, int flags, unsigned mode);
int vfs_chdir(const char *path);
/* Path of a vnode below the root, as getcwd(2) wants it: length with NUL, -ERANGE, -ENOENT (unlinked, or outside the root). */
long vfs_path(struct vnode *v, char *buffer, size_t size);

/* Boot: an empty tmpfs root; /dev and /proc mounted. */
void vfs_init(void);
/* Boot: unpacks what the loader left in memory and gives that memory back; gives up on a corrupt archive. */
void initramfs_init(void);
/* Registers a character device node /dev/name with these ops (drivers call it). */
int devfs_add(const char *name, unsigned mode, u64 rdev, const struct file_ops *fops, void *data);
/* Registers a global file /proc/name (sys/kernel/hostname: with directories) whose text is made when it is read. */
struct seq;
int procfs_add(const char *name, void (*show)(struct seq *s, void *arg), void *arg);

extern u64 vnode_last_ino; /* a: inode numbers are given in a row; this was the last */

#endif
