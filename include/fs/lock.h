/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advisory locks on files: records of fcntl(2), which belong to a descriptor table and vanish when it closes any descriptor
 * of the file, or (F_OFD_*) to an open file; and whole files of flock(2), which belong to an open file. The two kinds do not see each other.
 */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include <lib/types.h>

struct vnode;

struct file_lock {
	const void *owner; /* a struct fdtable (records), or a struct file (records by F_OFD_*, flock) */
	bool exclusive;
	bool record;       /* fcntl(2)'s kind */
	int pid;           /* for F_GETLK; -1: an open file's */
	u64 start, end;    /* inclusive; end ~0: for ever */
};

/* Sets it, replacing the owner's locks in the range. `wait`: sleeps; -EINTR. Else -EAGAIN. -ENOMEM. */
int file_lock_set(struct vnode *v, const struct file_lock *lock, bool wait);
int file_lock_clear(struct vnode *v, const struct file_lock *range);
/* The first lock of others that stands in the way, copied over *lock; false: none. */
bool file_lock_test(struct vnode *v, struct file_lock *lock);
/* Everything of this owner; cheap where there are no locks. */
void file_lock_drop_owner(struct vnode *v, const void *owner);

#endif
