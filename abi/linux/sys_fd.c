/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys_fd.c - descriptors themselves: dup(2), pipe(2), ioctl(2), and the part of fcntl(2) that is
 * not about locks.
 */
#include <generated/syscall_proto.h>

#include "files.h"

#include "locks.h"

#include <fs/devpts.h>
#include <fs/pipe.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <uapi/linux/ioctl.h>
#include <uapi/linux/termios.h>

#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

static struct fdtable *files(void)
{
	return proc_current()->files;
}

static long duplicate(int fd, int min, bool cloexec)
{
	struct file *f = file_of_fd(fd);
	int new;

	if (!f)
		return -EBADF;
	new = fd_install(files(), f, min, fd_limit(), cloexec);
	if (new < 0)
		file_put(f);
	return new;
}

long sys_dup(int fd)
{
	return duplicate(fd, 0, false);
}

static long duplicate_to(int old, int new, bool cloexec)
{
	struct file *f = file_of_fd(old);
	int fd;

	if (!f)
		return -EBADF;
	fd = fd_install_at(files(), f, new, fd_limit(), cloexec);
	if (fd < 0)
		file_put(f);
	return fd;
}

long sys_dup2(int old, int new)
{
	if (old == new)
		return fd_get_cloexec(files(), old) < 0 ? -EBADF : new;
	return duplicate_to(old, new, false);
}

long sys_dup3(int old, int new, int flags)
{
	if (old == new || ((unsigned)flags & ~O_CLOEXEC))
		return -EINVAL;
	return duplicate_to(old, new, (unsigned)flags & O_CLOEXEC);
}

long sys_pipe2(uaddr_t fds, int flags)
{
	unsigned how = (unsigned)flags;
	bool cloexec = how & O_CLOEXEC;
	struct file *reader, *writer;
	int fd[2], error;

	if (how & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(&reader, &writer, how);
	if (error)
		return error;
	fd[0] = (int)fd_give(reader, cloexec);
	if (fd[0] < 0) {
		file_put(writer);
		return fd[0];
	}
	fd[1] = (int)fd_give(writer, cloexec);
	error = fd[1] < 0 ? fd[1] : copyout(fds, fd, sizeof(fd));
	if (error) {
		fd_close(files(), fd[0]);
		if (fd[1] >= 0)
			fd_close(files(), fd[1]);
	}
	return error;
}

long sys_pipe(uaddr_t fds)
{
	return sys_pipe2(fds, 0);
}

static void set_status(struct file *f, unsigned mask, unsigned flags)
{
	mutex_lock(&f->pos_lock);
	f->flags = (f->flags & ~mask) | (flags & mask);
	mutex_unlock(&f->pos_lock);
}

static long do_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	unsigned flag = cmd == FIONBIO ? O_NONBLOCK : O_ASYNC;
	int on;

	if (cmd == FIONBIO || cmd == FIOASYNC) {
		if (copyin(&on, arg, sizeof(on)))
			return -EFAULT;
		set_status(f, flag, on ? flag : 0);
		return 0;
	}
	if (cmd == TIOCGPTPEER)
		return fd_give(devpts_open_peer(f, (unsigned)arg), arg & O_CLOEXEC);
	return f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}

long sys_ioctl(int fd, unsigned cmd, uaddr_t arg)
{
	struct file *f;
	long answer;

	if (cmd == FIOCLEX || cmd == FIONCLEX)
		return fd_set_cloexec(files(), fd, cmd == FIOCLEX);
	f = file_of_fd(fd);
	if (!f)
		return -EBADF;
	answer = f->flags & O_PATH ? -EBADF : do_ioctl(f, cmd, arg);
	file_put(f);
	return restartable(answer);
}

/* What needs the file rather than its descriptor. */
static long fcntl_file(struct file *f, int fd, int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_GETFL:
		return READ_ONCE(f->flags);
	case F_SETFL:
		set_status(f, STATUS_FLAGS, (unsigned)arg);
		return 0;
	case F_GETLK:
	case F_OFD_GETLK:
		return lock_get(f, arg, cmd == F_OFD_GETLK);
	case F_SETLK:
	case F_SETLKW:
		return restartable(lock_set(f, fd, arg, cmd == F_SETLKW, false));
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return restartable(lock_set(f, fd, arg, cmd == F_OFD_SETLKW, true));
	case F_SETOWN:
		WRITE_ONCE(f->owner, (int)arg);
		return 0;
	case F_GETOWN:
		return READ_ONCE(f->owner);
	case F_GETPIPE_SZ:
		return pipe_size(f);
	case F_ADD_SEALS:
		return vfs_add_seals(f, (unsigned)arg);
	case F_GET_SEALS:
		return vfs_get_seals(f);
	case F_SETPIPE_SZ:
		return pipe_resize(f, (unsigned)arg);
	default:
		return -EINVAL;
	}
}

static bool works_on_path_only(int cmd)
{
	return cmd == F_GETFL;
}

long sys_fcntl(int fd, int cmd, unsigned long arg)
{
	struct file *f;
	long answer;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate(fd, (int)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_get_cloexec(files(), fd);
	case F_SETFD:
		return fd_set_cloexec(files(), fd, arg & FD_CLOEXEC);
	}
	f = file_of_fd(fd);
	if (!f)
		return -EBADF;
	if ((f->flags & O_PATH) && !works_on_path_only(cmd))
		answer = -EBADF;
	else
		answer = fcntl_file(f, fd, cmd, arg);
	file_put(f);
	return answer;
}
