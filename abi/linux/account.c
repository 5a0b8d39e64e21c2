/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.c - what was taken and never given back, counted at the end of a run.
 *
 * Objects are counted per slab cache: vmspaces, regions, processes, tasks, FPU areas have caches of their own; descriptor
 * tables, open files, pipes, credentials and the like are kmalloc's. Pages are counted as those in use that neither a slab,
 * nor a file, nor a kernel stack, nor the kernel's own page tables explain. What was sent to its end may still be on its
 * way there (the reaper, other CPUs), so a difference counts when it stays.
 */
#include <abi/linux/account.h>

#include <arch/pmap.h>
#include <core/printk.h>
#include <core/time.h>
#include <fs/linked.h>
#include <fs/file.h>
#include <fs/path.h>
#include <isolation/proc.h>
#include <isolation/rungs.h>
#include <lib/errname.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/linux/dirent.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/signal.h>
#include <uapi/linux/stat.h>

#include "rewrite.h"

#define CACHES_MAX 64
#define TRIES 200
#define TRY_NS (10 * NSEC_PER_MSEC)

static struct {
	u64 objects[CACHES_MAX]; /* in the order of slab_foreach() */
	u64 stacks;
	u64 cached;              /* pages of objects that are no file: the vDSO */
	i64 pages;
	u64 ino;                 /* the last that a file had */
} before; /* main thread only, as all here */

struct count {
	unsigned cache;
	u64 slab_pages;
	unsigned left;
	bool say;
};

/* The allocator's own: they follow what it keeps in stock. */
static bool allocators_own(const char *name)
{
	return !strcmp(name, "slab") || !strcmp(name, "magazine");
}

static void note_cache(const char *name, size_t size, u64 in_use, u64 pages, void *arg)
{
	unsigned *cache = arg;

	(void)name, (void)size, (void)pages;
	before.objects[(*cache)++ % CACHES_MAX] = in_use;
}

static void compare_cache(const char *name, size_t size, u64 in_use, u64 pages, void *arg)
{
	struct count *c = arg;
	u64 had = before.objects[c->cache++ % CACHES_MAX];

	c->slab_pages += pages;
	if (in_use == had || allocators_own(name))
		return;
	c->left++;
	if (c->say)
		pr_err("left: %ld objects of %s (%zu bytes each)", (i64)(in_use - had), name, size);
}

static void sum_pages(const char *name, size_t size, u64 in_use, u64 pages, void *arg)
{
	(void)name, (void)size, (void)in_use;
	*(u64 *)arg += pages;
}

/* Pages in use that are nobody's. */
static i64 unexplained_pages(void)
{
	struct memory_stats m;
	u64 slabs = 0;

	page_stats(&m);
	slab_foreach(sum_pages, &slabs);
	return (i64)(m.total_pages - m.free_pages - m.cached_pages - slabs - kstack_pages() - pmap_tables(&kernel_pmap));
}

void account_objects(void)
{
	struct memory_stats m;
	unsigned cache = 0;

	slab_foreach(note_cache, &cache);
	before.stacks = kstack_live();
	page_stats(&m);
	before.cached = m.cached_pages;
	before.ino = vnode_last_ino;
}

void account_pages(void)
{
	before.pages = unexplained_pages();
}

/* ---- making the machine empty ---- */

static int kill_one(struct proc *p, void *arg)
{
	if (p->state == PROC_ZOMBIE)
		return 0;
	*(unsigned *)arg += 1;
	proc_doom(p, SIGKILL);
	return 0;
}

/* Also who is born meanwhile. When it is true no call of a program's is under way any more, execve(2) among them. */
static bool kill_all(void)
{
	for (unsigned i = 0; i < TRIES; i++) {
		unsigned alive = 0;

		mutex_lock(&proc_lock);
		proc_foreach(kill_one, &alive);
		mutex_unlock(&proc_lock);
		if (!alive)
			return true;
		thread_sleep_until(clock_ns() + TRY_NS);
	}
	return false;
}

/* The first name in a directory that was not there before: its type, 0 when there is none, or an error. */
static int first_entry(const char *path, char *name, size_t size)
{
	static u8 records[PAGE_SIZE];
	struct file *f = vfs_open(path, O_RDONLY, 0);
	struct iovec64 iov;
	struct uio u;
	int type = 0;
	long n;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
	uio_kernel(&u, &iov, records, sizeof(records));
	n = f->ops->readdir(f, &u, &f->pos);
	for (u8 *at = records; n > 0 && at < records + n && !type;) {
		struct dirent64 *d = (struct dirent64 *)at;

		if (strcmp(d->name, ".") && strcmp(d->name, "..") && d->ino > before.ino) {
			strlcpy(name, d->name, size);
			type = d->type;
		}
		at += d->reclen;
	}
	file_put(f);
	return n < 0 ? (int)n : type;
}

/* Everything below `top` that was not there before, with the one path that it walks up and down. */
static int remove_files(const char *top)
{
	static char path[PATH_MAX], name[NAME_MAX + 1];
	size_t length = strlcpy(path, top, sizeof(path));
	int error = 0;

	while (!error) {
		int type = first_entry(path, name, sizeof(name));

		if (type < 0)
			return type;
		if (type) {
			size_t here = length;

			if (length > 1)
				path[length++] = '/';
			if (length + strlen(name) + 2 > sizeof(path))
				return -ENAMETOOLONG;
			length += strlcpy(path + length, name, sizeof(path) - length);
			if (type == DT_OF_MODE(S_IFDIR))
				continue;
			error = vfs_unlink(NULL, path, false);
			path[length = here] = 0;
		} else if (length == strlen(top)) {
			return 0;
		} else {
			error = vfs_unlink(NULL, path, true);
			while (length > 1 && path[length - 1] != '/')
				length--;
			length -= length > 1;
			path[length] = 0;
		}
	}
	return error;
}

/* ---- counting ---- */

static unsigned compare(bool say)
{
	struct count c = {.say = say};
	struct memory_stats m;
	i64 pages = unexplained_pages() - before.pages, stacks = (i64)(kstack_live() - before.stacks);

	slab_foreach(compare_cache, &c);
	page_stats(&m);
	c.left += (pages != 0) + (m.cached_pages != before.cached) + (stacks != 0);
	if (say && pages)
		pr_err("left: %ld pages that nobody explains", pages);
	if (say && m.cached_pages != before.cached)
		pr_err("left: %ld pages of files, though every file is gone", (i64)(m.cached_pages - before.cached));
	if (say && stacks)
		pr_err("left: %ld kernel stacks", stacks);
	return c.left;
}

bool account_settle(void)
{
	int error;

	if (!kill_all()) {
		pr_err("left: a process that does not end");
		return false;
	}
	if (RUNG_REWRITE)
		rewrite_forget();
	error = remove_files("/");
	if (!error && !APP_LINKED)
		error = remove_files("/dev");
	if (error) {
		pr_err("left: a file that cannot be removed: %s", errno_name(-error));
		return false;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		if (!compare(false))
			return true;
		thread_sleep_until(clock_ns() + TRY_NS);
	}
	return !compare(true);
}
