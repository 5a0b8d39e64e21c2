/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_rw.c - moving bytes between descriptors and memory: read(2), write(2), their vectors and
 * positions; lseek(2).
 */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/signal.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <mm/slab.h>

#define RW_MAX 0x7ffff000ul /* as Linux cuts larger ones: read(2), "Notes" */
#define IOV_FEW 8

enum way { READ, WRITE };

/* Cuts a write to what RLIMIT_FSIZE allows. Only regular files have a size. 0 or -EFBIG. */
static __cold long limit_write(struct file *f, struct uio *u, const u64 *pos)
{
	struct stat64 st;
	u64 at = pos ? *pos : READ_ONCE(f->pos);

	if (!u->left || !f->vnode || !S_ISREG(f->vnode->mode))
		return 0;
	if ((f->flags & O_APPEND) || u->append) {
		file_stat(f, &st);
		at = (u64)st.size;
	}

	long n = file_write_limit(at, u->left);

	if (n > 0)
		u->left = (u64)n;
	return n < 0 ? n : 0;
}

static long write_limited(struct file *f, struct uio *u, u64 *pos)
{
	bool limited = proc_current()->rlimit[RLIMIT_FSIZE].cur != RLIM_INFINITY;
	long error = limited ? limit_write(f, u, pos) : 0;

	return error ? error : file_write(f, u, pos);
}

/* pos NULL: the file's own. Inline, since each caller knows the way. */
static inline long transfer(int fd, struct uio *u, u64 *pos, enum way way)
{
	struct call_fds fds = call_fds();
	struct file *f = call_fd_get(fds, fd);
	long n;

	if (!f)
		return -EBADF;
	if (pos && !f->ops->seek)
		n = -ESPIPE;
	else
		n = way == READ ? file_read(f, u, pos) : write_limited(f, u, pos);
	call_fd_put(fds, f);
	if (n == -EPIPE && way == WRITE)
		signal_send_current(SIGPIPE);
	return restartable(n);
}

static long transfer_one(int fd, uaddr_t buf, size_t count, u64 *pos, enum way way)
{
	struct iovec64 iov;
	struct uio u;

	uio_user(&u, &iov, buf, MIN(count, RW_MAX));
	return transfer(fd, &u, pos, way);
}

/* Adds the segments up and cuts them to RW_MAX. */
static long check_segments(struct uio *u)
{
	for (unsigned i = 0; i < u->niov; i++) {
		if (u->iov[i].len > (u64)INT64_MAX)
			return -EINVAL;
		u->iov[i].len = MIN(u->iov[i].len, RW_MAX - u->left);
		u->left += u->iov[i].len;
	}
	return 0;
}

static long transfer_vector(int fd, uaddr_t iov, int n, u64 *pos, enum way way, bool append)
{
	struct iovec64 few[IOV_FEW], *all = few;
	long answer;

	if (n < 0 || n > IOV_MAX)
		return -EINVAL;
	if (n > IOV_FEW)
		all = kmalloc((size_t)n * sizeof(*all));
	if (!all)
		return -ENOMEM;

	struct uio u = {.iov = all, .niov = (unsigned)n, .append = append};

	answer = copyin(all, iov, (size_t)n * sizeof(*all));
	if (!answer)
		answer = check_segments(&u);
	if (!answer)
		answer = transfer(fd, &u, pos, way);
	if (all != few)
		kfree(all);
	return answer;
}

long sys_read(int fd, uaddr_t buf, size_t count)
{
	return transfer_one(fd, buf, count, NULL, READ);
}

long sys_write(int fd, uaddr_t buf, size_t count)
{
	return transfer_one(fd, buf, count, NULL, WRITE);
}

long sys_pread64(int fd, uaddr_t buf, size_t count, i64 offset)
{
	u64 pos = (u64)offset;

	return offset < 0 ? -EINVAL : transfer_one(fd, buf, count, &pos, READ);
}

long sys_pwrite64(int fd, uaddr_t buf, size_t count, i64 offset)
{
	u64 pos = (u64)offset;

	return offset < 0 ? -EINVAL : transfer_one(fd, buf, count, &pos, WRITE);
}

long sys_readv(int fd, uaddr_t iov, int iovcnt)
{
	return transfer_vector(fd, iov, iovcnt, NULL, READ, false);
}

long sys_writev(int fd, uaddr_t iov, int iovcnt)
{
	return transfer_vector(fd, iov, iovcnt, NULL, WRITE, false);
}

/*
 * On a 64-bit machine the low word is the whole offset: preadv(2), "C library/kernel differences".
 */
long sys_preadv(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h)
{
	u64 pos = pos_l;

	(void)pos_h;
	return (i64)pos < 0 ? -EINVAL : transfer_vector(fd, iov, iovcnt, &pos, READ, false);
}

long sys_pwritev(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h)
{
	u64 pos = pos_l;

	(void)pos_h;
	return (i64)pos < 0 ? -EINVAL : transfer_vector(fd, iov, iovcnt, &pos, WRITE, false);
}

/* Position -1 is the file's own. */
static long transfer_flagged(int fd, uaddr_t iov, int n, i64 pos, int flags, enum way way)
{
	u64 at = (u64)pos;

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | (way == WRITE ? RWF_APPEND : 0)))
		return -EOPNOTSUPP;
	if (pos < -1)
		return -EINVAL;
	return transfer_vector(fd, iov, n, pos == -1 ? NULL : &at, way, flags & RWF_APPEND);
}

long sys_preadv2(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h, int flags)
{
	(void)pos_h;
	return transfer_flagged(fd, iov, iovcnt, (i64)pos_l, flags, READ);
}

long sys_pwritev2(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h, int flags)
{
	(void)pos_h;
	return transfer_flagged(fd, iov, iovcnt, (i64)pos_l, flags, WRITE);
}

long sys_lseek(int fd, i64 offset, int whence)
{
	struct call_fds fds = call_fds();
	struct file *f = call_fd_get(fds, fd);
	long pos;

	if (!f)
		return -EBADF;
	pos = f->ops->seek ? f->ops->seek(f, offset, whence) : f->flags & O_PATH ? -EBADF : -ESPIPE;
	call_fd_put(fds, f);
	return pos;
}
