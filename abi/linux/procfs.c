/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs.c - the processes in /proc: which files each has, and where its links lead.
 *
 * The hooks of fs/procfs.h. They may be called for a process that is ending: each takes its own
 * reference on what it looks at, and finds nothing when that is gone.
 */
#include <abi/linux/procfs.h>

#include "procfs.h"

#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/path.h>
#include <fs/procfs.h>
#include <fs/seq.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/inject.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/statfs.h>

/* The bag's pointers change under siglock; what they point to lives while they do. */
#define DEFINE_BAG_GETTER(function, type, member, get)                                             \
	struct type *function(struct proc *p)                                                      \
	{                                                                                          \
		u64 irq = spin_lock_irqsave(&p->siglock);                                          \
		struct type *found = p->member;                                                    \
                                                                                                   \
		if (found)                                                                         \
			get(found);                                                                \
		spin_unlock_irqrestore(&p->siglock, irq);                                          \
		return found;                                                                      \
	}

DEFINE_BAG_GETTER(proc_vmspace, vmspace, vmspace, vmspace_get)
DEFINE_BAG_GETTER(proc_files, fdtable, files, fdtable_grab)
DEFINE_BAG_GETTER(proc_fs, fsctx, fs, fsctx_get)
DEFINE_BAG_GETTER(proc_exe, file, exe, file_get)

static int self_pid(void)
{
	return thread_is_app(current()) ? proc_current()->pid : PID_INIT;
}

static int pid_above(struct proc *p, void *floor)
{
	return p->pid > *(int *)floor ? p->pid : 0;
}

static int next_pid(int pid)
{
	mutex_lock(&proc_lock);

	int found = proc_foreach(pid_above, &pid);

	mutex_unlock(&proc_lock);
	return found ? found : -1;
}

static int next_task(struct proc *p, int tid)
{
	struct task *t;
	int best = -1;
	u64 irq = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link)
		if (t->tid > tid && !t->exited && (best < 0 || t->tid < best))
			best = t->tid;
	spin_unlock_irqrestore(&p->siglock, irq);
	return best;
}

static void owner(struct proc *p, u32 *uid, u32 *gid)
{
	u64 irq = spin_lock_irqsave(&p->siglock);

	*uid = p->cred ? p->cred->euid : 0;
	*gid = p->cred ? p->cred->egid : 0;
	spin_unlock_irqrestore(&p->siglock, irq);
}

static int next_fd(struct proc *p, int fd)
{
	struct fdtable *t = proc_files(p);
	int next = t ? fd_next(t, fd) : -1;

	if (t)
		fdtable_drop(t);
	return next;
}

static struct file *file_at(struct proc *p, int fd)
{
	struct fdtable *t = proc_files(p);
	struct file *f = t ? fd_get_of_other(t, fd) : NULL;

	if (t)
		fdtable_drop(t);
	return f;
}

static long vnode_path(struct vnode *v, char *buffer, size_t size)
{
	long len = vfs_path(v, buffer, size);

	const char *memfd = len == -ENOENT ? vnode_memfd_name(v) : NULL;

	return memfd ? snprintf(buffer, size, "/memfd:%s (deleted)", memfd)
		     : len == -ENOENT ? snprintf(buffer, size, "(deleted)") : len;
}

static long file_path(struct file *f, char *buffer, size_t size)
{
	struct stat64 st;

	if (f->vnode && f->vnode->ops->fs_magic != PIPEFS_MAGIC)
		return vnode_path(f->vnode, buffer, size);
	if (f->ops->anonymous)
		return snprintf(buffer, size, "%s", f->ops->anonymous);
	file_stat(f, &st);
	return snprintf(buffer, size, "pipe:[%lu]", st.ino);
}

/* exe, cwd, root: a reference, or ERR_PTR. */
static struct vnode *link_vnode(struct proc *p, const char *name)
{
	struct vnode *v = NULL;

	if (!strcmp(name, "exe")) {
		struct file *f = proc_exe(p);

		if (!f)
			return ERR_PTR(-ENOENT);
		v = f->vnode;
		vnode_get(v);
		file_put(f);
		return v;
	}
	if (strcmp(name, "cwd") && strcmp(name, "root"))
		return NULL; /* just text */

	struct fsctx *c = proc_fs(p);

	if (!c)
		return ERR_PTR(-ENOENT);
	mutex_lock(&c->lock);
	v = name[0] == 'c' ? c->cwd : c->root;
	vnode_get(v);
	mutex_unlock(&c->lock);
	fsctx_put(c);
	return v;
}

static int show_link(struct proc *p, const char *name, struct seq *s)
{
	struct vnode *v = link_vnode(p, name);
	char *path = kmalloc(PATH_MAX);
	long len = IS_ERR(v) ? PTR_ERR(v) : path ? vnode_path(v, path, PATH_MAX) : -ENOMEM;

	if (len > 0)
		seq_printf(s, "%s", path);
	if (!IS_ERR(v))
		vnode_put(v);
	kfree(path);
	return len < 0 ? (int)len : 0;
}

static int show_exe(struct proc *p, int tid, struct seq *s)
{
	(void)tid;
	return show_link(p, "exe", s);
}

static int show_cwd(struct proc *p, int tid, struct seq *s)
{
	(void)tid;
	return show_link(p, "cwd", s);
}

static int show_root(struct proc *p, int tid, struct seq *s)
{
	(void)tid;
	return show_link(p, "root", s);
}

static int show_mounts(struct proc *p, int tid, struct seq *s)
{
	(void)p, (void)tid;
	vfs_show_mounts(s);
	return 0;
}

/* ---- fail-nth, in debug builds ---- */

/* The thread itself; a process stands for its first one. Only compared, so it may end meanwhile. */
static const struct thread *thread_of(struct proc *p, int tid)
{
	const struct thread *found = NULL;
	struct task *t;
	u64 irq = spin_lock_irqsave(&p->siglock);

	list_for_each_entry(t, &p->tasks, link)
		if (t->tid == (tid ? tid : p->pid))
			found = &t->thread;
	spin_unlock_irqrestore(&p->siglock, irq);
	return found;
}

static int show_fail_nth(struct proc *p, int tid, struct seq *s)
{
	seq_printf(s, "%u\n", INJECT ? inject_left(thread_of(p, tid)) : 0);
	return 0;
}

static int store_fail_nth(struct proc *p, int tid, u64 value)
{
	if (INJECT)
		inject_arm(thread_of(p, tid), (u32)value);
	return 0;
}

static const struct procfs_entry entries[] = {
	{"cmdline", S_IFREG | 0444, proc_show_cmdline},
	{"comm", S_IFREG | 0444, proc_show_comm},
	{"cwd", S_IFLNK | 0777, show_cwd},
	{"environ", S_IFREG | 0400, proc_show_environ},
	{"exe", S_IFLNK | 0777, show_exe},
	{"fd", S_IFDIR | 0500, NULL},
	{"limits", S_IFREG | 0444, proc_show_limits},
	{"maps", S_IFREG | 0444, proc_show_maps},
	{"mounts", S_IFREG | 0444, show_mounts},
	{"root", S_IFLNK | 0777, show_root},
	{"stat", S_IFREG | 0444, proc_show_stat},
	{"statm", S_IFREG | 0444, proc_show_statm},
	{"status", S_IFREG | 0444, proc_show_status},
	{"task", S_IFDIR | 0555, NULL},
	/* What options add. The first without a name ends the table. */
	{SCHEDSTATS ? "schedstat" : INJECT ? "fail-nth" : NULL, S_IFREG | (SCHEDSTATS ? 0444 : 0644),
	 SCHEDSTATS ? proc_show_schedstat : show_fail_nth},
	{SCHEDSTATS && INJECT ? "fail-nth" : NULL, S_IFREG | 0644, show_fail_nth},
	{NULL, 0, NULL},
};

static const struct procfs_hooks hooks = {
	.entries = entries,
	.find = proc_find,
	.put = proc_put,
	.next = next_pid,
	.self = self_pid,
	.task_next = next_task,
	.owner = owner,
	.fd_next = next_fd,
	.fd_file = file_at,
	.file_path = file_path,
	.link_vnode = link_vnode,
	.store = INJECT ? store_fail_nth : NULL,
};

void linux_procfs_init(void)
{
	procfs_add_system();
	if (SCHEDSTATS)
		procfs_add_sched();
	procfs_set_hooks(&hooks);
}
