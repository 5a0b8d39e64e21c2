/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting on many files again and again: epoll(7). The set is kept between waits, and each wait costs what is ready. */
#ifndef FS_EPOLL_H
#define FS_EPOLL_H

#include <lib/types.h>

struct file;

/* An epoll as an open file, without entries; ERR_PTR(-ENOMEM). */
struct file *epoll_create(void);
bool file_is_epoll(const struct file *f);

/*
 * epoll_ctl(2) on an epoll, after the checks of its arguments: the entry is `target` as descriptor `fd`. -EEXIST, -ENOENT,
 * -ELOOP, -EINVAL (EPOLLEXCLUSIVE where it may not be), -ENOMEM. May sleep.
 */
int epoll_add(struct file *epoll, struct file *target, int fd, u32 events, u64 data);
int epoll_modify(struct file *epoll, struct file *target, int fd, u32 events, u64 data);
int epoll_delete(struct file *epoll, struct file *target, int fd);

/* Up to `max` events to the application: how many; 0 at the deadline (which may have passed: asks once); -EINTR, -EFAULT. */
long epoll_wait(struct file *epoll, uaddr_t events, unsigned max, u64 deadline);

/* file_put(): the file ends, and with it its entries everywhere. */
void epoll_forget(struct file *f);

#endif
