/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_names.c - names and descriptors are found without a lock, and what a reader has found stays until it has left. */
#include <core/ktest.h>

#include <core/readers.h>
#include <core/time.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/path.h>
#include <fs/vnode.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <sched/thread.h>

#define FOLDER "/ktest-names"
#define A_WHILE NSEC_PER_MSEC
#define PATIENCE (60 * NSEC_PER_SEC)

static bool exists(const char *path)
{
	struct vnode *v = vfs_lookup(NULL, path, 0);

	if (IS_ERR(v))
		return false;
	vnode_put(v);
	return true;
}

static void make(const char *path, unsigned type)
{
	KT_EQ(vfs_mknod(NULL, path, type | 0700, 0), 0);
}

/* Who takes a mutex twice panics. */
KTEST(names_are_found_while_others_change)
{
	make(FOLDER, S_IFDIR);
	make(FOLDER "/below", S_IFDIR);
	make(FOLDER "/below/file", S_IFREG);
	mutex_lock(&fs_lock);
	KT_OK(exists(FOLDER "/below/file"));
	KT_OK(exists("//ktest-names///below"));
	mutex_unlock(&fs_lock);
	KT_OK(!exists(FOLDER "/below/nothing"));
	KT_OK(exists(FOLDER "/below/../below/file"));
	KT_EQ(vfs_unlink(NULL, FOLDER "/below/file", false), 0);
	KT_OK(!exists(FOLDER "/below/file"));
	KT_EQ(vfs_unlink(NULL, FOLDER "/below", true), 0);
	KT_EQ(vfs_unlink(NULL, FOLDER, true), 0);
}

static unsigned go, gone; /* a: steps that the other thread may do, and has done */
static struct fdtable *table;

static bool comes_to(const unsigned *word, unsigned value)
{
	for (u64 end = clock_ns() + PATIENCE; clock_ns() < end; cpu_pause())
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) >= value)
			return true;
	return false;
}

static void take_away(void *unused)
{
	(void)unused;
	if (comes_to(&go, 1))
		KT_EQ(vfs_unlink(NULL, FOLDER "/a", false), 0);
	__atomic_store_n(&gone, 1, __ATOMIC_RELEASE);
	if (comes_to(&go, 2))
		KT_EQ(vfs_rename(NULL, FOLDER "/b", NULL, FOLDER "/c", 0), 0);
	__atomic_store_n(&gone, 2, __ATOMIC_RELEASE);
	if (comes_to(&go, 3))
		KT_EQ(fd_close(table, 0), 0);
	__atomic_store_n(&gone, 3, __ATOMIC_RELEASE);
}

static void *find(struct vnode *dir, const char *name)
{
	return name ? (void *)dir->ops->peek(dir, name, 1) : (void *)READ_ONCE(table->file[0]);
}

/* The other thread takes `name` (NULL: descriptor 0) away while we read: it is not done with that before we have left. */
static void read_while_it_goes(struct vnode *dir, const char *name, unsigned step)
{
	readers_enter();

	u64 end = clock_ns() + PATIENCE;

	KT_OK(find(dir, name));
	__atomic_store_n(&go, step, __ATOMIC_RELEASE);
	while (find(dir, name) && clock_ns() < end)
		cpu_pause();
	KT_OK(!find(dir, name));
	for (end = clock_ns() + A_WHILE; clock_ns() < end;)
		cpu_pause();
	KT_OK(__atomic_load_n(&gone, __ATOMIC_ACQUIRE) < step);
	readers_leave();
	KT_OK(comes_to(&gone, step));
}

/* Who takes a spinlock twice hangs, or panics. */
KTEST(descriptors_are_found_while_others_change)
{
	struct fdtable *t = fdtable_create();
	struct file *f = vfs_open("/dev/null", 0, 0);

	KT_EQ(fd_install(t, f, 0, FD_LIMIT, false), 0);
	spin_lock(&t->lock);
	KT_OK(fd_get(t, 0) == f);
	KT_OK(!fd_get(t, 1) && !fd_get(t, -1) && !fd_get(t, FD_LIMIT));
	spin_unlock(&t->lock);
	KT_EQ(f->refs, 2);
	file_put(f);
	fdtable_put(t);
}

KTEST(who_takes_away_waits_for_readers)
{
	u64 other[CPUSET_WORDS] = {0};
	struct thread *t;
	unsigned cpu = 0;

	while (cpu < cpu_count && (cpu == this_cpu_id() || !bitmap_test(cpu_online_mask, cpu)))
		cpu++;
	if (cpu == cpu_count)
		return; /* nobody reads meanwhile */
	bitmap_set(other, cpu);
	go = gone = 0;
	make(FOLDER, S_IFDIR);
	make(FOLDER "/a", S_IFREG);
	make(FOLDER "/b", S_IFREG);
	make(FOLDER "/c", S_IFREG);
	table = fdtable_create();
	table->threads = true;
	KT_EQ(fd_install(table, vfs_open("/dev/null", 0, 0), 0, FD_LIMIT, false), 0);
	t = kthread_create("names", take_away, NULL);
	if (KT_OK(t) && KT_EQ(thread_set_affinity(t, other), 0)) {
		struct vnode *dir = vfs_lookup(NULL, FOLDER, 0);

		thread_start(t);
		KT_OK(!IS_ERR(dir));
		read_while_it_goes(dir, "a", 1);
		read_while_it_goes(dir, "b", 2);
		read_while_it_goes(dir, NULL, 3);
		vnode_put(dir);
	}
	fdtable_put(table);
	KT_EQ(vfs_unlink(NULL, FOLDER "/c", false), 0);
	KT_EQ(vfs_unlink(NULL, FOLDER, true), 0);
}
