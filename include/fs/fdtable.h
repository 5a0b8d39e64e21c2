/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptor tables: one resource of the bag a process carries; shared by CLONE_FILES, copied by fork. */
#ifndef FS_FDTABLE_H
#define FS_FDTABLE_H

#include <core/spinlock.h>
#include <lib/types.h>

struct file;

#define FD_LIMIT 4096 /* hard RLIMIT_NOFILE */

struct fdtable {
	u32 bags;               /* a: that have it */
	u32 refs;               /* a: of the memory; all bags together are one */
	struct spinlock lock;   /* (s) */
	unsigned size;          /* lock: slots; read without by a thread that is alone, and by readers (core/readers.h) */
	struct file **file;     /* lock; likewise */
	bool threads;           /* there were several: set before the second starts */
	u64 *open, *cloexec;    /* lock: bitmaps */
	unsigned next_free;     /* lock: nothing free below */
};

struct fdtable *fdtable_create(void);                 /* NULL: no memory */
void fdtable_get(struct fdtable *t);                  /* for one more bag */
void fdtable_put(struct fdtable *t);                  /* the last bag's closes all; may sleep */
void fdtable_grab(struct fdtable *t);                 /* to look at another's: it stays in memory, its files need not */
void fdtable_drop(struct fdtable *t);
struct fdtable *fdtable_copy(struct fdtable *t);      /* NULL: no memory */
void fdtable_exec(struct fdtable *t);                 /* closes close-on-exec descriptors */

/* Does another bag have it too? */
static inline bool fdtable_is_shared(const struct fdtable *t)
{
	return __atomic_load_n(&t->bags, __ATOMIC_ACQUIRE) > 1;
}

/* The file without a reference, or NULL. Lock held, or the table is the current thread's alone. */
static inline struct file *fd_peek(const struct fdtable *t, int fd)
{
	return (unsigned)fd < t->size ? t->file[fd] : NULL; /* no table reaches to negative ones */
}

/*
 * A reference, or NULL (EBADF). The first is for who has this table, takes no lock, and relies on whoever closes a descriptor of
 * several threads to wait for readers; the second for who only looks at it: nobody may have known of him.
 */
struct file *fd_get(struct fdtable *t, int fd);
struct file *fd_get_of_other(struct fdtable *t, int fd);
/* Lowest free descriptor >= min and < limit; takes over the reference. -EMFILE, -EINVAL, -ENOMEM (reference kept by caller). */
int fd_install(struct fdtable *t, struct file *f, int min, unsigned limit, bool cloexec);
/* dup2: takes over the reference, closes what was there. */
int fd_install_at(struct fdtable *t, struct file *f, int fd, unsigned limit, bool cloexec);
int fd_close(struct fdtable *t, int fd);              /* 0, -EBADF */
int fd_close_range(struct fdtable *t, unsigned first, unsigned last, bool cloexec_only);
int fd_get_cloexec(struct fdtable *t, int fd);        /* 0/1/-EBADF */
int fd_set_cloexec(struct fdtable *t, int fd, bool on);
/* Next open descriptor >= fd, or -1: /proc/self/fd. */
int fd_next(struct fdtable *t, int fd);
unsigned fd_count(struct fdtable *t);

#endif
