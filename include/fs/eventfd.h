/* SPDX-License-Identifier: BSD-2-Clause */
/* A counter that one can wait for: eventfd(2). */
#ifndef FS_EVENTFD_H
#define FS_EVENTFD_H

#include <lib/types.h>

struct file;

/* flags: O_NONBLOCK. ERR_PTR(-ENOMEM). */
struct file *eventfd_create(u64 count, bool semaphore, unsigned flags);

#endif
