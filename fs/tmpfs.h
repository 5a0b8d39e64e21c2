/* SPDX-License-Identifier: BSD-2-Clause */
/* tmpfs inside: nodes, and the directory entries that name them. */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include <fs/file.h>
#include <fs/vnode.h>
#include <lib/list.h>
#include <lib/rbtree.h>

struct pipe;
struct vm_object;

struct tmpfs_node {
	struct vnode vnode;            /* first */
	struct list names;             /* fs_lock: entries that name this node */
	char *memfd_name;              /* I: of memfd_create(2); else NULL */
	bool linkable;                 /* fs_lock: it has no name yet and may get one: O_TMPFILE */
	union {
		struct {
			struct rb_root by_name, by_cookie; /* fs_lock */
			u64 next_cookie;                   /* fs_lock */
			u64 count;                         /* fs_lock */
			bool is_root;                      /* I */
		} dir;
		struct vm_object *object;      /* I: S_IFREG */
		char *target;                  /* I: S_IFLNK */
		struct pipe *pipe;             /* vnode.lock: S_IFIFO, made when first opened */
	};
};

/* A name in a directory. Holds a reference on its node, and is freed when readers_wait() has returned. */
struct tmpfs_entry {
	struct rb_node by_name, by_cookie;
	struct list alias;             /* node->names */
	struct tmpfs_node *dir;        /* fs_lock */
	struct tmpfs_node *node;       /* fs_lock; read by readers. NULL: it changes just now */
	u64 cookie;                    /* I: position for readdir, never used again here */
	size_t len;
	char name[];                   /* no NUL */
};

static inline struct tmpfs_node *tmpfs_node(struct vnode *v)
{
	return container_of(v, struct tmpfs_node, vnode);
}

extern const struct file_ops tmpfs_file_ops, tmpfs_dir_ops, tmpfs_other_ops;

/* tmpfs_data.c */
int tmpfs_truncate(struct vnode *v, u64 size);
void tmpfs_getattr(struct vnode *v, struct stat64 *st);

/* Was this directory removed while someone still stands in it? fs_lock held. */
bool tmpfs_is_dead(const struct tmpfs_node *dir);

/*
 * tmpfs_dir.c: the entries of one directory. fs_lock held; to find one it also suffices to be a reader (core/readers.h), who then
 * may miss one that is there: so whoever changes names sees to it that each state in between is one that lacks names.
 */
struct tmpfs_entry *tmpfs_find(struct tmpfs_node *dir, const char *name, size_t len);
/* Allocates but does not link. NULL: no memory. */
struct tmpfs_entry *tmpfs_entry_new(const char *name, size_t len);
/* Names `node`, on which it takes a reference. */
void tmpfs_enter(struct tmpfs_node *dir, struct tmpfs_entry *e, struct tmpfs_node *node);
/* Takes the name away: the caller puts the node and frees the entry, after fs_lock and readers_wait(). */
void tmpfs_leave(struct tmpfs_entry *e);
/* The vnode operations of these names: fs/vnode.h. */
struct vnode *tmpfs_peek(struct vnode *dir, const char *name, size_t len);
struct vnode *tmpfs_lookup(struct vnode *v, const char *name, size_t len);
/* The directory it is in; NULL for a root and for what was removed. */
struct tmpfs_node *tmpfs_parent_of(struct tmpfs_node *node);

#endif
