/* SPDX-License-Identifier: BSD-2-Clause */
/* What the file calls have in common: arguments that are descriptors and paths. */
#ifndef ABI_LINUX_FILES_H
#define ABI_LINUX_FILES_H

#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/path.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/types.h>
#include <uapi/linux/fcntl.h>

/* The file of a descriptor of the current process, with a reference; NULL: EBADF. */
struct file *file_of_fd(int fd);

/*
 * The descriptors of the current process in a call that closes none and starts no thread. A thread that has the table
 * to itself is the only one that could close them: the table's reference to a file is enough for the length of the call.
 */
struct call_fds {
	struct fdtable *table;
	bool shared;
};
/* Another thread that has just ended, or left the table, has done with it: hence the order of the loads. */
static inline struct call_fds call_fds(void)
{
	struct proc *p = proc_current();
	bool alone = __atomic_load_n(&p->ntasks, __ATOMIC_ACQUIRE) == 1 && !fdtable_is_shared(p->files);

	return (struct call_fds){.table = p->files, .shared = !alone};
}
/* NULL: EBADF. */
static inline struct file *call_fd_get(struct call_fds fds, int fd)
{
	return fds.shared ? fd_get(fds.table, fd) : fd_peek(fds.table, fd);
}
static inline void call_fd_put(struct call_fds fds, struct file *f)
{
	if (fds.shared)
		file_put(f);
}

/* The current process, of which no other thread is left to use it, gets a table to itself. 0, or -ENOMEM. Takes siglock. */
int files_unshare(struct proc *p);

/* RLIMIT_NOFILE. */
unsigned fd_limit(void);
/* A new descriptor for f, whose reference is used up in any case; f may be an ERR_PTR. */
long fd_give(struct file *f, bool cloexec);

/* A path argument, copied in, with the directory it starts from. */
struct path_arg {
	char *path;       /* PATH_MAX bytes of kmalloc */
	struct vnode *at; /* a reference; NULL: working directory or root */
};
/* 0, or -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR, -ENOMEM with nothing to put. */
int path_arg_get(struct path_arg *a, int dirfd, uaddr_t path);
/* The same; `always`: dirfd matters for an absolute path too. */
int path_arg_get_in(struct path_arg *a, int dirfd, uaddr_t path, bool always);
void path_arg_put(struct path_arg *a);
/*
 * What it leads to. flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW are understood. A reference or
 * ERR_PTR.
 */
struct vnode *vnode_of_arg(int dirfd, uaddr_t path, unsigned flags);

/*
 * RLIMIT_FSIZE, for a file that shall reach up to `end`: 0, or -EFBIG after SIGXFSZ. For a write from `at`: how much of `n` fits,
 * or the same.
 */
int file_size_limit(u64 end);
long file_write_limit(u64 at, u64 n);

/* -EINTR of a wait that begins anew when no handler, or one with SA_RESTART, has run. */
long restartable(long n);

#endif
