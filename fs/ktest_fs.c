/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest_fs.c - self-tests of descriptor tables, names, file data and pipes. They work below /ktest,
 * and clean up.
 */
#include <core/ktest.h>

#include "internal.h"

#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/lock.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <fs/poll.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/rand.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/linux/dirent.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/poll.h>

static long transfer(struct file *f, void *p, u64 n, bool write)
{
	struct iovec64 iov;
	struct uio u;

	uio_kernel(&u, &iov, p, n);
	return write ? file_write(f, &u, NULL) : file_read(f, &u, NULL);
}

static long write_string(struct file *f, const char *text)
{
	return transfer(f, (void *)text, strlen(text), true);
}

static struct file *open_file(const char *path, unsigned flags)
{
	struct file *f = vfs_open(path, (int)flags, 0644);

	KT_OK(!IS_ERR(f));
	return f;
}

static bool exists(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, 0);

	if (IS_ERR(v))
		return false;
	vnode_put(v);
	return true;
}

static i64 size_of(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, LOOKUP_FOLLOW);
	struct stat64 st;

	if (IS_ERR(v))
		return PTR_ERR(v);
	vnode_getattr(v, &st);
	vnode_put(v);
	return st.size;
}

static u32 links_of(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, 0);
	u32 n = IS_ERR(v) ? 0 : v->nlink;

	if (!IS_ERR(v))
		vnode_put(v);
	return n;
}

static u64 random_below(u64 *seed, u64 n)
{
	return splitmix64(seed) % n;
}

static int make_dir(const char *path)
{
	return vfs_mknod(NULL, path, S_IFDIR | 0755, 0);
}

static void make_file(const char *path, const char *text)
{
	struct file *f = open_file(path, O_CREAT | O_WRONLY | O_TRUNC);

	KT_EQ(write_string(f, text), strlen(text));
	file_put(f);
}

KTEST(fdtable_lowest_first)
{
	struct fdtable *t = fdtable_create(), *copy;
	struct file *f = open_file("/dev/null", O_RDWR);

	for (int i = 0; i < 200; i++) {
		file_get(f);
		KT_EQ(fd_install(t, f, 0, FD_LIMIT, i % 2), i);
	}
	KT_EQ(fd_close(t, 70), 0);
	KT_EQ(fd_close(t, 3), 0);
	KT_EQ(fd_close(t, 3), -EBADF);
	KT_OK(!fd_get(t, 3));
	file_get(f);
	KT_EQ(fd_install(t, f, 0, FD_LIMIT, false), 3);
	file_get(f);
	KT_EQ(fd_install(t, f, 10, FD_LIMIT, false), 70);
	KT_EQ(fd_install(t, f, 0, 200, false), -EMFILE);
	KT_EQ(fd_install(t, f, 200, 200, false), -EINVAL);
	copy = fdtable_copy(t);
	KT_EQ(fd_count(copy), 200);
	KT_EQ(f->refs, 401);
	fdtable_exec(copy); /* odd descriptors but 3: 99 of them */
	KT_EQ(fd_count(copy), 101);
	fdtable_put(copy);
	fdtable_put(t);
	KT_EQ(f->refs, 1);
	file_put(f);
}

/* A reader of /proc neither makes a table shared, for which exec would copy it and lose record locks, nor keeps its files open. */
KTEST(fdtable_looked_at)
{
	struct fdtable *t = fdtable_create();
	struct file *f = open_file("/dev/null", O_RDWR);

	file_get(f);
	KT_EQ(fd_install(t, f, 0, FD_LIMIT, false), 0);
	fdtable_grab(t);
	KT_OK(!fdtable_is_shared(t));
	fdtable_put(t);
	KT_EQ(f->refs, 1);
	KT_EQ(fd_next(t, 0), -1);
	fdtable_drop(t);
	file_put(f);
}

KTEST(path_resolution)
{
	KT_EQ(make_dir("/ktest"), 0);
	KT_EQ(make_dir("/ktest/a/"), 0);
	KT_EQ(make_dir("/ktest"), -EEXIST);
	make_file("/ktest/a/file", "hello");
	KT_EQ(vfs_symlink("a", NULL, "/ktest/link"), 0);
	KT_EQ(vfs_symlink("link/file", NULL, "/ktest/twice"), 0);
	KT_EQ(vfs_symlink("/ktest/loop", NULL, "/ktest/loop"), 0);
	KT_EQ(size_of("/ktest/link/file"), 5);
	KT_EQ(size_of("//ktest/./a/../twice"), 5);
	KT_EQ(size_of("/../../ktest/a/file"), 5);
	KT_EQ(size_of("/ktest/loop"), -ELOOP);
	KT_EQ(size_of("/ktest/a/file/"), -ENOTDIR);
	KT_EQ(size_of("/ktest/a/file/x"), -ENOTDIR);
	KT_EQ(size_of("/ktest/twice/"), -ENOTDIR);
	KT_EQ(size_of("/ktest/none/x"), -ENOENT);
	KT_EQ(size_of(""), -ENOENT);
	KT_EQ(PTR_ERR(vfs_open("/ktest/twice", O_NOFOLLOW, 0)), -ELOOP);
	KT_EQ(PTR_ERR(vfs_open("/ktest/a/file", O_DIRECTORY, 0)), -ENOTDIR);
	KT_EQ(PTR_ERR(vfs_open("/ktest/a", O_WRONLY, 0)), -EISDIR);
	KT_EQ(PTR_ERR(vfs_open("/ktest/twice", O_CREAT | O_EXCL | O_WRONLY, 0)), -EEXIST);
	KT_EQ(vfs_symlink("made", NULL, "/ktest/dangling"), 0);
	file_put(open_file("/ktest/dangling", O_CREAT | O_WRONLY));
	KT_EQ(size_of("/ktest/made"), 0);
	KT_OK(exists("/dev/../proc/../dev/null"));
	KT_EQ(vfs_unlink(NULL, "/dev", true), -EBUSY);
	KT_EQ(vfs_unlink(NULL, "/ktest/a", true), -ENOTEMPTY);
	KT_EQ(vfs_unlink(NULL, "/ktest/a", false), -EISDIR);
	KT_EQ(vfs_unlink(NULL, "/ktest/a/file", true), -ENOTDIR);

	static const char *const files[] = {"a/file", "link", "twice", "loop", "dangling", "made"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/ktest/%s", files[i]);
		KT_EQ(vfs_unlink(NULL, path, false), 0);
	}
	KT_EQ(vfs_unlink(NULL, "/ktest/a", true), 0);
	KT_EQ(vfs_unlink(NULL, "/ktest/", true), 0);
	KT_OK(!exists("/ktest"));
}

KTEST(path_back)
{
	char path[64];

	KT_EQ(make_dir("/ktest"), 0);
	KT_EQ(make_dir("/ktest/deep"), 0);

	struct vnode *v = vfs_lookup(NULL, "/ktest/deep", 0);

	KT_EQ(vfs_path(v, path, sizeof(path)), 12);
	KT_OK(!strcmp(path, "/ktest/deep"));
	KT_EQ(vfs_path(v, path, 12), 12);
	KT_EQ(vfs_path(v, path, 11), -ERANGE);
	KT_EQ(vfs_path(vfs_root, path, 2), 2);
	KT_OK(!strcmp(path, "/"));
	KT_EQ(vfs_unlink(NULL, "/ktest/deep", true), 0);
	KT_EQ(vfs_path(v, path, sizeof(path)), -ENOENT);
	KT_EQ(vfs_mknod(v, "x", S_IFREG, 0), -ENOENT);
	vnode_put(v);
	v = vfs_lookup(NULL, "/dev/null", 0);
	KT_EQ(vfs_path(v, path, sizeof(path)), 10);
	vnode_put(v);
	v = vfs_lookup(NULL, "/proc", 0);
	KT_EQ(vfs_path(v, path, sizeof(path)), 6);
	vnode_put(v);
	KT_EQ(vfs_unlink(NULL, "/ktest", true), 0);
}

KTEST(rename_cases)
{
	KT_EQ(make_dir("/ktest"), 0);
	KT_EQ(make_dir("/ktest/d"), 0);
	KT_EQ(make_dir("/ktest/d/sub"), 0);
	KT_EQ(make_dir("/ktest/e"), 0);
	make_file("/ktest/f", "f");
	make_file("/ktest/g", "gg");
	KT_EQ(links_of("/ktest"), 4);
	KT_EQ(vfs_rename(NULL, "/ktest/d", NULL, "/ktest/d/sub/x", 0), -EINVAL);
	KT_EQ(vfs_rename(NULL, "/ktest/e", NULL, "/ktest/d", 0), -ENOTEMPTY);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/d", 0), -EISDIR);
	KT_EQ(vfs_rename(NULL, "/ktest/d", NULL, "/ktest/f", 0), -ENOTDIR);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/dev/f", 0), -EXDEV);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/g", RENAME_NOREPLACE), -EEXIST);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/none", RENAME_EXCHANGE), -ENOENT);
	KT_EQ(vfs_rename(NULL, "/ktest/d/.", NULL, "/ktest/x", 0), -EBUSY);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/h/", 0), -ENOTDIR);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/f", 0), 0);
	KT_EQ(vfs_rename(NULL, "/ktest/d/sub", NULL, "/ktest/e", RENAME_EXCHANGE), 0);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/e", RENAME_EXCHANGE), 0);
	KT_EQ(size_of("/ktest/e"), 1);
	KT_EQ(vfs_rename(NULL, "/ktest/f", NULL, "/ktest/e", RENAME_EXCHANGE), 0);
	KT_EQ(vfs_rename(NULL, "/ktest/g", NULL, "/ktest/f", 0), 0);
	KT_EQ(size_of("/ktest/f"), 2);
	KT_OK(!exists("/ktest/g"));
	KT_EQ(vfs_rename(NULL, "/ktest/d/sub", NULL, "/ktest/e/", 0), 0);
	KT_EQ(links_of("/ktest"), 4);
	KT_EQ(links_of("/ktest/d"), 2);
	KT_EQ(vfs_unlink(NULL, "/ktest/d", true), 0);
	KT_EQ(vfs_unlink(NULL, "/ktest/e", true), 0);
	KT_EQ(vfs_unlink(NULL, "/ktest/f", false), 0);
	KT_EQ(links_of("/ktest"), 2);
	KT_EQ(vfs_unlink(NULL, "/ktest", true), 0);
}

#define NAMES 64
#define STEPS 4000

/*
 * Random creations, links, renames and removals in one directory, beside an array that says which
 * file has which name.
 */
KTEST(tmpfs_names_against_model)
{
	int *model = kzalloc(NAMES * sizeof(*model)); /* 0: no such name; else which file */
	u64 seed = 7;
	int next = 1;

	KT_EQ(make_dir("/ktest"), 0);
	for (int step = 0; step < STEPS; step++) {
		u64 a = random_below(&seed, NAMES), b = random_below(&seed, NAMES);
		char from[32], to[32];

		snprintf(from, sizeof(from), "/ktest/%lu", a);
		snprintf(to, sizeof(to), "/ktest/%lu", b);
		switch (random_below(&seed, 4)) {
		case 0:
			KT_EQ(vfs_mknod(NULL, from, S_IFREG | 0600, 0), model[a] ? -EEXIST : 0);
			if (!model[a])
				model[a] = next++;
			break;
		case 1:
			KT_EQ(vfs_unlink(NULL, from, false), model[a] ? 0 : -ENOENT);
			model[a] = 0;
			break;
		case 2:
			KT_EQ(vfs_rename(NULL, from, NULL, to, 0), model[a] ? 0 : -ENOENT);
			if (model[a] && model[a] != model[b]) {
				model[b] = model[a];
				model[a] = 0;
			}
			break;
		default: {
			struct vnode *v = vfs_lookup(NULL, from, 0);

			KT_EQ(!IS_ERR(v), model[a] != 0);
			if (IS_ERR(v))
				break;
			KT_EQ(vfs_link(v, NULL, to), model[b] ? -EEXIST : 0);
			if (!model[b])
				model[b] = model[a];
			vnode_put(v);
		}
		}
	}
	for (u64 a = 0; a < NAMES; a++) {
		char path[32];
		u32 links = 0;

		for (u64 b = 0; b < NAMES; b++)
			links += model[a] && model[b] == model[a];
		snprintf(path, sizeof(path), "/ktest/%lu", a);
		KT_EQ(links_of(path), links);
	}
	for (u64 a = 0; a < NAMES; a++) {
		char path[32];

		snprintf(path, sizeof(path), "/ktest/%lu", a);
		if (model[a])
			KT_EQ(vfs_unlink(NULL, path, false), 0);
	}
	KT_EQ(vfs_unlink(NULL, "/ktest", true), 0);
	kfree(model);
}

/* `rm -r` deletes while it reads: every name must come exactly once. */
KTEST(readdir_while_removing)
{
	struct file *dir;
	u8 buffer[256];
	int seen = 0;

	KT_EQ(make_dir("/ktest"), 0);
	for (int i = 0; i < 100; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/ktest/name%d", i);
		KT_EQ(vfs_mknod(NULL, path, S_IFREG, 0), 0);
	}
	/* A name that comes after one went takes no other's place in the listing. */
	KT_EQ(vfs_unlink(NULL, "/ktest/name0", false), 0);
	KT_EQ(vfs_mknod(NULL, "/ktest/name0", S_IFREG, 0), 0);
	dir = open_file("/ktest", O_RDONLY | O_DIRECTORY);
	for (;;) {
		struct iovec64 iov;
		struct uio u;

		uio_kernel(&u, &iov, buffer, sizeof(buffer));

		long n = dir->ops->readdir(dir, &u, &dir->pos);

		if (n <= 0)
			break;
		for (u8 *p = buffer; p < buffer + n; p += ((struct dirent64 *)p)->reclen) {
			struct dirent64 *d = (struct dirent64 *)p;

			if (d->name[0] == '.')
				continue;
			seen++;
			KT_EQ(vfs_unlink(dir->vnode, d->name, false), 0);
		}
	}
	KT_EQ(seen, 100);
	file_put(dir);
	KT_EQ(vfs_unlink(NULL, "/ktest", true), 0);
}

KTEST(tmpfs_data)
{
	struct file *f = open_file("/ktest-data", O_CREAT | O_RDWR);
	char text[16];

	KT_EQ(write_string(f, "begin"), 5);
	KT_EQ(f->ops->seek(f, 3 * PAGE_SIZE + 10, SEEK_SET), 3 * PAGE_SIZE + 10);
	KT_EQ(write_string(f, "end"), 3);
	KT_EQ(size_of("/ktest-data"), 3 * PAGE_SIZE + 13);
	KT_EQ(f->ops->seek(f, 0, SEEK_HOLE), PAGE_SIZE);
	KT_EQ(f->ops->seek(f, PAGE_SIZE, SEEK_DATA), 3 * PAGE_SIZE);
	KT_EQ(file_pread(f, text, 8, 3), 8);
	KT_OK(!memcmp(text, "in\0\0\0\0\0\0", 8));
	KT_EQ(file_pread(f, text, 16, 3 * PAGE_SIZE + 8), 5);
	KT_OK(!memcmp(text, "\0\0end", 5));
	KT_EQ(f->ops->truncate(f, 2), 0);
	KT_EQ(f->ops->truncate(f, 10), 0);
	KT_EQ(file_pread(f, text, 16, 0), 10);
	KT_OK(!memcmp(text, "be\0\0\0\0\0\0\0\0", 10));
	f->flags |= O_APPEND;
	KT_EQ(write_string(f, "+"), 1);
	KT_EQ(size_of("/ktest-data"), 11);
	KT_EQ(vfs_unlink(NULL, "/ktest-data", false), 0);
	KT_EQ(file_pread(f, text, 2, 0), 2); /* it lives while it is open */
	file_put(f);
}

KTEST(pipe_ring)
{
	struct file *r, *w;
	u8 *bytes = kmalloc(PIPE_SIZE);
	u64 seed = 7;
	u8 put = 0, got = 0;
	u64 in_ring = 0;

	KT_EQ(pipe_create(&r, &w, O_NONBLOCK), 0);
	KT_EQ(transfer(r, bytes, 1, false), -EAGAIN);
	for (int step = 0; step < 2000; step++) {
		u64 n = random_below(&seed, step % 3 ? 9000 : 3 * PIPE_BUF) + 1;
		u64 room = PIPE_SIZE - in_ring;
		bool atomic = n <= PIPE_BUF;
		long expected = n <= room ? (long)n : atomic || !room ? -EAGAIN : (long)room;

		for (u64 i = 0; i < n; i++)
			bytes[i] = (u8)(put + i);

		long done = transfer(w, bytes, n, true);

		KT_EQ(done, expected);
		if (done > 0) {
			put = (u8)(put + done);
			in_ring += (u64)done;
		}
		n = random_below(&seed, 9000) + 1;
		done = transfer(r, bytes, n, false);
		KT_EQ(done, in_ring ? (long)MIN(n, in_ring) : -EAGAIN);
		for (long i = 0; i < done; i++)
			if (bytes[i] != got++)
				KT_EQ(bytes[i], (u8)(got - 1));
		in_ring -= done > 0 ? (u64)done : 0;
	}
	while (transfer(r, bytes, PIPE_SIZE, false) > 0)
		;
	KT_EQ(file_poll(r, NULL), 0);
	KT_EQ(file_poll(w, NULL), POLLOUT | POLLWRNORM);
	KT_EQ(transfer(w, bytes, 1, true), 1);
	KT_EQ(transfer(w, bytes, PIPE_SIZE, true), PIPE_SIZE - 1);
	KT_EQ(file_poll(w, NULL), 0);
	file_put(w);
	KT_EQ(file_poll(r, NULL), POLLIN | POLLRDNORM | POLLHUP);
	KT_EQ(transfer(r, bytes, PIPE_SIZE, false), PIPE_SIZE);
	KT_EQ(transfer(r, bytes, 1, false), 0);
	file_put(r);
	KT_EQ(pipe_create(&r, &w, O_NONBLOCK), 0);
	file_put(r);
	KT_EQ(transfer(w, bytes, 1, true), -EPIPE);
	KT_OK(file_poll(w, NULL) & POLLERR);
	file_put(w);
	kfree(bytes);
}

KTEST(poll_at_once)
{
	struct poll_entry e[2];
	struct file *r, *w;

	KT_EQ(pipe_create(&r, &w, 0), 0);
	e[0] = (struct poll_entry){.file = r, .events = POLLIN};
	e[1] = (struct poll_entry){.file = NULL, .events = POLLIN};
	KT_EQ(poll_files(e, 1, 0), 0);
	KT_EQ(poll_files(e, 2, 0), 1);
	KT_EQ(e[1].revents, POLLNVAL);
	KT_EQ(write_string(w, "x"), 1);
	KT_EQ(poll_files(e, 1, NO_DEADLINE), 1);
	KT_EQ(e[0].revents, POLLIN);
	file_put(r);
	file_put(w);
}

KTEST(record_locks)
{
	struct file *f = open_file("/ktest-lock", O_CREAT | O_RDWR);
	int alice, bob;
	struct file_lock a = {.owner = &alice, .exclusive = true, .start = 10, .end = 29};
	struct file_lock b = {.owner = &bob, .exclusive = true, .start = 20, .end = ~0ul};
	struct file_lock hole = {.owner = &alice, .start = 15, .end = 24};

	a.record = b.record = hole.record = true;
	KT_EQ(file_lock_set(f->vnode, &a, false), 0);
	KT_EQ(file_lock_set(f->vnode, &b, false), -EAGAIN);
	KT_EQ(file_lock_clear(f->vnode, &hole), 0);
	b.end = 24;
	KT_EQ(file_lock_set(f->vnode, &b, false), 0);
	b.start = b.end = 25;
	KT_OK(file_lock_test(f->vnode, &b));
	KT_EQ(b.start, 25);
	KT_EQ(b.end, 29);
	KT_OK(b.owner == &alice);
	a.exclusive = false;
	a.start = 20;
	KT_EQ(file_lock_set(f->vnode, &a, false), -EAGAIN);
	file_lock_drop_owner(f->vnode, &bob);
	KT_EQ(file_lock_set(f->vnode, &a, false), 0);
	file_lock_drop_owner(f->vnode, &alice);
	KT_OK(list_empty(&f->vnode->locks));
	KT_EQ(vfs_unlink(NULL, "/ktest-lock", false), 0);
	file_put(f);
}
