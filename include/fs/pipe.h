/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: a 64 KiB ring between two files. PIPE_BUF (4096) writes are atomic (POSIX write). */
#ifndef FS_PIPE_H
#define FS_PIPE_H

struct file;

/* flags: O_NONBLOCK, O_CLOEXEC is the caller's business. 0 or -ENOMEM. */
int pipe_create(struct file **reader, struct file **writer, unsigned flags);

#endif
