/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files: what a descriptor refers to. Shared by dup, fork and SCM-like passing, so it holds the position and the status
 * flags. Everything one can read, write or poll is a file with an ops table: regular files, directories, pipes, terminals,
 * the stream port, /proc and /dev entries.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <core/mutex.h>
#include <lib/list.h>
#include <lib/types.h>

struct file;
struct vnode;
struct vm_object;
struct poll_table;
struct stat64;

/*
 * A buffer to read into or write from, in the application or in the kernel, walked as it is used: read(2), readv(2),
 * sendfile(2) and exec all look the same to a file.
 */
struct iovec64 {
	uaddr_t base;
	u64 len;
};

struct uio {
	struct iovec64 *iov;  /* segments left; base is a kernel pointer when `kernel` */
	unsigned niov;
	u64 left;             /* bytes */
	bool kernel;
	bool append;          /* a write goes to the end, whatever the position and O_APPEND say */
};

void uio_kernel(struct uio *u, struct iovec64 *one, void *buffer, u64 size);
void uio_user(struct uio *u, struct iovec64 *one, uaddr_t buffer, u64 size);
/* Move n <= u->left bytes between p and the buffer, and advance. 0 or -EFAULT. May sleep. */
int uio_put(struct uio *u, const void *p, u64 n); /* file to buffer: read */
int uio_get(struct uio *u, void *p, u64 n);       /* buffer to file: write */
int uio_zero(struct uio *u, u64 n);

struct file_ops {
	/* Of a file without a vnode: what /proc/self/fd shows ("anon_inode:[eventfd]"). NULL: a stream, shown as a FIFO. */
	const char *anonymous;
	/* Bytes moved (short is fine), 0 at end, -errno. *pos is the file position for seekable files; the callee advances it. */
	long (*read)(struct file *f, struct uio *u, u64 *pos);
	long (*write)(struct file *f, struct uio *u, u64 *pos);
	i64 (*seek)(struct file *f, i64 offset, int whence);       /* NULL: -ESPIPE */
	long (*ioctl)(struct file *f, unsigned cmd, uaddr_t arg);   /* NULL: -ENOTTY */
	unsigned (*poll)(struct file *f, struct poll_table *pt);    /* POLL*, without sleeping; NULL: readable and writable */
	/* getdents64(2) into u; NULL: -ENOTDIR */
	long (*readdir)(struct file *f, struct uio *u, u64 *pos);
	/* What mmap(2) maps, without a reference; NULL op or value: -ENODEV. */
	struct vm_object *(*object)(struct file *f);
	int (*truncate)(struct file *f, u64 size);                   /* NULL: -EINVAL */
	int (*punch)(struct file *f, u64 offset, u64 len);           /* zeroes, without storage where pages are whole; NULL: -EOPNOTSUPP */
	int (*sync)(struct file *f);                                 /* NULL: -EINVAL */
	void (*release)(struct file *f);                             /* last reference */
};

struct file {
	u32 refs;                    /* a */
	u32 flags;                   /* pos_lock: O_* status and access mode */
	const struct file_ops *ops;  /* I once opened */
	struct vnode *vnode;         /* I: NULL for streams without a name, which fstat(2) shows as FIFOs */
	void *data;                  /* I: the ops' own */
	u64 pos;                     /* pos_lock */
	struct mutex pos_lock;       /* (S) */
	int owner;                   /* a: F_SETOWN */
	struct list watches;         /* watch_lock in fs/epoll.c: entries of epolls */
	bool watched;                /* epoll's mutex: there were some; not looked at before the last reference went */
	int holds;                   /* I once opened: vnode_hold_data()'s sign, or 0 */
};

/* Of open(2)'s flags what F_GETFL does not show. */
#define O_FOR_OPEN_ONLY (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

/* refs = 1. Takes over the reference on vnode (may be NULL). ERR_PTR(-ENOMEM). */
struct file *file_create(const struct file_ops *ops, unsigned flags, struct vnode *vnode, void *data);
void file_get(struct file *f);
void file_put(struct file *f); /* may sleep */

/* With access mode checks (-EBADF) and O_APPEND. pos NULL: the file's own position. */
long file_read(struct file *f, struct uio *u, u64 *pos);
long file_write(struct file *f, struct uio *u, u64 *pos);
/* For exec: bytes at offset into the kernel. */
long file_pread(struct file *f, void *buffer, u64 size, u64 offset);
unsigned file_poll(struct file *f, struct poll_table *pt);
int file_stat(struct file *f, struct stat64 *st);

#endif
