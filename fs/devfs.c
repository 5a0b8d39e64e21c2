/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devfs.c - character devices: the table from device number to driver, and the small devices that
 * need none.
 *
 * /dev is a tmpfs; a node in it, or one that mknod(2) made anywhere, finds its driver here when it
 * is opened. Numbers are those of Linux (Documentation/admin-guide/devices.txt).
 */
#include <fs/file.h>

#include "internal.h"

#include <core/panic.h>
#include <core/random.h>
#include <core/block.h>
#include <drivers/pty.h>
#include <drivers/tty.h>
#include <fs/path.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <uapi/linux/fcntl.h>

#define DEVICE(major, minor) ((u64)(major) << 8 | (minor))
#define DEV_TTY DEVICE(5, 0)
#define DEV_CONSOLE DEVICE(5, 1)
#define DEVICES_MAX 16
#define CHUNK 65536u /* between looks at whether the reader was killed, or had its turn */

static struct {
	u64 rdev;
	const struct file_ops *fops;
	void *data;
} devices[DEVICES_MAX]; /* I after boot */
static unsigned ndevices;

int devfs_add(const char *name, unsigned mode, u64 rdev, const struct file_ops *fops, void *data)
{
	char path[64];

	if (ndevices == DEVICES_MAX)
		return -ENOSPC;
	snprintf(path, sizeof(path), "/dev/%s", name);
	devices[ndevices].rdev = rdev;
	devices[ndevices].fops = fops;
	devices[ndevices++].data = data;
	return vfs_mknod(NULL, path, S_IFCHR | mode, rdev);
}

int devfs_open(struct vnode *v, struct file *f)
{
	for (unsigned i = 0; i < ndevices; i++) {
		if (devices[i].rdev == v->rdev && devices[i].fops) {
			f->ops = devices[i].fops;
			f->data = devices[i].data;
			return 0;
		}
	}
	return -ENXIO;
}

struct file *devfs_open_file(struct vnode *v, unsigned flags)
{
	struct tty *tty;
	struct file *f;

	switch (v->rdev) {
	case DEV_TTY:
		tty = tty_hooks->controlling();
		f = tty ? tty_open(tty, flags, v) : ERR_PTR(-ENXIO);
		if (tty)
			tty_put(tty);
		return f;
	case DEV_CONSOLE:
		return tty_open(tty_console(), flags, v);
	case PTY_MASTER_RDEV:
		return devpts_open_master(v, flags);
	default:
		return NULL;
	}
}

static long null_read(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return 0;
}

static long null_write(struct file *f, struct uio *u, u64 *pos)
{
	u64 n = u->left;

	(void)f, (void)pos;
	u->left = 0;
	return (long)n;
}

static i64 null_seek(struct file *f, i64 offset, int whence)
{
	(void)f, (void)offset, (void)whence;
	return 0;
}

static long zero_read(struct file *f, struct uio *u, u64 *pos)
{
	u64 all = u->left;
	int error = 0;

	(void)f, (void)pos;
	while (!error && u->left && thread_goes_on())
		error = uio_zero(u, MIN(u->left, CHUNK));
	return u->left != all ? (long)(all - u->left) : error;
}

static long full_write(struct file *f, struct uio *u, u64 *pos)
{
	(void)f, (void)u, (void)pos;
	return -ENOSPC;
}

static long random_read(struct file *f, struct uio *u, u64 *pos)
{
	u8 bytes[256];
	u64 all = u->left;
	int error = 0;

	(void)f, (void)pos;
	while (!error && u->left && thread_goes_on()) {
		u64 n = MIN(u->left, sizeof(bytes));

		random_bytes(bytes, n);
		error = uio_put(u, bytes, n);
	}
	return u->left != all ? (long)(all - u->left) : error;
}

static const struct file_ops null_ops = {
	.read = null_read, .write = null_write, .seek = null_seek};
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = null_seek};
static const struct file_ops full_ops = {
	.read = zero_read, .write = full_write, .seek = null_seek};
static const struct file_ops random_ops = {
	.read = random_read, .write = null_write, .seek = null_seek};

static void add(const char *name, u64 rdev, const struct file_ops *fops)
{
	int error = devfs_add(name, 0666, rdev, fops, NULL);

	if (error)
		panic("cannot make /dev/%s: error %d", name, -error);
}

void devfs_init(void)
{
	add("null", DEVICE(1, 3), &null_ops);
	add("zero", DEVICE(1, 5), &zero_ops);
	add("full", DEVICE(1, 7), &full_ops);
	add("random", DEVICE(1, 8), &random_ops);
	add("urandom", DEVICE(1, 9), &random_ops);
	add("tty", DEV_TTY, NULL); /* terminals open themselves */
	add("console", DEV_CONSOLE, NULL);
	add("ptmx", PTY_MASTER_RDEV, NULL);
	BUG_ON(vfs_symlink("/proc/self/fd", NULL, "/dev/fd"));
	BUG_ON(vfs_symlink("/proc/self/fd/0", NULL, "/dev/stdin"));
	BUG_ON(vfs_symlink("/proc/self/fd/1", NULL, "/dev/stdout"));
	BUG_ON(vfs_symlink("/proc/self/fd/2", NULL, "/dev/stderr"));
}
