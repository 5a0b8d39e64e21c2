/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs.c - /proc: what names there are, and what they lead to.
 *
 * There is no tree in memory: every lookup but that of the root makes a fresh node, which finds its
 * process again by id whenever it is used. No lock is held meanwhile, since the hooks take
 * proc_lock.
 */
#include "procfs.h"

#include "internal.h"

#include <fs/path.h>
#include <fs/seq.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/statfs.h>

static const struct vnode_ops procfs_ops;
static struct vnode *procfs_root; /* I after boot: the only node that stays */

const struct procfs_hooks *procfs_hooks; /* I after boot; NULL before: no processes */
struct list procfs_globals = LIST_INIT(procfs_globals);

void procfs_set_hooks(const struct procfs_hooks *hooks)
{
	procfs_hooks = hooks;
}

int procfs_add(const char *name, void (*show)(struct seq *s, void *arg), void *arg)
{
	struct procfs_global *g = kmalloc(sizeof(*g));

	if (!g)
		return -ENOMEM;
	*g = (struct procfs_global){.name = name, .show = show, .arg = arg};
	list_add_tail(&g->link, &procfs_globals);
	return 0;
}

bool procfs_in_dir(const struct procfs_global *g, const char *prefix, size_t len, const char **name,
		   size_t *name_len)
{
	if (strncmp(g->name, prefix, len))
		return false;
	*name = g->name + len;

	const char *slash = strchr(*name, '/');

	*name_len = slash ? (size_t)(slash - *name) : strlen(*name);
	return true;
}

static const struct file_ops *fops_of(unsigned mode)
{
	return S_ISDIR(mode) ? &procfs_dir_ops : &procfs_text_ops;
}

/* A number for stat(2) that is the same for the same file. */
static u64 ino_of(const struct procfs_node *n)
{
	u64 id = (u64)n->pid << 40 | (u64)n->tid << 20 | (u64)n->kind << 16;

	if (n->entry)
		return id + (u64)(n->entry - procfs_hooks->entries) + 1;
	return id + (u64)n->fd + 1;
}

/* A node like `model`. NULL: no memory. */
static struct procfs_node *node_new(const struct procfs_node *model, unsigned mode)
{
	struct procfs_node *n = kmalloc(sizeof(*n));

	if (!n)
		return NULL;
	*n = *model;
	vnode_init(&n->vnode, mode, DEV_PROC, &procfs_ops, fops_of(mode));
	n->vnode.uid = model->vnode.uid;
	n->vnode.gid = model->vnode.gid;
	if (n->kind != PROCFS_GLOBAL && n->kind != PROCFS_GLOBAL_DIR)
		n->vnode.ino = ino_of(n);
	if (S_ISDIR(mode))
		n->vnode.nlink = 2;
	return n;
}

static struct vnode *answer(struct procfs_node *n)
{
	return n ? &n->vnode : ERR_PTR(-ENOMEM);
}

static void procfs_release(struct vnode *v)
{
	struct procfs_node *n = procfs_node(v);

	if (n->alias)
		file_put(n->alias);
	kfree(n);
}

struct vnode *procfs_mount(void)
{
	struct procfs_node *root = node_new(&(struct procfs_node){.kind = PROCFS_ROOT},
					    S_IFDIR | 0555);

	if (!root)
		memory_give_up("/proc");
	procfs_root = &root->vnode;
	return procfs_root;
}

/* "0" or digits without a leading zero; -1: something else. */
static int parse_id(const char *name, size_t len)
{
	int id = 0;

	if (!len || len > 7 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		id = id * 10 + (name[i] - '0');
	}
	return id;
}

static struct vnode *lookup_global(const struct procfs_node *dir, const char *name, size_t len)
{
	const char *prefix = dir->global ? dir->global->name : "", *found;
	struct procfs_global *g;
	size_t found_len;

	list_for_each_entry(g, &procfs_globals, link) {
		struct procfs_node model = {.global = g};

		if (!procfs_in_dir(g, prefix, dir->prefix, &found, &found_len) ||
		    found_len != len || memcmp(found, name, len))
			continue;
		if (!found[len]) {
			model.kind = PROCFS_GLOBAL;
			return answer(node_new(&model, S_IFREG | 0444));
		}
		model.kind = PROCFS_GLOBAL_DIR;
		model.prefix = dir->prefix + len + 1;
		return answer(node_new(&model, S_IFDIR | 0555));
	}
	return ERR_PTR(-ENOENT);
}

static struct vnode *lookup_pid(int pid)
{
	struct proc *p = pid > 0 && procfs_hooks ? procfs_hooks->find(pid) : NULL;
	struct procfs_node model = {.kind = PROCFS_PID, .pid = pid};

	if (!p)
		return ERR_PTR(-ENOENT);
	procfs_hooks->owner(p, &model.vnode.uid, &model.vnode.gid);
	procfs_hooks->put(p);
	return answer(node_new(&model, S_IFDIR | 0555));
}

static struct vnode *lookup_in_root(const struct procfs_node *dir, const char *name, size_t len)
{
	int id = parse_id(name, len);

	if (id >= 0)
		return lookup_pid(id);
	if (procfs_hooks && len == 4 && !memcmp(name, "self", 4))
		return answer(node_new(&(struct procfs_node){.kind = PROCFS_SELF}, S_IFLNK | 0777));
	return lookup_global(dir, name, len);
}

/* A node below `dir`, of the same process. */
static struct procfs_node model_below(const struct procfs_node *dir, enum procfs_kind kind)
{
	struct procfs_node model = {.kind = kind, .pid = dir->pid, .tid = dir->tid};

	model.vnode.uid = dir->vnode.uid;
	model.vnode.gid = dir->vnode.gid;
	return model;
}

static struct vnode *lookup_entry(const struct procfs_node *dir, const char *name, size_t len)
{
	for (const struct procfs_entry *e = procfs_hooks->entries; e->name; e++) {
		enum procfs_kind kind = PROCFS_ENTRY;

		if (strlen(e->name) != len || memcmp(e->name, name, len))
			continue;
		if (S_ISDIR(e->mode) && dir->kind == PROCFS_TASK)
			break;
		if (S_ISDIR(e->mode))
			kind = e->name[0] == 'f' ? PROCFS_FD_DIR : PROCFS_TASK_DIR;

		struct procfs_node model = model_below(dir, kind);

		model.entry = e;
		return answer(node_new(&model, e->mode));
	}
	return ERR_PTR(-ENOENT);
}

static bool fd_is_open(struct proc *p, int fd)
{
	return fd >= 0 && procfs_hooks->fd_next(p, fd) == fd;
}

static bool task_lives(struct proc *p, int tid)
{
	return tid > 0 && procfs_hooks->task_next(p, tid - 1) == tid;
}

static struct vnode *lookup_number(const struct procfs_node *dir, const char *name, size_t len)
{
	struct proc *p = procfs_hooks->find(dir->pid);
	bool of_fd = dir->kind == PROCFS_FD_DIR;
	struct procfs_node model = model_below(dir, of_fd ? PROCFS_FD : PROCFS_TASK);
	int id = parse_id(name, len);

	if (!p)
		return ERR_PTR(-ENOENT);

	bool there = of_fd ? fd_is_open(p, id) : task_lives(p, id);

	procfs_hooks->put(p);
	if (!there)
		return ERR_PTR(-ENOENT);
	*(of_fd ? &model.fd : &model.tid) = id;
	return answer(node_new(&model, of_fd ? S_IFLNK | 0700 : S_IFDIR | 0555));
}

/* The directory that holds v, and v's name there. NULL: v is the root, or no memory. */
static struct vnode *procfs_parent(struct vnode *v, char *name)
{
	const struct procfs_node *n = procfs_node(v);
	struct procfs_node up = model_below(n, PROCFS_ROOT);
	const char *slash;

	up.tid = up.pid = 0;
	switch (n->kind) {
	case PROCFS_ROOT:
	case PROCFS_ALIAS:
		return NULL;
	case PROCFS_SELF:
		strlcpy(name, "self", NAME_MAX + 1);
		break;
	case PROCFS_GLOBAL:
	case PROCFS_GLOBAL_DIR:
		strlcpy(name, n->global->name, n->prefix ? n->prefix : NAME_MAX + 1);
		slash = strrchr(name, '/');
		if (slash) {
			up.kind = PROCFS_GLOBAL_DIR;
			up.global = n->global;
			up.prefix = (size_t)(slash - name) + 1;
			memmove(name, slash + 1, strlen(slash + 1) + 1);
		}
		break;
	case PROCFS_PID:
		snprintf(name, NAME_MAX + 1, "%d", n->pid);
		break;
	case PROCFS_ENTRY:
	case PROCFS_FD_DIR:
	case PROCFS_TASK_DIR:
		strlcpy(name, n->entry->name, NAME_MAX + 1);
		up.kind = n->tid ? PROCFS_TASK : PROCFS_PID;
		up.pid = n->pid;
		up.tid = n->tid;
		break;
	case PROCFS_FD:
	case PROCFS_TASK:
		snprintf(name, NAME_MAX + 1, "%d", n->kind == PROCFS_FD ? n->fd : n->tid);
		up.kind = n->kind == PROCFS_FD ? PROCFS_FD_DIR : PROCFS_TASK_DIR;
		up.pid = n->pid;
		for (up.entry = procfs_hooks->entries; !S_ISDIR(up.entry->mode) ||
		     (up.entry->name[0] == 'f') != (n->kind == PROCFS_FD); up.entry++)
			;
		break;
	}
	if (up.kind == PROCFS_ROOT) {
		vnode_get(procfs_root);
		return procfs_root;
	}

	struct procfs_node *fresh = node_new(&up, S_IFDIR | 0555);

	return fresh ? &fresh->vnode : NULL;
}

static struct vnode *lookup_dotdot(struct vnode *dir)
{
	char name[NAME_MAX + 1];
	struct vnode *up = procfs_parent(dir, name);

	return up ? up : ERR_PTR(-ENOMEM);
}

static struct vnode *procfs_lookup(struct vnode *v, const char *name, size_t len)
{
	struct procfs_node *dir = procfs_node(v);

	if (len == 2 && name[0] == '.' && name[1] == '.')
		return lookup_dotdot(v);
	switch (dir->kind) {
	case PROCFS_ROOT:
		return lookup_in_root(dir, name, len);
	case PROCFS_GLOBAL_DIR:
		return lookup_global(dir, name, len);
	case PROCFS_PID:
	case PROCFS_TASK:
		return lookup_entry(dir, name, len);
	default:
		return lookup_number(dir, name, len);
	}
}

static long procfs_readlink(struct vnode *v, char *buffer, size_t size)
{
	struct seq s = {0};
	int error = procfs_show(procfs_node(v), &s);
	size_t n = MIN(s.len, size);

	if (!error)
		memcpy(buffer, s.text, n);
	seq_free(&s);
	return error ? error : (long)n;
}

/*
 * A vnode for an open file that has none, so that a path can lead to it. Takes over the reference.
 */
static struct vnode *alias_of(struct file *f, const struct procfs_node *link)
{
	struct procfs_node model = model_below(link, PROCFS_ALIAS);
	struct stat64 st;

	file_stat(f, &st);
	model.fd = link->fd;
	model.alias = f;

	struct procfs_node *n = node_new(&model, st.mode);

	if (!n)
		file_put(f);
	return answer(n);
}

static struct vnode *follow_fd(const struct procfs_node *n, struct proc *p)
{
	struct file *f = procfs_hooks->fd_file(p, n->fd);

	if (!f)
		return ERR_PTR(-ENOENT);
	if (!f->vnode)
		return alias_of(f, n);

	struct vnode *v = f->vnode;

	vnode_get(v);
	file_put(f);
	return v;
}

static struct vnode *procfs_follow(struct vnode *v)
{
	const struct procfs_node *n = procfs_node(v);

	if (n->kind == PROCFS_SELF)
		return NULL;
	if (vnode_owned(v))
		return ERR_PTR(-EACCES);

	struct proc *p = procfs_hooks->find(n->pid);

	if (!p)
		return ERR_PTR(-ENOENT);

	struct vnode *there = n->kind == PROCFS_FD
				      ? follow_fd(n, p)
				      : procfs_hooks->link_vnode(p, n->entry->name);

	procfs_hooks->put(p);
	return there;
}

static struct file *procfs_open_file(struct vnode *v, unsigned flags)
{
	struct file *f = procfs_node(v)->alias;

	(void)flags;
	if (f)
		file_get(f);
	return f;
}

static const struct vnode_ops procfs_ops = {
	.fs_name = "proc",
	.fs_magic = PROC_SUPER_MAGIC,
	.lookup = procfs_lookup,
	.readlink = procfs_readlink,
	.follow = procfs_follow,
	.parent = procfs_parent,
	.open_file = procfs_open_file,
	.release = procfs_release,
};
