/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: a ring between two files, of 64 KiB unless F_SETPIPE_SZ says otherwise. PIPE_BUF (4096) writes are atomic (POSIX write). */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <lib/types.h>

struct file;
struct pipe;

#define PIPE_BUF 4096u
#define PIPE_SIZE 65536u
#define PIPE_SIZE_MAX 1048576u /* what others than user 0 may ask for */

extern const struct file_ops pipe_file_ops;

/* flags: O_NONBLOCK, O_CLOEXEC is the caller's business. 0 or -ENOMEM. */
int pipe_create(struct file **reader, struct file **writer, unsigned flags);
/* A pipe without ends, for a FIFO; NULL: no memory. It dies with pipe_put() and its last end. */
struct pipe *pipe_alloc(void);
void pipe_put(struct pipe *p);
/* Makes f an end of p as f->flags say, waiting for the other end as open(2) of a FIFO does. 0, -EINTR, -ENXIO. */
int pipe_open(struct pipe *p, struct file *f, bool wait);
/* F_GETPIPE_SZ, F_SETPIPE_SZ: the size in bytes; -EBADF: no pipe; -EBUSY, -EPERM, -ENOMEM. */
long pipe_size(struct file *f);
long pipe_resize(struct file *f, u64 size);

#endif
