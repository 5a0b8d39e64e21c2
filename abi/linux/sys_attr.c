/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_attr.c - changing what files are: modes, owners, times; and extended attributes, which no
 * file here has.
 */
#include <generated/syscall_proto.h>

#include "files.h"

#include <core/time.h>
#include <isolation/gate.h>
#include <uapi/linux/resource.h>
#include <uapi/linux/stat.h>

/* The vnode of a descriptor for a call that changes it; NULL with *error. */
static struct vnode *vnode_to_change(int fd, int *error)
{
	struct file *f = file_of_fd(fd);
	struct vnode *v = NULL;

	*error = f ? 0 : -EBADF;
	if (f && (f->flags & O_PATH))
		*error = -EBADF;
	else if (f && !f->vnode)
		*error = -EINVAL;
	else if (f)
		v = f->vnode;
	if (v)
		vnode_get(v);
	if (f)
		file_put(f);
	return v;
}

static long chmod_vnode(struct vnode *v, unsigned mode)
{
	int error = vfs_chmod(v, mode);

	vnode_put(v);
	return error;
}

long sys_fchmodat(int dirfd, uaddr_t path, unsigned mode)
{
	struct vnode *v = vnode_of_arg(dirfd, path, 0);

	return IS_ERR(v) ? PTR_ERR(v) : chmod_vnode(v, mode);
}

long sys_chmod(uaddr_t path, unsigned mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, unsigned mode)
{
	int error;
	struct vnode *v = vnode_to_change(fd, &error);

	return v ? chmod_vnode(v, mode) : error;
}

static long chown_vnode(struct vnode *v, unsigned uid, unsigned gid)
{
	int error = vfs_chown(v, uid, gid);

	vnode_put(v);
	return error;
}

long sys_fchownat(int dirfd, uaddr_t path, unsigned uid, unsigned gid, int flags)
{
	struct vnode *v;

	if ((unsigned)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	v = vnode_of_arg(dirfd, path, (unsigned)flags);
	return IS_ERR(v) ? PTR_ERR(v) : chown_vnode(v, uid, gid);
}

long sys_chown(uaddr_t path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(uaddr_t path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, unsigned uid, unsigned gid)
{
	int error;
	struct vnode *v = vnode_to_change(fd, &error);

	return v ? chown_vnode(v, uid, gid) : error;
}

/* Times before 1970 become 1970. */
static u64 ns_of(i64 sec, i64 nsec)
{
	return sec < 0 ? 0 : (u64)sec * NSEC_PER_SEC + (u64)nsec;
}

static int time_of(const struct timespec64 *t, u64 *ns)
{
	if (t->nsec == UTIME_NOW)
		*ns = TIME_NOW;
	else if (t->nsec == UTIME_OMIT)
		*ns = TIME_OMIT;
	else if (t->nsec < 0 || t->nsec >= (i64)NSEC_PER_SEC)
		return -EINVAL;
	else
		*ns = ns_of(t->sec, t->nsec);
	return 0;
}

/* path 0: the descriptor itself, as futimens(3) asks. */
static long set_times(int dirfd, uaddr_t path, unsigned flags, u64 atime, u64 mtime)
{
	struct vnode *v;
	int error;

	if (path) {
		v = vnode_of_arg(dirfd, path, flags);
		error = IS_ERR(v) ? (int)PTR_ERR(v) : 0;
	} else {
		v = vnode_to_change(dirfd, &error);
	}
	if (error)
		return error;
	error = vfs_utimes(v, atime, mtime);
	vnode_put(v);
	return error;
}

long sys_utimensat(int dirfd, uaddr_t path, uaddr_t times, int flags)
{
	struct timespec64 t[2];
	u64 atime = TIME_NOW, mtime = TIME_NOW;

	if ((unsigned)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (times && copyin(t, times, sizeof(t)))
		return -EFAULT;
	if (times && (time_of(&t[0], &atime) || time_of(&t[1], &mtime)))
		return -EINVAL;
	return set_times(dirfd, path, (unsigned)flags, atime, mtime);
}

long sys_futimesat(int dirfd, uaddr_t path, uaddr_t times)
{
	struct timeval64 t[2];

	if (!times)
		return set_times(dirfd, path, 0, TIME_NOW, TIME_NOW);
	if (copyin(t, times, sizeof(t)))
		return -EFAULT;
	for (int i = 0; i < 2; i++)
		if (t[i].usec < 0 || t[i].usec >= 1000000)
			return -EINVAL;
	return set_times(dirfd, path, 0, ns_of(t[0].sec, t[0].usec * 1000),
			 ns_of(t[1].sec, t[1].usec * 1000));
}

long sys_utimes(uaddr_t path, uaddr_t times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

long sys_utime(uaddr_t path, uaddr_t times)
{
	i64 t[2]; /* access, modification; seconds */

	if (!times)
		return set_times(AT_FDCWD, path, 0, TIME_NOW, TIME_NOW);
	if (copyin(t, times, sizeof(t)))
		return -EFAULT;
	return set_times(AT_FDCWD, path, 0, ns_of(t[0], 0), ns_of(t[1], 0));
}

/* No file system here keeps extended attributes; the file must exist all the same. */
static long no_xattr(uaddr_t path, unsigned flags)
{
	struct vnode *v = vnode_of_arg(AT_FDCWD, path, flags);

	if (IS_ERR(v))
		return PTR_ERR(v);
	vnode_put(v);
	return -EOPNOTSUPP;
}

static long no_fxattr(int fd)
{
	struct file *f = file_of_fd(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return -EOPNOTSUPP;
}

long sys_setxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	(void)name, (void)value, (void)size, (void)flags;
	return no_xattr(path, 0);
}

long sys_lsetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	(void)name, (void)value, (void)size, (void)flags;
	return no_xattr(path, AT_SYMLINK_NOFOLLOW);
}

long sys_fsetxattr(int fd, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	(void)name, (void)value, (void)size, (void)flags;
	return no_fxattr(fd);
}

long sys_getxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	(void)name, (void)value, (void)size;
	return no_xattr(path, 0);
}

long sys_lgetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	(void)name, (void)value, (void)size;
	return no_xattr(path, AT_SYMLINK_NOFOLLOW);
}

long sys_fgetxattr(int fd, uaddr_t name, uaddr_t value, size_t size)
{
	(void)name, (void)value, (void)size;
	return no_fxattr(fd);
}

long sys_listxattr(uaddr_t path, uaddr_t list, size_t size)
{
	(void)list, (void)size;
	return no_xattr(path, 0);
}

long sys_llistxattr(uaddr_t path, uaddr_t list, size_t size)
{
	(void)list, (void)size;
	return no_xattr(path, AT_SYMLINK_NOFOLLOW);
}

long sys_flistxattr(int fd, uaddr_t list, size_t size)
{
	(void)list, (void)size;
	return no_fxattr(fd);
}
