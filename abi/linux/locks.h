/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock commands of fcntl(2), for sys_fd.c. `arg` is the application's struct flock. */
#ifndef ABI_LINUX_LOCKS_H
#define ABI_LINUX_LOCKS_H

#include <lib/types.h>

struct file;

long lock_get(struct file *f, uaddr_t arg);
long lock_set(struct file *f, int fd, uaddr_t arg, bool wait);

#endif
