/* SPDX-License-Identifier: BSD-2-Clause */
/* procfs_system.c - /proc/meminfo and the other files that are about the whole machine. */
#include "procfs.h"

#include <abi/linux/utsname.h>
#include <arch/boot.h>
#include <arch/machine.h>
#include <core/irq.h>
#include <core/lockclass.h>
#include <core/percpu.h>
#include <core/time.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <fs/seq.h>
#include <isolation/proc.h>
#include <lib/bitmap.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/tlb.h>
#include <sched/thread.h>

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void show_meminfo(struct seq *s, void *arg)
{
	struct memory_stats m;

	(void)arg;
	page_stats(&m);
	seq_printf(s, "MemTotal:       %8lu kB\n", m.total_pages * KIB_PER_PAGE);
	seq_printf(s, "MemFree:        %8lu kB\n", m.free_pages * KIB_PER_PAGE);
	seq_printf(s, "MemAvailable:   %8lu kB\n", m.free_pages * KIB_PER_PAGE);
	seq_printf(s, "Buffers:        %8u kB\n", 0);
	seq_printf(s, "Cached:         %8lu kB\n", m.cached_pages * KIB_PER_PAGE);
	seq_printf(s, "SwapCached:     %8u kB\n", 0);
	seq_printf(s, "SwapTotal:      %8u kB\n", 0);
	seq_printf(s, "SwapFree:       %8u kB\n", 0);
	seq_printf(s, "Shmem:          %8lu kB\n", m.cached_pages * KIB_PER_PAGE);
}

struct cpu_text {
	char vendor[16], brand[64], flags[2048];
};

static void show_cpuinfo(struct seq *s, void *arg)
{
	struct cpu_text *t = kzalloc(sizeof(*t));
	size_t cpu;

	(void)arg;
	if (!t) {
		s->failed = true;
		return;
	}
	arch_cpu_describe(t->vendor, sizeof(t->vendor), t->brand, sizeof(t->brand), t->flags,
			  sizeof(t->flags));
	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		u64 khz = arch_tsc_khz();

		seq_printf(s, "processor\t: %zu\nvendor_id\t: %s\n", cpu, t->vendor);
		seq_printf(s, "model name\t: %s\n", t->brand);
		seq_printf(s, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
		seq_printf(s, "flags\t\t: %s\n\n", t->flags);
	}
	kfree(t);
}

static void show_seconds(struct seq *s, u64 ns, const char *end)
{
	u64 hundredths = ns / (NSEC_PER_SEC / 100);

	seq_printf(s, "%lu.%02lu%s", hundredths / 100, hundredths % 100, end);
}

static u64 all_idle_ns(void)
{
	u64 sum = 0;
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, cpu_count)
		sum += sched_cpu_idle_ns((unsigned)cpu);
	return sum;
}

static void show_uptime(struct seq *s, void *arg)
{
	(void)arg;
	show_seconds(s, clock_ns(), " ");
	show_seconds(s, all_idle_ns(), "\n");
}

/* Busy time is sampled: docs/decisions/0016. */
static void show_cpu_line(struct seq *s, u64 user, u64 system, u64 idle)
{
	seq_printf(s, " %lu 0 %lu %lu 0 0 0 0 0 0\n", user / NS_PER_TICK, system / NS_PER_TICK, idle / NS_PER_TICK);
}

/* All there were, then those of each device by its number. */
static void show_interrupts(struct seq *s)
{
	u64 sum = 0;
	size_t cpu;

	bitmap_for_each(cpu, cpu_online_mask, cpu_count)
		sum += irq_cpu_count((unsigned)cpu);
	seq_printf(s, "intr %lu", sum);
	for (unsigned irq = 0; irq < VECTOR_IRQ_COUNT; irq++)
		seq_printf(s, " %lu", irq_count(irq));
	seq_printf(s, "\n");
}

static void show_stat(struct seq *s, void *arg)
{
	u64 now = clock_ns(), user = 0, system = 0, u, k;
	struct sched_stats sched;
	size_t cpu;

	(void)arg;
	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		sched_cpu_busy_ns((unsigned)cpu, &u, &k);
		user += u;
		system += k;
	}
	seq_printf(s, "cpu ");
	show_cpu_line(s, user, system, all_idle_ns());
	bitmap_for_each(cpu, cpu_online_mask, cpu_count) {
		sched_cpu_busy_ns((unsigned)cpu, &u, &k);
		seq_printf(s, "cpu%zu", cpu);
		show_cpu_line(s, u, k, sched_cpu_idle_ns((unsigned)cpu));
	}
	sched_stats(&sched);
	show_interrupts(s);
	seq_printf(s, "ctxt %lu\n", sched.switches);
	seq_printf(s, "btime %lu\n", (clock_realtime_ns() - now) / NSEC_PER_SEC);
	seq_printf(s, "procs_running %u\nprocs_blocked 0\n", sched.running);
}

struct census {
	unsigned tasks;
	int last_pid;
};

static int count_tasks(struct proc *p, void *arg)
{
	struct census *c = arg;

	c->tasks += READ_ONCE(p->ntasks);
	c->last_pid = p->pid;
	return 0;
}

static void show_loadavg(struct seq *s, void *arg)
{
	struct census c = {0, 0};
	struct sched_stats sched;

	(void)arg;
	sched_stats(&sched);
	mutex_lock(&proc_lock);
	proc_foreach(count_tasks, &c);
	mutex_unlock(&proc_lock);
	for (int i = 0; i < 3; i++)
		seq_printf(s, "%lu.%02lu ", sched.load[i] >> 16,
			   (sched.load[i] & 0xffff) * 100 >> 16);
	seq_printf(s, "%u/%u %d\n", sched.running, c.tasks, c.last_pid);
}

/* What vmstat(8) looks for, and TLB flushes (the last two are ours). Nothing is ever paged in or out. */
static void show_vmstat(struct seq *s, void *arg)
{
	struct memory_stats m;
	struct tlb_stats tlb;

	(void)arg;
	page_stats(&m);
	tlb_sum_stats(&tlb);
	seq_printf(s, "nr_free_pages %lu\nnr_file_pages %lu\nnr_shmem %lu\n", m.free_pages, m.cached_pages, m.cached_pages);
	seq_printf(s, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	seq_printf(s, "nr_tlb_remote_flush %lu\nnr_tlb_remote_flush_received %lu\n", tlb.remote, tlb.remote_received);
	seq_printf(s, "nr_tlb_local_flush_all %lu\nnr_tlb_local_flush_one %lu\n", tlb.local_all, tlb.local_one);
	seq_printf(s, "nr_tlb_ipi %lu\nnr_tlb_owed %lu\n", tlb.ipis, tlb.owed);
}

static void show_version(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "%s version %s %s\n", uts_sysname, uts_release, uts_version);
}

static void show_filesystems(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "nodev\ttmpfs\nnodev\tproc\nnodev\tdevpts\nnodev\tpipefs\n");
}

static void show_all_mounts(struct seq *s, void *arg)
{
	(void)arg;
	vfs_show_mounts(s);
}

/* arg: the text of the one line. */
static void show_line(struct seq *s, void *arg)
{
	seq_printf(s, "%s\n", (const char *)arg);
}

static void show_pipe_max(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "%u\n", PIPE_SIZE_MAX);
}

static void show_pid_max(struct seq *s, void *arg)
{
	(void)arg;
	seq_printf(s, "%u\n", PID_MAX);
}

static const struct {
	const char *name;
	void (*show)(struct seq *s, void *arg);
	const void *arg;
} files[] = {
	{"cmdline", show_line, bootinfo.cmdline},
	{"cpuinfo", show_cpuinfo, NULL},
	{"filesystems", show_filesystems, NULL},
	{"loadavg", show_loadavg, NULL},
	{"meminfo", show_meminfo, NULL},
	{"mounts", show_all_mounts, NULL},
	{"stat", show_stat, NULL},
	{"uptime", show_uptime, NULL},
	{"version", show_version, NULL},
	{"vmstat", show_vmstat, NULL},
	{"sys/fs/pipe-max-size", show_pipe_max, NULL},
	{"sys/kernel/hostname", show_line, uts_nodename},
	{"sys/kernel/domainname", show_line, uts_domainname},
	{"sys/kernel/osrelease", show_line, uts_release},
	{"sys/kernel/ostype", show_line, uts_sysname},
	{"sys/kernel/pid_max", show_pid_max, NULL},
	{"sys/kernel/version", show_line, uts_version},
	/* Pages are found when they are touched, never set aside. */
	{"sys/vm/overcommit_memory", show_line, "1"},
};

void procfs_add_system(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (procfs_add(files[i].name, files[i].show, (void *)files[i].arg))
			memory_give_up("/proc/%s", files[i].name);
	if (LOCK_STATS)
		procfs_add_locks();
}
