/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_stat.c - what files are: the stat(2) family, access(2), statfs(2). */
#include <generated/syscall_proto.h>

#include "files.h"

#include <core/time.h>
#include <isolation/gate.h>
#include <lib/string.h>
#include <mm/page.h>
#include <uapi/linux/statfs.h>
#include <uapi/linux/statx.h>

/* What statx(2) knows beyond stat(2). */
struct extra {
	u64 btime, mount; /* btime 0: not known */
	bool is_mount_root;
};

static void know_more(const struct vnode *v, struct extra *more)
{
	if (!more || !v)
		return;
	more->btime = v->ops->fs_magic == TMPFS_MAGIC ? v->btime : 0;
	more->mount = v->dev; /* each file system is mounted once */
	more->is_mount_root = vnode_is_mount_root(v);
}

static int stat_fd(int fd, struct stat64 *st, struct extra *more)
{
	struct call_fds fds = call_fds();
	struct file *f = call_fd_get(fds, fd);
	int error;

	if (!f)
		return -EBADF;
	error = file_stat(f, st);
	know_more(f->vnode, more);
	call_fd_put(fds, f);
	return error;
}

/* An empty path names the descriptor itself, whatever it is, a vnode or not. */
static int is_empty(uaddr_t path)
{
	char first;

	return copyin(&first, path, 1) ? -EFAULT : !first;
}

static int stat_at(int dirfd, uaddr_t path, unsigned flags, struct stat64 *st, struct extra *more)
{
	if ((flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD) {
		int empty = path ? is_empty(path) : 1;

		if (empty)
			return empty < 0 ? empty : stat_fd(dirfd, st, more);
	}

	struct vnode *v = vnode_of_arg(dirfd, path, flags);

	if (IS_ERR(v))
		return (int)PTR_ERR(v);
	vnode_getattr(v, st);
	know_more(v, more);
	vnode_put(v);
	return 0;
}

static long give_stat(int error, uaddr_t to, const struct stat64 *st)
{
	return error ? error : copyout(to, st, sizeof(*st));
}

long sys_newfstatat(int dirfd, uaddr_t path, uaddr_t to, int flags)
{
	struct stat64 st;
	unsigned known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;

	if ((unsigned)flags & ~known)
		return -EINVAL;
	return give_stat(stat_at(dirfd, path, (unsigned)flags, &st, NULL), to, &st);
}

long sys_stat(uaddr_t path, uaddr_t to)
{
	return sys_newfstatat(AT_FDCWD, path, to, 0);
}

long sys_lstat(uaddr_t path, uaddr_t to)
{
	return sys_newfstatat(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, uaddr_t to)
{
	struct stat64 st;

	return give_stat(stat_fd(fd, &st, NULL), to, &st);
}

static u32 major_of(u64 dev)
{
	return (u32)(dev >> 8 & 0xfff);
}

static u32 minor_of(u64 dev)
{
	return (u32)((dev & 0xff) | (dev >> 12 & 0xfff00));
}

static struct statx_time statx_time(const struct timespec64 *t)
{
	return (struct statx_time){.sec = t->sec, .nsec = (u32)t->nsec};
}

long sys_statx(int dirfd, uaddr_t path, int flags, unsigned mask, uaddr_t to)
{
	struct extra more = {0};
	struct statx64 x;
	struct stat64 st;
	unsigned known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
	int error;

	if (((unsigned)flags & ~known) || (mask & STATX_RESERVED) ||
	    ((unsigned)flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	error = stat_at(dirfd, path, (unsigned)flags, &st, &more);
	if (error)
		return error;
	memzero(&x, sizeof(x));
	x.mask = STATX_BASIC_STATS | STATX_MNT_ID | (more.btime ? STATX_BTIME : 0);
	x.mnt_id = more.mount;
	x.btime = (struct statx_time){.sec = (i64)(more.btime / NSEC_PER_SEC), .nsec = (u32)(more.btime % NSEC_PER_SEC)};
	x.attributes_mask = STATX_ATTR_MOUNT_ROOT;
	x.attributes = more.is_mount_root ? STATX_ATTR_MOUNT_ROOT : 0;
	x.blksize = (u32)st.blksize;
	x.nlink = (u32)st.nlink;
	x.uid = st.uid;
	x.gid = st.gid;
	x.mode = (u16)st.mode;
	x.ino = st.ino;
	x.size = (u64)st.size;
	x.blocks = (u64)st.blocks;
	x.atime = statx_time(&st.atime);
	x.mtime = statx_time(&st.mtime);
	x.ctime = statx_time(&st.ctime);
	x.rdev_major = major_of(st.rdev);
	x.rdev_minor = minor_of(st.rdev);
	x.dev_major = major_of(st.dev);
	x.dev_minor = minor_of(st.dev);
	return copyout(to, &x, sizeof(x));
}

long sys_faccessat2(int dirfd, uaddr_t path, int mode, int flags)
{
	unsigned how = (unsigned)flags;
	struct vnode *v;
	int error;

	if ((mode & ~7) || (how & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	v = vnode_of_arg(dirfd, path, how & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
	if (IS_ERR(v))
		return PTR_ERR(v);
	error = vnode_access(v, (unsigned)mode, !(how & AT_EACCESS));
	vnode_put(v);
	return error;
}

long sys_faccessat(int dirfd, uaddr_t path, int mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

long sys_access(uaddr_t path, int mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

static long give_statfs(u64 dev, u32 magic, uaddr_t to)
{
	struct memory_stats memory;
	struct statfs64 s;

	memzero(&s, sizeof(s));
	s.type = magic;
	s.bsize = s.frsize = PAGE_SIZE;
	s.namelen = NAME_MAX;
	s.flags = ST_VALID;
	s.fsid[0] = (i32)dev;
	if (magic == TMPFS_MAGIC) { /* a file may take all memory there is */
		page_stats(&memory);
		s.blocks = memory.total_pages;
		s.bfree = s.bavail = memory.free_pages;
		s.files = s.blocks;
		s.ffree = s.bfree;
	}
	return copyout(to, &s, sizeof(s));
}

long sys_statfs(uaddr_t path, uaddr_t to)
{
	struct vnode *v = vnode_of_arg(AT_FDCWD, path, 0);
	long answer;

	if (IS_ERR(v))
		return PTR_ERR(v);
	answer = give_statfs(v->dev, v->ops->fs_magic, to);
	vnode_put(v);
	return answer;
}

long sys_fstatfs(int fd, uaddr_t to)
{
	struct file *f = file_of_fd(fd);
	long answer;

	if (!f)
		return -EBADF;
	if (f->vnode)
		answer = give_statfs(f->vnode->dev, f->vnode->ops->fs_magic, to);
	else
		answer = give_statfs(0, PIPEFS_MAGIC, to);
	file_put(f);
	return answer;
}
