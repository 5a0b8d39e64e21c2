/* SPDX-License-Identifier: BSD-2-Clause */
/* sys_lock.c - flock(2), and record locks by fcntl(2). */
#include <generated/syscall_proto.h>

#include "locks.h"

#include "files.h"

#include <fs/lock.h>
#include <isolation/gate.h>
#include <isolation/proc.h>

#define TO_THE_END (~0ul)

static int base_of(struct file *f, int whence, i64 *base)
{
	struct stat64 st;

	switch (whence) {
	case SEEK_SET:
		*base = 0;
		return 0;
	case SEEK_CUR:
		*base = (i64)READ_ONCE(f->pos);
		return 0;
	case SEEK_END:
		file_stat(f, &st);
		*base = st.size;
		return 0;
	default:
		return -EINVAL;
	}
}

/* A negative length reaches back from the start: fcntl(2). */
static int range_of(struct file *f, const struct flock64 *fl, struct file_lock *lock)
{
	i64 start, base, last = 0;
	int error = base_of(f, fl->whence, &base);

	if (error)
		return error;
	if (__builtin_add_overflow(base, fl->start, &start))
		return -EOVERFLOW;
	if (fl->len > 0 && __builtin_add_overflow(start, fl->len - 1, &last))
		return -EOVERFLOW;
	if (fl->len < 0) {
		last = start - 1;
		start += fl->len;
	}
	if (start < 0)
		return -EINVAL;
	lock->start = (u64)start;
	lock->end = fl->len ? (u64)last : TO_THE_END;
	return 0;
}

static int lock_of_arg(struct file *f, uaddr_t arg, bool by_file, struct flock64 *fl, struct file_lock *lock)
{
	if (copyin(fl, arg, sizeof(*fl)))
		return -EFAULT;
	if (!f->vnode)
		return -EINVAL;
	if (fl->type != F_RDLCK && fl->type != F_WRLCK && fl->type != F_UNLCK)
		return -EINVAL;
	if (by_file && fl->pid)
		return -EINVAL;
	*lock = (struct file_lock){
		.owner = by_file ? (const void *)f : proc_current()->files,
		.exclusive = fl->type == F_WRLCK,
		.record = true,
		.pid = by_file ? -1 : proc_current()->pid,
	};
	return range_of(f, fl, lock);
}

long lock_get(struct file *f, uaddr_t arg, bool by_file)
{
	struct file_lock lock;
	struct flock64 fl;
	int error = lock_of_arg(f, arg, by_file, &fl, &lock);

	if (error)
		return error;
	if (fl.type == F_UNLCK)
		return -EINVAL;
	if (!file_lock_test(f->vnode, &lock)) {
		fl.type = F_UNLCK;
	} else {
		fl.type = lock.exclusive ? F_WRLCK : F_RDLCK;
		fl.whence = SEEK_SET;
		fl.start = (i64)lock.start;
		fl.len = lock.end == TO_THE_END ? 0 : (i64)(lock.end - lock.start + 1);
		fl.pid = lock.pid;
	}
	return copyout(arg, &fl, sizeof(fl));
}

/* Another thread closed the descriptor while this one waited: the lock must not outlive it. */
static int still_open(struct file *f, int fd)
{
	struct file *now = file_of_fd(fd);

	if (now)
		file_put(now);
	if (now == f)
		return 0;
	file_lock_drop_owner(f->vnode, proc_current()->files);
	return -EBADF;
}

long lock_set(struct file *f, int fd, uaddr_t arg, bool wait, bool by_file)
{
	unsigned mode = f->flags & O_ACCMODE;
	struct file_lock lock;
	struct flock64 fl;
	int error = lock_of_arg(f, arg, by_file, &fl, &lock);

	if (error)
		return error;
	if (fl.type == F_UNLCK)
		return file_lock_clear(f->vnode, &lock);
	if ((fl.type == F_RDLCK && mode == O_WRONLY) || (fl.type == F_WRLCK && mode == O_RDONLY))
		return -EBADF;
	error = file_lock_set(f->vnode, &lock, wait);
	return error || by_file ? error : still_open(f, fd);
}

static int lock_whole_file(struct file *f, int operation)
{
	struct file_lock lock = {.owner = f, .end = TO_THE_END, .pid = proc_current()->pid};

	if (!f->vnode || (f->flags & O_PATH))
		return -EBADF;
	switch (operation & ~LOCK_NB) {
	case LOCK_UN:
		return file_lock_clear(f->vnode, &lock);
	case LOCK_EX:
		lock.exclusive = true;
		break;
	case LOCK_SH:
		break;
	default:
		return -EINVAL;
	}
	return file_lock_set(f->vnode, &lock, !(operation & LOCK_NB));
}

long sys_flock(int fd, int operation)
{
	struct file *f = file_of_fd(fd);
	int error;

	if (!f)
		return -EBADF;
	error = lock_whole_file(f, operation);
	file_put(f);
	return restartable(error);
}
