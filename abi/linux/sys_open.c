/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_open.c - open(2), close(2), umask(2). */
#include <generated/syscall_proto.h>

#include "files.h"

#include <isolation/proc.h>

long sys_openat(int dirfd, uaddr_t path, int flags, unsigned mode)
{
	struct path_arg a;
	long fd = path_arg_get(&a, dirfd, path);

	if (fd)
		return fd;
	fd = fd_give(vfs_open_at(a.at, a.path, (unsigned)flags, mode), (unsigned)flags & O_CLOEXEC);
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

long sys_close(int fd)
{
	return fd_close(proc_current()->files, fd);
}

/* CLOSE_RANGE_UNSHARE: this thread gets a table of its own first. */
static int unshare_files(struct proc *p)
{
	struct fdtable *old = p->files;
	struct fdtable *copy;

	if (READ_ONCE(old->refs) == 1)
		return 0;
	copy = fdtable_copy(old);
	if (!copy)
		return -ENOMEM;

	u64 irq = spin_lock_irqsave(&p->siglock);

	p->files = copy;
	spin_unlock_irqrestore(&p->siglock, irq);
	fdtable_put(old);
	return 0;
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
