/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system /proc: mechanism only. Which per-process files there are, and their text, is the business of abi/linux,
 * which hands over this table at boot.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include <lib/types.h>

struct proc;
struct seq;
struct vnode;

struct procfs_entry {
	const char *name;
	unsigned mode;                                     /* S_IFREG, S_IFLNK, S_IFDIR (only "fd" and "task") and permissions */
	int (*show)(struct proc *p, struct seq *s);        /* text, or link target; 0 or -errno */
};

/* The process with this id, with a reference, or NULL; and its successor, for listing. Given by abi/linux. */
struct procfs_hooks {
	const struct procfs_entry *entries; /* ends with a NULL name */
	struct proc *(*find)(int pid);
	int (*next)(int pid);               /* smallest live pid > pid, or -1 */
	int (*self)(void);
	void (*put)(struct proc *p);
	/* /proc/<pid>/fd: next open descriptor >= fd or -1; and what it points to. */
	int (*fd_next)(struct proc *p, int fd);
	int (*fd_path)(struct proc *p, int fd, char *buffer, size_t size);
	/* Opens what /proc/<pid>/{fd/N,exe,cwd,root} link to, reference or ERR_PTR: such links are not just text. NULL: plain text link. */
	struct vnode *(*link_vnode)(struct proc *p, const char *name, int fd);
};
void procfs_set_hooks(const struct procfs_hooks *hooks);

#endif
