/* SPDX-License-Identifier: BSD-2-Clause */
/* What the file calls have in common: arguments that are descriptors and paths. */
#ifndef ABI_LINUX_FILES_H
#define ABI_LINUX_FILES_H

#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/path.h>
#include <lib/errno.h>
#include <lib/types.h>
#include <uapi/linux/fcntl.h>

/* The file of a descriptor of the current process, with a reference; NULL: EBADF. */
struct file *file_of_fd(int fd);
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
