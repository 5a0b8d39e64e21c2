/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_rw.c - moving bytes between descriptors and memory: read(2), write(2), their vectors and
 * positions; lseek(2).
 */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/signal.h>
#include <isolation/gate.h>
#include <mm/slab.h>

#define RW_MAX 0x7ffff000ul /* as Linux cuts larger ones: read(2), "Notes" */
#define IOV_FEW 8

enum way { READ, WRITE };

/* pos NULL: the file's own. */
static long transfer(int fd, struct uio *u, u64 *pos, enum way way)
{
	struct file *f = file_of_fd(fd);
	long n;

	if (!f)
		return -EBADF;
	if (pos && !f->ops->seek)
		n = -ESPIPE;
	else
		n = way == READ ? file_read(f, u, pos) : file_write(f, u, pos);
	file_put(f);
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

static long transfer_vector(int fd, uaddr_t iov, int n, u64 *pos, enum way way)
{
	struct iovec64 few[IOV_FEW], *all = few;
	long answer;

	if (n < 0 || n > IOV_MAX)
		return -EINVAL;
	if (n > IOV_FEW)
		all = kmalloc((size_t)n * sizeof(*all));
	if (!all)
		return -ENOMEM;

	struct uio u = {.iov = all, .niov = (unsigned)n};

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
	return transfer_vector(fd, iov, iovcnt, NULL, READ);
}

long sys_writev(int fd, uaddr_t iov, int iovcnt)
{
	return transfer_vector(fd, iov, iovcnt, NULL, WRITE);
}

/*
 * On a 64-bit machine the low word is the whole offset: preadv(2), "C library/kernel differences".
 */
long sys_preadv(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h)
{
	u64 pos = pos_l;

	(void)pos_h;
	return (i64)pos < 0 ? -EINVAL : transfer_vector(fd, iov, iovcnt, &pos, READ);
}

long sys_pwritev(int fd, uaddr_t iov, int iovcnt, unsigned long pos_l, unsigned long pos_h)
{
	u64 pos = pos_l;

	(void)pos_h;
	return (i64)pos < 0 ? -EINVAL : transfer_vector(fd, iov, iovcnt, &pos, WRITE);
}

long sys_lseek(int fd, i64 offset, int whence)
{
	struct file *f = file_of_fd(fd);
	long pos;

	if (!f)
		return -EBADF;
	pos = f->ops->seek ? f->ops->seek(f, offset, whence) : f->flags & O_PATH ? -EBADF : -ESPIPE;
	file_put(f);
	return pos;
}
