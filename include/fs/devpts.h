/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/pts: the names of pseudo-terminals. */
#ifndef FS_DEVPTS_H
#define FS_DEVPTS_H

struct file;

/* ioctl_tty(2)'s TIOCGPTPEER: the slave of an open master, opened without a path. ERR_PTR: -ENOTTY, and what open(2) says. */
struct file *devpts_open_peer(struct file *master, unsigned flags);

#endif
