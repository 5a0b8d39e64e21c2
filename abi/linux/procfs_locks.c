/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_locks.c - /proc/lock_stat, in kernels with CONFIG_LOCK_STATS. The name is Linux's, the columns are our own
 * (docs/locks.md): words between tabs, a line with their names first, for each class a line for each CPU that took such a lock, and
 * then the sum.
 */
#include "procfs.h"

#include <core/lockstat.h>
#include <fs/seq.h>
#include <fs/vnode.h>
#include <lib/bitmap.h>
#include <lib/format.h>
#include <mm/page.h>

static void show_line(struct seq *s, unsigned id, const char *cpu, const struct lock_counts *c)
{
	seq_printf(s, "%s\t%s\t%s\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\n", lock_class_name(id), lockstat_sleeps(id) ? "mutex" : "spinlock", cpu,
		   c->taken, c->contended, c->spins, c->wait, c->held, c->held_max);
}

/* The sum is of what was shown: meanwhile the counters go on. */
static void show_class(struct seq *s, unsigned id)
{
	struct lock_counts sum = {0}, one;
	char text[8];
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		lockstat_read(id, (unsigned)cpu, &one);
		snprintf(text, sizeof(text), "%zu", cpu);
		if (one.taken || one.held) /* a mutex may be released on another CPU */
			show_line(s, id, text, &one);
		lock_counts_add(&sum, &one);
	}
	show_line(s, id, "all", &sum);
}

static void show(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "class\tkind\tcpu\ttaken\tcontended\tspins\twait\theld\theld_max\n");
	for (unsigned id = 0; id < lock_class_count(); id++)
		show_class(s, id);
}

void procfs_add_locks(void)
{
	if (procfs_add("lock_stat", show, NULL))
		memory_give_up("/proc/lock_stat");
}
