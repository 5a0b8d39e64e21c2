/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock commands of fcntl(2), for sys_fd.c. `arg` is the application's struct flock. */
#ifndef ABI_LINUX_LOCKS_H
#define ABI_LINUX_LOCKS_H

#include <lib/types.h>

struct file;

/* by_file: F_OFD_*, whose locks are the open file's. */
long lock_get(struct file *f, uaddr_t arg, bool by_file);
long lock_set(struct file *f, int fd, uaddr_t arg, bool wait, bool by_file);

#endif
