/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_dir.c - listing /proc. Positions: 0 and 1 are "." and ".."; then what is fixed; then ids,
 * by value, so that a listing goes on rightly while processes come and go.
 */
#include "procfs.h"

#include "internal.h"

#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <uapi/linux/fcntl.h>

#define POS_FIRST 2
#define POS_IDS 0x10000 /* of /proc itself: behind the globals */

/* What is listed at or after a position. */
struct found {
	char name[NAME_MAX + 1];
	unsigned mode;
	u64 next;
};

static bool seen_before(const struct procfs_global *g, const struct procfs_node *dir,
			const char *name, size_t len)
{
	const char *prefix = dir->global ? dir->global->name : "";
	const struct procfs_global *other;
	const char *other_name;
	size_t other_len;

	list_for_each_entry(other, &procfs_globals, link) {
		if (other == g)
			return false;
		if (procfs_in_dir(other, prefix, dir->prefix, &other_name, &other_len) &&
		    other_len == len && !memcmp(other_name, name, len))
			return true;
	}
	return false;
}

static bool find_global(const struct procfs_node *dir, u64 pos, struct found *found)
{
	const char *prefix = dir->global ? dir->global->name : "", *name;
	const struct procfs_global *g;
	u64 at = POS_FIRST;
	size_t len;

	list_for_each_entry(g, &procfs_globals, link) {
		if (at++ < pos || !procfs_in_dir(g, prefix, dir->prefix, &name, &len) ||
		    seen_before(g, dir, name, len))
			continue;
		strlcpy(found->name, name, MIN(len + 1, sizeof(found->name)));
		found->mode = name[len] ? S_IFDIR : S_IFREG;
		found->next = at;
		return true;
	}
	return false;
}

static bool found_id(struct found *found, int id, u64 next, unsigned mode)
{
	if (id < 0)
		return false;
	snprintf(found->name, sizeof(found->name), "%d", id);
	found->mode = mode;
	found->next = next;
	return true;
}

static bool find_in_root(const struct procfs_node *dir, u64 pos, struct found *found)
{
	if (pos < POS_IDS && find_global(dir, pos, found))
		return true;
	if (pos < POS_IDS) {
		strlcpy(found->name, "self", sizeof(found->name));
		found->mode = S_IFLNK;
		found->next = POS_IDS;
		return true;
	}

	int pid = procfs_hooks ? procfs_hooks->next((int)(pos - POS_IDS)) : -1;

	return found_id(found, pid, POS_IDS + (u64)pid, S_IFDIR);
}

static bool find_entry(const struct procfs_node *dir, u64 pos, struct found *found)
{
	for (u64 at = POS_FIRST;; at++) {
		const struct procfs_entry *e = &procfs_hooks->entries[at - POS_FIRST];

		if (!e->name)
			return false;
		if (at < pos || (dir->kind == PROCFS_TASK && S_ISDIR(e->mode)))
			continue;
		strlcpy(found->name, e->name, sizeof(found->name));
		found->mode = e->mode;
		found->next = at + 1;
		return true;
	}
}

static bool find_of_process(const struct procfs_node *dir, u64 pos, struct found *found)
{
	struct proc *p = procfs_hooks->find(dir->pid);
	int id;

	if (!p)
		return false;
	if (dir->kind == PROCFS_FD_DIR)
		id = procfs_hooks->fd_next(p, (int)(pos - POS_FIRST));
	else
		id = procfs_hooks->task_next(p, (int)(pos - POS_FIRST));
	procfs_hooks->put(p);
	if (dir->kind == PROCFS_FD_DIR)
		return found_id(found, id, POS_FIRST + (u64)id + 1, S_IFLNK);
	return found_id(found, id, POS_FIRST + (u64)id, S_IFDIR);
}

static bool find_next(const struct procfs_node *dir, u64 pos, struct found *found)
{
	if (pos < POS_FIRST) {
		strlcpy(found->name, pos ? ".." : ".", sizeof(found->name));
		found->mode = S_IFDIR;
		found->next = pos + 1;
		return true;
	}
	switch (dir->kind) {
	case PROCFS_ROOT:
		return find_in_root(dir, pos, found);
	case PROCFS_GLOBAL_DIR:
		return find_global(dir, pos, found);
	case PROCFS_PID:
	case PROCFS_TASK:
		return find_entry(dir, pos, found);
	default:
		return find_of_process(dir, pos, found);
	}
}

static long proc_readdir(struct file *f, struct uio *u, u64 *pos)
{
	const struct procfs_node *dir = procfs_node(f->vnode);
	u64 before = u->left;
	struct found found;

	while (find_next(dir, *pos, &found)) {
		/*
		 * Inode numbers of /proc are made up when asked for: a listing shows one that is
		 * never 0.
		 */
		int stop = dirent_put(u, found.next + 1, found.next, found.mode, found.name,
				      strlen(found.name));

		if (stop && before == u->left)
			return stop == 1 ? -EINVAL : stop;
		if (stop)
			break;
		*pos = found.next;
	}
	return (long)(before - u->left);
}

static long no_bytes(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return -EISDIR;
}

static i64 dir_seek(struct file *f, i64 offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : seek_in(f, offset, whence, 0);
}

const struct file_ops procfs_dir_ops = {
	.read = no_bytes,
	.seek = dir_seek,
	.readdir = proc_readdir,
};
