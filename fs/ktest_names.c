/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_names.c - names are found without fs_lock, and what a reader has found stays until it has left. */
#include <core/ktest.h>

#include <core/readers.h>
#include <core/time.h>
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
}

/* The other thread takes `name` away while we read: it is not done before we have left, and what we found is whole until then. */
static void read_while_it_goes(struct vnode *dir, const char *name, unsigned step)
{
	readers_enter();

	struct vnode *found = dir->ops->peek(dir, name, 1);
	u64 end = clock_ns() + PATIENCE;

	__atomic_store_n(&go, step, __ATOMIC_RELEASE);
	while (dir->ops->peek(dir, name, 1) && clock_ns() < end)
		cpu_pause();
	KT_OK(!dir->ops->peek(dir, name, 1));
	for (end = clock_ns() + A_WHILE; clock_ns() < end;)
		cpu_pause();
	KT_OK(__atomic_load_n(&gone, __ATOMIC_ACQUIRE) < step);
	KT_OK(found && READ_ONCE(found->refs) > 0);
	readers_leave();
	KT_OK(comes_to(&gone, step));
}

KTEST(who_takes_a_name_away_waits_for_readers)
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
	t = kthread_create("names", take_away, NULL);
	if (KT_OK(t) && KT_EQ(thread_set_affinity(t, other), 0)) {
		struct vnode *dir = vfs_lookup(NULL, FOLDER, 0);

		thread_start(t);
		KT_OK(!IS_ERR(dir));
		read_while_it_goes(dir, "a", 1);
		read_while_it_goes(dir, "b", 2);
		vnode_put(dir);
	}
	KT_EQ(vfs_unlink(NULL, FOLDER "/c", false), 0);
	KT_EQ(vfs_unlink(NULL, FOLDER, true), 0);
}
