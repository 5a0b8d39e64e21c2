/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_copy.c - from file to file without the application: sendfile(2), copy_file_range(2); and what
 * concerns the storage of one file: sizes and synchronisation.
 */
#include <generated/syscall_proto.h>

#include "files.h"

#include <abi/linux/signal.h>
#include <core/block.h>
#include <isolation/gate.h>
#include <mm/object.h>
#include <mm/slab.h>

#define COPY_CHUNK 16384u
#define COPY_MAX 0x7ffff000ul

/* One buffer full. *in_pos advances by what was written. Bytes, 0 at the end, -errno. */
static long copy_chunk(struct file *out, struct file *in, u64 *in_pos, u64 *out_pos, void *buffer,
		       u64 size)
{
	struct iovec64 iov;
	struct uio u;
	u64 pos = *in_pos;

	uio_kernel(&u, &iov, buffer, size);

	long n = file_read(in, &u, &pos);

	if (n <= 0)
		return n;
	uio_kernel(&u, &iov, buffer, (u64)n);
	n = file_write(out, &u, out_pos);
	if (n > 0)
		*in_pos += (u64)n;
	return n;
}

/* out_pos NULL: out's own. */
static long copy(struct file *out, struct file *in, u64 *in_pos, u64 *out_pos, u64 count)
{
	void *buffer = kmalloc(COPY_CHUNK);
	u64 done = 0;
	long n = buffer ? 0 : -ENOMEM;

	count = MIN(count, COPY_MAX);
	while (!n && done < count && !(done && thread_interrupted())) {
		n = copy_chunk(out, in, in_pos, out_pos, buffer, MIN(count - done, COPY_CHUNK));
		if (n <= 0)
			break;
		done += (u64)n;
		n = 0;
	}
	kfree(buffer);
	if (n == -EPIPE)
		signal_send_current(SIGPIPE);
	return done ? (long)done : restartable(n);
}

/* A position argument: the one at `arg`, or the file's own when arg is 0. */
static int position_get(struct file *f, uaddr_t arg, u64 *pos)
{
	if (arg)
		return copyin(pos, arg, sizeof(*pos)) ? -EFAULT : (i64)*pos < 0 ? -EINVAL : 0;
	*pos = READ_ONCE(f->pos);
	return 0;
}

static int position_put(struct file *f, uaddr_t arg, u64 pos)
{
	if (arg)
		return copyout(arg, &pos, sizeof(pos));
	f->ops->seek(f, (i64)pos, SEEK_SET);
	return 0;
}

static bool is_regular(const struct file *f)
{
	return f->vnode && S_ISREG(f->vnode->mode) && f->ops->seek;
}

static long send_file(struct file *out, struct file *in, uaddr_t offset, size_t count)
{
	u64 pos;
	int error;

	if (!is_regular(in) || (out->flags & O_APPEND))
		return -EINVAL;
	error = position_get(in, offset, &pos);
	if (error)
		return error;

	long n = copy(out, in, &pos, NULL, count);

	if (n > 0)
		error = position_put(in, offset, pos);
	return error ? error : n;
}

long sys_sendfile(int out, int in, uaddr_t offset, size_t count)
{
	struct file *from = file_of_fd(in), *to = file_of_fd(out);
	long n = from && to ? send_file(to, from, offset, count) : -EBADF;

	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return n;
}

static int check_copy_range(const struct file *in, const struct file *out, unsigned flags)
{
	if (!in || !out || (out->flags & O_APPEND))
		return -EBADF;
	if ((in->vnode && S_ISDIR(in->vnode->mode)) || (out->vnode && S_ISDIR(out->vnode->mode)))
		return -EISDIR;
	return flags || !is_regular(in) || !is_regular(out) ? -EINVAL : 0;
}

static long copy_range(struct file *in, uaddr_t off_in, struct file *out, uaddr_t off_out, u64 len)
{
	u64 in_pos, out_pos;
	int error = position_get(in, off_in, &in_pos);

	if (!error)
		error = position_get(out, off_out, &out_pos);
	if (!error && in->vnode == out->vnode && in_pos < out_pos + len && out_pos < in_pos + len)
		error = -EINVAL; /* overlapping */
	if (error)
		return error;

	long n = copy(out, in, &in_pos, &out_pos, len);

	if (n > 0)
		error = position_put(in, off_in, in_pos);
	if (n > 0 && !error)
		error = position_put(out, off_out, out_pos);
	return error ? error : n;
}

long sys_copy_file_range(int in, uaddr_t off_in, int out, uaddr_t off_out, size_t len,
			 unsigned flags)
{
	struct file *from = file_of_fd(in), *to = file_of_fd(out);
	long n = check_copy_range(from, to, flags);

	if (!n)
		n = copy_range(from, off_in, to, off_out, MIN(len, COPY_MAX));
	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return n;
}

long sys_truncate(uaddr_t path, i64 length)
{
	struct vnode *v = vnode_of_arg(AT_FDCWD, path, 0);
	int error;

	if (IS_ERR(v))
		return PTR_ERR(v);
	error = length < 0 ? -EINVAL : vnode_access(v, W_OK, false);
	if (!error)
		error = file_size_limit((u64)length);
	if (!error)
		error = vfs_truncate(v, (u64)length);
	vnode_put(v);
	return error;
}

static bool is_writable(const struct file *f)
{
	return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_RDONLY;
}

long sys_ftruncate(int fd, i64 length)
{
	struct file *f = file_of_fd(fd);
	int error;

	if (!f)
		return -EBADF;
	if (length < 0 || !is_writable(f) || !f->ops->truncate)
		error = -EINVAL;
	else
		error = file_size_limit((u64)length);
	if (!error)
		error = f->ops->truncate(f, (u64)length);
	file_put(f);
	return error;
}

/* Every page of the range is there afterwards, and the file is at least as long, unless it is to keep its size. */
static int allocate(struct file *f, u64 offset, u64 len, bool keep_size)
{
	struct vm_object *obj = f->ops->object(f);
	u64 end = offset + len;

	if (!keep_size && end > READ_ONCE(obj->size) && (obj->seals & F_SEAL_GROW))
		return -EPERM;
	for (u64 i = offset >> PAGE_SHIFT; i <= (end - 1) >> PAGE_SHIFT; i++) {
		int error = 0;
		struct page *page = object_page(obj, i, true, &error);

		if (!page)
			return -ENOSPC;
		page_put(page);
		if (thread_interrupted())
			return -EINTR;
	}
	return !keep_size && end > READ_ONCE(obj->size) ? f->ops->truncate(f, end) : 0;
}

static int allocate_or_punch(struct file *f, unsigned mode, u64 offset, u64 len)
{
	int error;

	switch (mode) {
	case 0:
		error = file_size_limit(offset + len);
		return error ? error : allocate(f, offset, len, false);
	case FALLOC_FL_KEEP_SIZE:
		return allocate(f, offset, len, true);
	case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
		return f->ops->punch ? f->ops->punch(f, offset, len) : -EOPNOTSUPP;
	default:
		return -EOPNOTSUPP;
	}
}

long sys_fallocate(int fd, int mode, i64 offset, i64 len)
{
	struct file *f = file_of_fd(fd);
	int error;

	if (!f)
		return -EBADF;
	if (offset < 0 || len <= 0)
		error = -EINVAL;
	else if (!is_writable(f))
		error = -EBADF;
	else if (!f->ops->seek)
		error = -ESPIPE;
	else if (!f->ops->object || !f->ops->truncate)
		error = -ENODEV;
	else if (offset + (u64)len > (u64)INT64_MAX)
		error = -EFBIG;
	else
		error = allocate_or_punch(f, (unsigned)mode, (u64)offset, (u64)len);
	file_put(f);
	return error;
}

static long sync_file(int fd)
{
	struct file *f = file_of_fd(fd);
	int error;

	if (!f)
		return -EBADF;
	error = f->ops->sync ? f->ops->sync(f) : f->flags & O_PATH ? -EBADF : -EINVAL;
	file_put(f);
	return error;
}

long sys_fsync(int fd)
{
	return sync_file(fd);
}

long sys_fdatasync(int fd)
{
	return sync_file(fd);
}

/* All file systems are in memory: there is nowhere to write them to. */
long sys_sync(void)
{
	return 0;
}

static long only_check(int fd, bool seekable)
{
	struct file *f = file_of_fd(fd);
	bool stream = f && !f->ops->seek;

	if (!f)
		return -EBADF;
	file_put(f);
	return seekable && stream ? -ESPIPE : 0;
}

long sys_syncfs(int fd)
{
	return only_check(fd, false);
}

/* As fsync: there is no device behind a file that a part of it could be written to. */
long sys_sync_file_range(int fd, i64 offset, i64 len, unsigned flags)
{
	i64 end;

	if ((flags & ~SYNC_FILE_RANGE_ALL) || offset < 0 || len < 0 || __builtin_add_overflow(offset, len, &end))
		return -EINVAL;
	return only_check(fd, true);
}

/* Files are in memory already: only whether the descriptor could be read. */
long sys_readahead(int fd, i64 offset, size_t count)
{
	struct file *f = file_of_fd(fd);
	long answer = 0;

	(void)offset, (void)count;
	if (!f)
		return -EBADF;
	if ((f->flags & O_PATH) || (f->flags & O_ACCMODE) == O_WRONLY)
		answer = -EBADF;
	else if (!f->vnode || !S_ISREG(f->vnode->mode))
		answer = -EINVAL;
	file_put(f);
	return answer;
}

/* Advice is accepted: files are in memory already. */
long sys_fadvise64(int fd, i64 offset, size_t len, int advice)
{
	(void)offset, (void)len;
	return advice < 0 || advice > 5 ? -EINVAL : only_check(fd, true);
}
