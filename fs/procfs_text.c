/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_text.c - reading /proc: the text is made when a read starts at the beginning, and stays as
 * it was until the next one does, so that a reader in small steps sees one state.
 */
#include "procfs.h"

#include "internal.h"

#include <fs/seq.h>
#include <lib/config.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/fcntl.h>

static int show_entry(const struct procfs_node *n, struct seq *s)
{
	struct proc *p = procfs_hooks->find(n->pid);

	if (!p)
		return -ESRCH;

	int error = n->entry->show ? n->entry->show(p, n->tid, s) : -EINVAL;

	procfs_hooks->put(p);
	return error;
}

static int show_fd(const struct procfs_node *n, struct seq *s)
{
	struct proc *p = procfs_hooks->find(n->pid);
	struct file *f = p ? procfs_hooks->fd_file(p, n->fd) : NULL;
	char *path = f ? kmalloc(PATH_MAX) : NULL;
	long len = f ? -ENOMEM : -ENOENT;

	if (path)
		len = procfs_hooks->file_path(f, path, PATH_MAX);
	if (len > 0)
		seq_printf(s, "%s", path);
	kfree(path);
	if (f)
		file_put(f);
	if (p)
		procfs_hooks->put(p);
	return len < 0 ? (int)len : 0;
}

int procfs_show(const struct procfs_node *n, struct seq *s)
{
	int error = 0;

	switch (n->kind) {
	case PROCFS_SELF:
		seq_printf(s, "%d", procfs_hooks->self());
		break;
	case PROCFS_GLOBAL:
		n->global->show(s, n->global->arg);
		break;
	case PROCFS_FD:
		error = show_fd(n, s);
		break;
	default:
		error = show_entry(n, s);
	}
	return s->failed ? -ENOMEM : error;
}

/* The file's text, made anew for a read from the start. vnode lock held. */
static int refresh(struct file *f, u64 pos, struct seq **text)
{
	struct seq *s = f->data;

	if (!s)
		s = f->data = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	*text = s;
	if (pos && s->text)
		return 0;
	seq_free(s);
	return procfs_show(procfs_node(f->vnode), s);
}

static long text_read(struct file *f, struct uio *u, u64 *pos)
{
	struct seq *s;

	mutex_lock(&f->vnode->lock);

	int error = refresh(f, *pos, &s);
	u64 n = 0;

	if (!error && *pos < s->len) {
		n = MIN(u->left, s->len - *pos);
		error = uio_put(u, s->text + *pos, n);
		if (!error)
			*pos += n;
	}
	mutex_unlock(&f->vnode->lock);
	return error ? error : (long)n;
}

/* Digits, all in one write. */
static long text_write(struct file *f, struct uio *u, u64 *pos)
{
	const struct procfs_node *n = procfs_node(f->vnode);
	u64 size = u->left, value = 0;
	char digits[16];
	struct proc *p;
	int error;

	(void)pos;
	if (n->kind != PROCFS_ENTRY || size >= sizeof(digits))
		return -EINVAL;
	error = uio_get(u, digits, size);
	for (u64 i = 0; !error && i < size && digits[i] != '\n'; i++) {
		error = digits[i] < '0' || digits[i] > '9' ? -EINVAL : 0;
		value = value * 10 + (u64)(digits[i] - '0');
	}
	p = error ? NULL : procfs_hooks->find(n->pid);
	if (!error)
		error = p ? procfs_hooks->store(p, n->tid, value) : -ESRCH;
	if (p)
		procfs_hooks->put(p);
	return error ? error : (long)size;
}

static i64 text_seek(struct file *f, i64 offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : seek_in(f, offset, whence, 0);
}

static void text_release(struct file *f)
{
	if (f->data)
		seq_free(f->data);
	kfree(f->data);
}

const struct file_ops procfs_text_ops = {
	.read = text_read,
	.write = IS_ENABLED(CONFIG_FAULT_INJECTION) ? text_write : NULL,
	.seek = text_seek,
	.release = text_release,
};
