/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs inside: its nodes are made when they are looked up, and know only which process or text
 * they stand for.
 */
#ifndef FS_PROCFS_INTERNAL_H
#define FS_PROCFS_INTERNAL_H

#include <fs/file.h>
#include <fs/procfs.h>
#include <fs/vnode.h>
#include <lib/list.h>

enum procfs_kind {
	PROCFS_ROOT,
	PROCFS_SELF,       /* /proc/self */
	PROCFS_GLOBAL,     /* /proc/meminfo */
	PROCFS_GLOBAL_DIR, /* /proc/sys/kernel */
	PROCFS_PID,        /* /proc/7 */
	PROCFS_ENTRY,      /* /proc/7/stat, /proc/7/task/8/stat, /proc/7/exe */
	PROCFS_FD_DIR,     /* /proc/7/fd */
	PROCFS_FD,         /* /proc/7/fd/2 */
	PROCFS_TASK_DIR,   /* /proc/7/task */
	PROCFS_TASK,       /* /proc/7/task/8 */
	PROCFS_ALIAS,      /* what /proc/7/fd/2 leads to, when that file has no vnode of its own */
};

struct procfs_global {
	struct list link; /* procfs_globals; boot only */
	const char *name; /* below /proc, with slashes */
	void (*show)(struct seq *s, void *arg);
	void *arg;
};

struct procfs_node {
	struct vnode vnode; /* first */
	/* I: */
	enum procfs_kind kind;
	int pid, tid, fd;
	const struct procfs_entry *entry;
	const struct procfs_global *global; /* of a directory: the first in it */
	size_t prefix;                      /* of a directory: bytes of global->name up to it */
	struct file *alias;                 /* a reference */
};

static inline struct procfs_node *procfs_node(struct vnode *v)
{
	return container_of(v, struct procfs_node, vnode);
}

extern const struct procfs_hooks *procfs_hooks;
extern struct list procfs_globals;
extern const struct file_ops procfs_text_ops, procfs_dir_ops;

/* procfs_text.c: makes the text of a file or link. 0 or -errno. */
int procfs_show(const struct procfs_node *n, struct seq *s);

/*
 * Does `g` lie in the directory of the first `len` bytes of `prefix`? Its name there, up to the
 * next slash.
 */
bool procfs_in_dir(const struct procfs_global *g, const char *prefix, size_t len, const char **name,
		   size_t *name_len);

#endif
