/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_dir.c - names: directories, links, renaming, the working directory. */
#include <generated/syscall_proto.h>

#include "files.h"

#include <isolation/gate.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/dirent.h>

long sys_getdents64(int fd, uaddr_t dirp, unsigned count)
{
	struct file *f = file_of_fd(fd);
	struct iovec64 iov;
	struct uio u;
	long n;

	if (!f)
		return -EBADF;
	uio_user(&u, &iov, dirp, count);
	if (f->flags & O_PATH) {
		n = -EBADF;
	} else if (!f->ops->readdir) {
		n = -ENOTDIR;
	} else {
		mutex_lock(&f->pos_lock);
		n = f->ops->readdir(f, &u, &f->pos);
		mutex_unlock(&f->pos_lock);
	}
	file_put(f);
	return n;
}

/*
 * The old records: the type stands in the last byte, behind the name, instead of before it:
 * getdents(2).
 */
static void to_old_records(u8 *p, u8 *end)
{
	while (p < end) {
		struct dirent64 *d = (struct dirent64 *)p;
		u8 type = d->type;

		memmove(&d->type, d->name, d->reclen - sizeof(*d));
		p += d->reclen;
		p[-1] = type;
	}
}

long sys_getdents(int fd, uaddr_t dirp, unsigned count)
{
	struct file *f = file_of_fd(fd);
	size_t size = MIN(count, 32768u);
	u8 *records = kmalloc(size ? size : 1);
	struct iovec64 iov;
	struct uio u;
	long n = !f ? -EBADF : !records ? -ENOMEM : !f->ops->readdir ? -ENOTDIR : 0;

	if (!n) {
		uio_kernel(&u, &iov, records, size);
		mutex_lock(&f->pos_lock);
		n = f->ops->readdir(f, &u, &f->pos);
		mutex_unlock(&f->pos_lock);
	}
	if (n > 0) {
		to_old_records(records, records + n);
		n = copyout(dirp, records, (size_t)n) ? -EFAULT : n;
	}
	kfree(records);
	if (f)
		file_put(f);
	return n;
}

static long change_directory(struct vnode *v, int (*change)(struct vnode *))
{
	int error;

	if (IS_ERR(v))
		return PTR_ERR(v);
	error = change(v);
	vnode_put(v);
	return error;
}

long sys_chdir(uaddr_t path)
{
	return change_directory(vnode_of_arg(AT_FDCWD, path, 0), vfs_chdir_vnode);
}

long sys_chroot(uaddr_t path)
{
	return change_directory(vnode_of_arg(AT_FDCWD, path, 0), vfs_chroot_vnode);
}

long sys_fchdir(int fd)
{
	struct file *f = file_of_fd(fd);
	int error;

	if (!f)
		return -EBADF;
	error = f->vnode ? vfs_chdir_vnode(f->vnode) : -ENOTDIR;
	file_put(f);
	return error;
}

long sys_getcwd(uaddr_t buf, size_t size)
{
	char *path = kmalloc(PATH_MAX);
	struct vnode *cwd;
	long n;

	if (!path)
		return -ENOMEM;
	cwd = caller_cwd();
	n = vfs_path(cwd, path, PATH_MAX);
	vnode_put(cwd);
	if (n > 0 && (size_t)n > size)
		n = -ERANGE;
	if (n > 0 && copyout(buf, path, (size_t)n))
		n = -EFAULT;
	kfree(path);
	return n;
}

long sys_mknodat(int dirfd, uaddr_t path, unsigned mode, unsigned long dev)
{
	struct path_arg a;
	int error = path_arg_get(&a, dirfd, path);

	if (error)
		return error;
	error = S_ISDIR(mode) ? -EPERM : vfs_mknod(a.at, a.path, mode, dev);
	path_arg_put(&a);
	return error;
}

long sys_mknod(uaddr_t path, unsigned mode, unsigned long dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

long sys_mkdirat(int dirfd, uaddr_t path, unsigned mode)
{
	struct path_arg a;
	int error = path_arg_get(&a, dirfd, path);

	if (error)
		return error;
	error = vfs_mknod(a.at, a.path, S_IFDIR | (mode & 01777), 0);
	path_arg_put(&a);
	return error;
}

long sys_mkdir(uaddr_t path, unsigned mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

long sys_unlinkat(int dirfd, uaddr_t path, int flags)
{
	struct path_arg a;
	int error;

	if ((unsigned)flags & ~AT_REMOVEDIR)
		return -EINVAL;
	error = path_arg_get(&a, dirfd, path);
	if (error)
		return error;
	error = vfs_unlink(a.at, a.path, (unsigned)flags & AT_REMOVEDIR);
	path_arg_put(&a);
	return error;
}

long sys_unlink(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

long sys_rmdir(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

long sys_renameat2(int olddir, uaddr_t old, int newdir, uaddr_t new, unsigned flags)
{
	struct path_arg from, to;
	int error = path_arg_get(&from, olddir, old);

	if (error)
		return error;
	error = path_arg_get(&to, newdir, new);
	if (!error) {
		error = vfs_rename(from.at, from.path, to.at, to.path, flags);
		path_arg_put(&to);
	}
	path_arg_put(&from);
	return error;
}

long sys_renameat(int olddir, uaddr_t old, int newdir, uaddr_t new)
{
	return sys_renameat2(olddir, old, newdir, new, 0);
}

long sys_rename(uaddr_t old, uaddr_t new)
{
	return sys_renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

long sys_linkat(int olddir, uaddr_t old, int newdir, uaddr_t new, int flags)
{
	unsigned how = (unsigned)flags & AT_EMPTY_PATH;
	struct path_arg to;
	struct vnode *v;
	int error;

	if ((unsigned)flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!((unsigned)flags & AT_SYMLINK_FOLLOW))
		how |= AT_SYMLINK_NOFOLLOW;
	v = vnode_of_arg(olddir, old, how);
	if (IS_ERR(v))
		return PTR_ERR(v);
	error = path_arg_get(&to, newdir, new);
	if (!error) {
		error = vfs_link(v, to.at, to.path);
		path_arg_put(&to);
	}
	vnode_put(v);
	return error;
}

long sys_link(uaddr_t old, uaddr_t new)
{
	return sys_linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

long sys_symlinkat(uaddr_t target, int dirfd, uaddr_t path)
{
	struct path_arg to, a;
	int error = path_arg_get(&to, AT_FDCWD, target);

	if (error)
		return error;
	error = path_arg_get(&a, dirfd, path);
	if (!error) {
		error = vfs_symlink(to.path, a.at, a.path);
		path_arg_put(&a);
	}
	path_arg_put(&to);
	return error;
}

long sys_symlink(uaddr_t target, uaddr_t path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

static long read_link(struct vnode *v, uaddr_t buf, size_t size)
{
	char *text;
	long n;

	if (!S_ISLNK(v->mode))
		return -EINVAL;
	text = kmalloc(PATH_MAX);
	if (!text)
		return -ENOMEM;
	n = v->ops->readlink(v, text, MIN(size, (size_t)PATH_MAX));
	if (n > 0 && copyout(buf, text, (size_t)n))
		n = -EFAULT;
	kfree(text);
	return n;
}

long sys_readlinkat(int dirfd, uaddr_t path, uaddr_t buf, size_t size)
{
	struct vnode *v;
	long n;

	if ((int)size <= 0)
		return -EINVAL;
	v = vnode_of_arg(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	if (IS_ERR(v))
		return PTR_ERR(v);
	n = read_link(v, buf, size);
	vnode_put(v);
	return n;
}

long sys_readlink(uaddr_t path, uaddr_t buf, size_t size)
{
	return sys_readlinkat(AT_FDCWD, path, buf, size);
}
