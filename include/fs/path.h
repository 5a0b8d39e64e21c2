/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one can do with a path. `at` is the directory that a relative path starts from, NULL: the working directory. Rights
 * are those of the current process; a kernel thread's are root's. Errors are those of the calls of the same names (POSIX,
 * path_resolution(7)). All may sleep; none is called under a lock.
 */
#ifndef FS_PATH_H
#define FS_PATH_H

#include <fs/vnode.h>

#define LOOKUP_FOLLOW BIT(0)    /* a symbolic link at the end is followed */
#define LOOKUP_DIRECTORY BIT(1) /* -ENOTDIR otherwise */
#define LOOKUP_RESOLVE 8        /* from this bit on: RESOLVE_* */

/* A reference, or ERR_PTR. */
struct vnode *vfs_lookup(struct vnode *at, const char *path, unsigned flags);
/* resolve: RESOLVE_* of openat2(2), where a scope begins at `at`. */
struct file *vfs_open_at(struct vnode *at, const char *path, unsigned flags, unsigned mode, unsigned resolve);
/* Opens what was found already: /proc/self/fd/N, exec. */
struct file *vfs_open_vnode(struct vnode *v, unsigned flags);
/* A program that the caller may execute, readable or not; nobody writes to it while the file lives. -EACCES, -ETXTBSY. */
struct file *vfs_open_exec(struct vnode *v);
/* mode: type and permissions, S_IFDIR included; the umask is applied here. */
int vfs_mknod(struct vnode *at, const char *path, unsigned mode, u64 dev);
int vfs_symlink(const char *target, struct vnode *at, const char *path);
int vfs_link(struct vnode *v, struct vnode *at, const char *path);
int vfs_unlink(struct vnode *at, const char *path, bool directory);
int vfs_rename(struct vnode *at, const char *from, struct vnode *to_at, const char *to, unsigned flags);
int vfs_chdir_vnode(struct vnode *v);
int vfs_chroot_vnode(struct vnode *v);
int vfs_truncate(struct vnode *v, u64 size);
int vfs_chmod(struct vnode *v, unsigned mode);
int vfs_chown(struct vnode *v, u32 uid, u32 gid); /* ~0: leave */
#define TIME_OMIT (~0ul)
#define TIME_NOW (~0ul - 1)
int vfs_utimes(struct vnode *v, u64 atime, u64 mtime); /* ns since 1970, or the above */

/* May the caller read (4), write (2), execute or search (1) it? 0 or -EACCES. `real`: by its real ids, for access(2). */
int vnode_access(struct vnode *v, unsigned want, bool real);
/* -EPERM unless the caller owns it or is root. */
int vnode_owned(const struct vnode *v);
/* Is v `root`, or in a directory below it? Takes fs_lock. */
bool vnode_is_below(struct vnode *v, const struct vnode *root);
/* Is it the root of a file system? */
bool vnode_is_mount_root(const struct vnode *v);
/* memfd_create(2): a file in memory without a name in the tree. ERR_PTR. */
struct file *vfs_memfd(const char *name, bool may_seal);
/* Its name; NULL: something else. */
const char *vnode_memfd_name(struct vnode *v);
/* F_ADD_SEALS; F_GET_SEALS. -EINVAL: not a file that has some. */
int vfs_add_seals(struct file *f, unsigned seals);
int vfs_get_seals(struct file *f);
/* The sticky bit's rule: may the caller remove `victim` from `dir`? 0 or -EPERM. */
int vnode_may_delete(const struct vnode *dir, const struct vnode *victim);
/*
 * An upcall: who asks. abi/linux knows processes and implements it; false: a kernel thread, which acts as root from the
 * root. The pointers are no references: they hold while the caller's own call lasts.
 */
#define FS_GROUPS_MAX 32
struct fs_caller {
	struct fsctx *fs;
	u32 uid, gid, euid, egid; /* real; effective, or what setfsuid(2) set in their place */
	u32 ngroups;
	u32 group[FS_GROUPS_MAX];
};
bool fs_caller(struct fs_caller *c);
/* vnode_access() for who asked that before; NULL: a kernel thread. */
int vnode_access_by(const struct fs_caller *c, const struct vnode *v, unsigned want, bool real);

bool caller_is_root(void);
/* Who new files belong to. */
void caller_ids(u32 *uid, u32 *gid);
/* The caller's root and working directory, with references. */
struct vnode *caller_root(void);
struct vnode *caller_cwd(void);
unsigned caller_umask(void);

/* Lines of /proc/mounts. */
struct seq;
void vfs_show_mounts(struct seq *s);

#endif
