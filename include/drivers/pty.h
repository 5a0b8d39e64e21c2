/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pseudo-terminals, pty(7): a terminal, the slave, whose line ends in another file, the master. What one program writes to the
 * master the slave reads as if it was typed, and the master reads what the slave shows. fs/devpts.c gives both their names.
 */
#ifndef DRIVERS_PTY_H
#define DRIVERS_PTY_H

#include <lib/types.h>

struct file;
struct poll_table;
struct tty;
struct uio;

#define PTY_MASTER_RDEV (5ul << 8 | 2)

/* The slave of a new pair, locked, with one reference. NULL: no memory. */
struct tty *pty_create(unsigned number);

/* Ops of the master: f->data is the slave. */
long pty_read(struct file *f, struct uio *u, u64 *pos);
long pty_write(struct file *f, struct uio *u, u64 *pos);
long pty_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
unsigned pty_poll(struct file *f, struct poll_table *pt);

#endif
