/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system /proc: mechanism only. Which per-process files there are, and their text, is the business of abi/linux,
 * which hands over this table at boot.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include <lib/types.h>

struct file;
struct proc;
struct seq;
struct vnode;

struct procfs_entry {
	const char *name;
	unsigned mode;                                     /* S_IFREG, S_IFLNK, S_IFDIR (only "fd" and "task") and permissions */
	/* Text, or link target; 0 or -errno. tid: the thread, in task/<tid>; 0: the process. */
	int (*show)(struct proc *p, int tid, struct seq *s);
};

/* Given by abi/linux. */
struct procfs_hooks {
	const struct procfs_entry *entries; /* ends with a NULL name */
	/* The process with this id, with a reference, or NULL; and its successor, for listing. */
	struct proc *(*find)(int pid);
	void (*put)(struct proc *p);
	int (*next)(int pid);               /* smallest live pid > pid, or -1 */
	int (*self)(void);
	/* Its next live thread's id > tid, or -1. */
	int (*task_next)(struct proc *p, int tid);
	/* Who its files belong to. */
	void (*owner)(struct proc *p, u32 *uid, u32 *gid);
	/* /proc/<pid>/fd: next open descriptor >= fd or -1; its file with a reference or NULL; what readlink(2) says of it. */
	int (*fd_next)(struct proc *p, int fd);
	struct file *(*fd_file)(struct proc *p, int fd);
	long (*file_path)(struct file *f, char *buffer, size_t size);
	/* What exe, cwd and root lead to: reference or ERR_PTR. NULL: the link is just text. */
	/* A number written to one of its files: 0 or -errno. NULL: no file can be written. */
	int (*store)(struct proc *p, int tid, u64 value);
	struct vnode *(*link_vnode)(struct proc *p, const char *name);
};
void procfs_set_hooks(const struct procfs_hooks *hooks);

#endif
