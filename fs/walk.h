/* SPDX-License-Identifier: BSD-2-Clause */
/* Path resolution, one name after the other: as a reader as far as that goes, then holding a reference on where it has got to. */
#ifndef FS_WALK_H
#define FS_WALK_H

#include <fs/vnode.h>

struct walk {
	struct vnode *start;    /* where a relative path begins; NULL: the working directory */
	struct vnode *at;       /* reference: the directory (or, at the end, the file) reached; NULL before the first step */
	struct vnode *root;     /* reference: where ".." ends and "/" begins; NULL: not asked for yet */
	const char *rest;       /* what is still to be resolved */
	char *buffer;           /* `rest` once a symbolic link was followed; NULL before */
	unsigned links;         /* symbolic links followed */
	unsigned resolve;       /* RESOLVE_*: openat2(2) */
	/* After walk_parent(): the last name. */
	const char *name;
	size_t len;
	bool slash;             /* it had a trailing slash: must be a directory */
};

/*
 * `start` NULL: the working directory; else the caller keeps its reference until walk_end(), which comes in any case. 0, -ENOENT
 * for "".
 */
int walk_begin(struct walk *w, struct vnode *start, const char *path, unsigned resolve);
void walk_end(struct walk *w);
/* All of it; the result is w->at. `follow`: a symbolic link at the end too. */
int walk_all(struct walk *w, bool follow);
/* All but the last name. len 0: the path was only slashes, and w->at is the root. */
int walk_parent(struct walk *w);
/* The child that the last name names, mounts crossed; "." and ".." too. Reference or ERR_PTR. */
struct vnode *walk_last(struct walk *w);
/*
 * The last name is the symbolic link `link`: goes on behind it, with walk_parent(). 1: w->at is
 * already the end.
 */
int walk_follow_last(struct walk *w, struct vnode *link);
static inline bool walk_last_is_dot(const struct walk *w)
{
	return w->len <= 2 && w->name[0] == '.' && w->name[w->len - 1] == '.';
}

#endif
