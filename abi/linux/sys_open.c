/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_open.c - open(2), openat2(2), memfd_create(2), close(2), umask(2). */
#include <generated/syscall_proto.h>

#include "files.h"

#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>

long sys_openat(int dirfd, uaddr_t path, int flags, unsigned mode)
{
	struct path_arg a;
	long fd = path_arg_get(&a, dirfd, path);

	if (fd)
		return fd;
	fd = fd_give(vfs_open_at(a.at, a.path, (unsigned)flags, mode, 0), (unsigned)flags & O_CLOEXEC);
	path_arg_put(&a);
	return restartable(fd);
}

/* openat(2) ignores what it does not know; this one does not. */
static int check_how(const struct open_how *how)
{
	bool makes = (how->flags & O_CREAT) || (how->flags & O_TMPFILE_ONLY);
	u64 resolve = how->resolve;

	if ((how->flags & ~(u64)O_ALL) || (resolve & ~(u64)RESOLVE_ALL) || (resolve & RESOLVE_SCOPED) == RESOLVE_SCOPED)
		return -EINVAL;
	if (how->mode & ~(makes ? 07777ul : 0))
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(u64)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
		return -EINVAL;
	return (resolve & RESOLVE_CACHED) && (makes || (how->flags & O_TRUNC)) ? -EAGAIN : 0;
}

/* A structure that may grow: what this kernel does not know must be zero. */
static int copyin_how(struct open_how *how, uaddr_t from, size_t size)
{
	u8 more[64];

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copyin(how, from, sizeof(*how)))
		return -EFAULT;
	for (size_t at = sizeof(*how), n; at < size; at += n) {
		n = MIN(size - at, sizeof(more));
		if (copyin(more, from + at, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (more[i])
				return -E2BIG;
	}
	return 0;
}

long sys_openat2(int dirfd, uaddr_t path, uaddr_t uhow, size_t size)
{
	struct open_how how;
	struct path_arg a;
	long fd = copyin_how(&how, uhow, size);

	if (!fd)
		fd = check_how(&how);
	if (!fd)
		fd = path_arg_get_in(&a, dirfd, path, how.resolve & RESOLVE_IN_ROOT);
	if (fd)
		return fd;
	fd = fd_give(vfs_open_at(a.at, a.path, (unsigned)how.flags, (unsigned)how.mode, (unsigned)how.resolve),
		     how.flags & O_CLOEXEC);
	path_arg_put(&a);
	return restartable(fd);
}

long sys_open(uaddr_t path, int flags, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

long sys_creat(uaddr_t path, unsigned mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long sys_memfd_create(uaddr_t uname, unsigned flags)
{
	char name[MFD_NAME_MAX + 1];
	long n;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	n = copyinstr(name, uname, sizeof(name));
	if (n < 0)
		return n == -ENAMETOOLONG ? -EINVAL : n;
	return fd_give(vfs_memfd(name, flags & MFD_ALLOW_SEALING), flags & MFD_CLOEXEC);
}

long sys_close(int fd)
{
	return fd_close(proc_current()->files, fd);
}

/*
 * CLOSE_RANGE_UNSHARE: a table of its own first. Other threads would lose their descriptors with the caller, and may be about to
 * use the old table; who is alone remains so until it makes another.
 */
static int unshare_files(struct proc *p)
{
	if (!proc_is_single(p)) {
		refuse("close_range", EINVAL, "threads of one process share files and directories here");
		return -EINVAL;
	}
	return files_unshare(p);
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		int error = unshare_files(proc_current());

		if (error)
			return error;
	}
	return fd_close_range(proc_current()->files, first, last, flags & CLOSE_RANGE_CLOEXEC);
}

long sys_umask(unsigned mask)
{
	struct fsctx *c = proc_current()->fs;

	mutex_lock(&c->lock);

	unsigned old = c->umask;

	c->umask = mask & 0777;
	mutex_unlock(&c->lock);
	return old;
}
