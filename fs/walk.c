/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.c - from a path to a vnode: path_resolution(7).
 *
 * Plain names that are there are walked along as a reader (core/readers.h), without references and locks, so that paths of
 * many CPUs through the same directories write nothing that is shared. The first name that is not plain ends that: a link,
 * "..", one that is absent or may not be passed. From there on each step holds a reference on the directory and no lock, so a
 * name may change behind us, as on any Unix. A symbolic link is followed by putting its target before what is left of the path,
 * in a buffer that is made for the first one.
 */
#include "walk.h"

#include "internal.h"

#include <core/readers.h>
#include <fs/path.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

#define LINKS_MAX 40

/* RESOLVE_NO_XDEV: a mount is known by its device. What a path begins with is in none yet. */
static bool leaves_mount(const struct walk *w, const struct vnode *to)
{
	return (w->resolve & RESOLVE_NO_XDEV) && w->at && to->dev != w->at->dev;
}

/* Moves on to v, whose reference it takes over. */
static void step_to(struct walk *w, struct vnode *v)
{
	vnode_put(w->at);
	w->at = v;
}

static struct vnode *root_of(struct walk *w)
{
	if (!w->root)
		w->root = caller_root();
	return w->root;
}

static int step_to_root(struct walk *w)
{
	struct vnode *root = root_of(w);

	if ((w->resolve & RESOLVE_BENEATH) || leaves_mount(w, root))
		return -EXDEV;
	vnode_get(root);
	step_to(w, root);
	return 0;
}

int walk_begin(struct walk *w, struct vnode *start, const char *path, unsigned resolve)
{
	*w = (struct walk){.start = start, .rest = path, .resolve = resolve};
	return *path ? 0 : -ENOENT;
}

void walk_end(struct walk *w)
{
	vnode_put(w->at);
	vnode_put(w->root);
	kfree(w->buffer);
}

static const char *skip_slashes(const char *p)
{
	while (*p == '/')
		p++;
	return p;
}

/* Takes the next name off the path. False: there is none left. */
static bool next_name(struct walk *w, bool *last)
{
	const char *p = skip_slashes(w->rest), *end = p;

	while (*end && *end != '/')
		end++;
	w->name = p;
	w->len = (size_t)(end - p);
	w->rest = skip_slashes(end);
	*last = !*w->rest;
	w->slash = *last && *end == '/';
	return w->len != 0;
}

static int may_search(const struct walk *w)
{
	if (!S_ISDIR(w->at->mode))
		return -ENOTDIR;
	if (w->len > NAME_MAX)
		return -ENAMETOOLONG;
	return vnode_access(w->at, X_OK, false);
}

/* ".." of v, over the edges of mounts but not over the caller's root. */
static struct vnode *parent_of(struct walk *w)
{
	struct vnode *v = w->at, *root = root_of(w);

	while (v != root && v->covered)
		v = v->covered;
	if (v == root) {
		if (w->resolve & RESOLVE_BENEATH)
			return ERR_PTR(-EXDEV);
		vnode_get(v);
		return v;
	}
	v = v->ops->lookup(v, "..", 2);
	if (!IS_ERR(v) && (w->resolve & RESOLVE_SCOPED) && !vnode_is_below(v, root)) {
		vnode_put(v);
		return ERR_PTR(-EAGAIN); /* it was moved away behind us */
	}
	return v;
}

static struct vnode *down_to_mounted(struct vnode *v)
{
	while (!IS_ERR(v) && v->mounted) {
		struct vnode *top = v->mounted;

		vnode_get(top);
		vnode_put(v);
		v = top;
	}
	return v;
}

static struct vnode *stay_in_mount(const struct walk *w, struct vnode *v)
{
	if (IS_ERR(v) || !leaves_mount(w, v))
		return v;
	vnode_put(v);
	return ERR_PTR(-EXDEV);
}

struct vnode *walk_last(struct walk *w)
{
	int error = may_search(w);

	if (error)
		return ERR_PTR(error);
	if (w->len == 1 && w->name[0] == '.') {
		vnode_get(w->at);
		return w->at;
	}
	if (w->len == 2 && w->name[0] == '.' && w->name[1] == '.')
		return stay_in_mount(w, down_to_mounted(parent_of(w)));
	return stay_in_mount(w, down_to_mounted(w->at->ops->lookup(w->at, w->name, w->len)));
}

/* Puts the link's text before the rest of the path. */
static int insert_target(struct walk *w, struct vnode *link)
{
	size_t rest = strlen(w->rest);
	char *text = kmalloc(PATH_MAX);

	if (!text)
		return -ENOMEM;

	long n = link->ops->readlink ? link->ops->readlink(link, text, PATH_MAX) : -EINVAL;

	if (n > 0 && (size_t)n + 1 + rest + 1 > PATH_MAX)
		n = -ENAMETOOLONG;
	if (n <= 0) {
		kfree(text);
		return n ? (int)n : -ENOENT;
	}
	/* A slash behind the link, or a path, goes on behind its target. */
	if (rest || w->slash)
		text[n++] = '/';
	memcpy(text + n, w->rest, rest + 1);
	kfree(w->buffer);
	w->buffer = text;
	w->rest = text;
	return 0;
}

/* 0: w->rest goes on from w->at; 1: the link led straight to w->at. */
static int follow(struct walk *w, struct vnode *link)
{
	if (++w->links > LINKS_MAX || (w->resolve & RESOLVE_NO_SYMLINKS))
		return -ELOOP;

	struct vnode *v = link->ops->follow ? link->ops->follow(link) : NULL;

	if (IS_ERR(v))
		return (int)PTR_ERR(v);
	if (v) {
		int error = w->resolve & RESOLVE_NO_MAGICLINKS ? -ELOOP
			  : (w->resolve & RESOLVE_SCOPED) || leaves_mount(w, v) ? -EXDEV : 0;

		if (error) {
			vnode_put(v);
			return error;
		}
		step_to(w, v);
		return 1;
	}

	int error = insert_target(w, link);

	return !error && *w->rest == '/' ? step_to_root(w) : error;
}

/* One name that is not the last, or may be followed. */
static int step(struct walk *w, bool follow_link)
{
	struct vnode *v = walk_last(w);

	if (IS_ERR(v))
		return (int)PTR_ERR(v);
	if (!S_ISLNK(v->mode) || !follow_link) {
		step_to(w, v);
		return 0;
	}

	int error = follow(w, v);

	vnode_put(v);
	return error < 0 ? error : 0;
}

/* The child that w->name names, if it is plain: neither a link nor unknown nor forbidden. No reference: we read. */
static struct vnode *peek(const struct walk *w, const struct fs_caller *caller)
{
	struct vnode *dir = w->at, *v = NULL;

	if (dir->ops->peek && S_ISDIR(dir->mode) && w->len <= NAME_MAX && !walk_last_is_dot(w) &&
	    !vnode_access_by(caller, dir, X_OK, false))
		v = dir->ops->peek(dir, w->name, w->len);
	while (v && v->mounted)
		v = v->mounted;
	return v && !S_ISLNK(v->mode) ? v : NULL;
}

/* To where the path begins, and from there as far as it is plain; not to the last name unless `whole`. */
static void walk_plain(struct walk *w, bool whole)
{
	struct fs_caller c;
	const struct fs_caller *caller = fs_caller(&c) ? &c : NULL;
	const char *rest = w->rest;
	struct vnode *v;
	bool last;

	readers_enter();
	if (*rest != '/' && w->start)
		w->at = w->start;
	else if (caller && c.fs) /* a process that ends has none any more */
		w->at = *rest == '/' ? READ_ONCE(c.fs->root) : READ_ONCE(c.fs->cwd);
	else
		w->at = vfs_root;
	while (next_name(w, &last) && !(last && (!whole || w->slash)) && (v = peek(w, caller))) {
		w->at = v;
		rest = w->rest;
	}
	vnode_get(w->at);
	readers_leave();
	w->rest = rest;
}

/* The first step: w->at. */
static int set_out(struct walk *w, bool whole)
{
	if (!w->resolve) {
		walk_plain(w, whole);
		return 0;
	}

	struct vnode *start = w->start;

	if (start)
		vnode_get(start);
	else if (*w->rest != '/' || (w->resolve & RESOLVE_SCOPED))
		start = caller_cwd();
	if (w->resolve & RESOLVE_SCOPED)
		vnode_get(w->root = start);
	if (*w->rest != '/') {
		w->at = start;
		return 0;
	}
	vnode_put(start);
	return step_to_root(w);
}

int walk_all(struct walk *w, bool follow_last)
{
	int error = set_out(w, true);
	bool last, slash = false;

	while (!error && next_name(w, &last)) {
		slash = last && w->slash; /* a link's target takes it over: insert_target() */
		error = step(w, !last || follow_last || w->slash);
	}
	if (error)
		return error;
	return slash && !S_ISDIR(w->at->mode) ? -ENOTDIR : 0;
}

int walk_parent(struct walk *w)
{
	int error = w->at ? 0 : set_out(w, false);
	bool last;

	while (!error && next_name(w, &last)) {
		if (last)
			return may_search(w);
		error = step(w, true);
	}
	return error;
}

int walk_follow_last(struct walk *w, struct vnode *link)
{
	int done = follow(w, link);

	return done ? done : walk_parent(w);
}
