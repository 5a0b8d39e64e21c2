/* SPDX-License-Identifier: BSD-2-Clause */
/* files.c - descriptors and paths as system calls get them; and who makes them, for fs/. */
#include "files.h"

#include <abi/linux/restart.h>
#include <abi/linux/signal.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/string.h>
#include <mm/slab.h>

bool fs_caller(struct fs_caller *c)
{
	if (!thread_is_app(current()))
		return false;

	const struct cred *cred = cred_current();

	c->fs = proc_current()->fs;
	c->uid = cred->uid;
	c->gid = cred->gid;
	c->euid = cred->fsuid;
	c->egid = cred->fsgid;
	c->ngroups = cred->ngroups;
	memcpy(c->group, cred->group, cred->ngroups * sizeof(c->group[0]));
	return true;
}

static_assert(ARRAY_SIZE(((struct cred *)0)->group) == FS_GROUPS_MAX,
	      "the groups of a cred fit");

struct file *file_of_fd(int fd)
{
	return fd_get(proc_current()->files, fd);
}

int files_unshare(struct proc *p)
{
	struct fdtable *old = p->files;
	struct fdtable *copy;

	if (!fdtable_is_shared(old))
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

unsigned fd_limit(void)
{
	return (unsigned)MIN(proc_current()->rlimit[RLIMIT_NOFILE].cur, (u64)FD_LIMIT);
}

long fd_give(struct file *f, bool cloexec)
{
	if (IS_ERR(f))
		return PTR_ERR(f);

	int fd = fd_install(proc_current()->files, f, 0, fd_limit(), cloexec);

	if (fd < 0)
		file_put(f);
	return fd;
}

long file_write_limit(u64 at, u64 n)
{
	u64 limit = READ_ONCE(proc_current()->rlimit[RLIMIT_FSIZE].cur);

	if (likely(limit == RLIM_INFINITY) || (at <= limit && n <= limit - at))
		return (long)n;
	if (at < limit)
		return (long)(limit - at);
	signal_send_current(SIGXFSZ);
	return -EFBIG;
}

int file_size_limit(u64 end)
{
	if (end <= READ_ONCE(proc_current()->rlimit[RLIMIT_FSIZE].cur))
		return 0;
	signal_send_current(SIGXFSZ);
	return -EFBIG;
}

/* Where a relative path begins. */
static int start_of(int dirfd, struct vnode **at)
{
	*at = NULL;
	if (dirfd == AT_FDCWD)
		return 0;

	struct file *f = file_of_fd(dirfd);
	int error = 0;

	if (!f)
		return -EBADF;
	if (!f->vnode || !S_ISDIR(f->vnode->mode)) {
		error = -ENOTDIR;
	} else {
		*at = f->vnode;
		vnode_get(*at);
	}
	file_put(f);
	return error;
}

int path_arg_get_in(struct path_arg *a, int dirfd, uaddr_t path, bool always)
{
	long error;

	*a = (struct path_arg){.path = kmalloc(PATH_MAX)};
	if (!a->path)
		return -ENOMEM;
	error = copyinstr(a->path, path, PATH_MAX);
	if (error >= 0)
		error = a->path[0] && (always || a->path[0] != '/') ? start_of(dirfd, &a->at) : 0;
	if (error)
		kfree(a->path);
	return (int)error;
}

int path_arg_get(struct path_arg *a, int dirfd, uaddr_t path)
{
	return path_arg_get_in(a, dirfd, path, false);
}

void path_arg_put(struct path_arg *a)
{
	vnode_put(a->at);
	kfree(a->path);
}

static struct vnode *vnode_of_fd(int fd)
{
	if (fd == AT_FDCWD)
		return caller_cwd();

	struct file *f = file_of_fd(fd);
	struct vnode *v = f ? f->vnode : NULL;

	if (v)
		vnode_get(v);
	if (f)
		file_put(f);
	return v ? v : ERR_PTR(f ? -EINVAL : -EBADF);
}

struct vnode *vnode_of_arg(int dirfd, uaddr_t path, unsigned flags)
{
	struct path_arg a;
	struct vnode *v;
	int error = path_arg_get(&a, dirfd, path);

	if (error)
		return ERR_PTR(error);
	if (!a.path[0] && (flags & AT_EMPTY_PATH))
		v = vnode_of_fd(dirfd);
	else
		v = vfs_lookup(a.at, a.path, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	path_arg_put(&a);
	return v;
}

long restartable(long n)
{
	return n == -EINTR ? -ERESTARTSYS : n;
}
