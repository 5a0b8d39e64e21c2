/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procfs_stat.c - figures about one process or thread: /proc/<pid>/{stat,status,statm,comm,limits}.
 *
 * A snapshot is taken under the locks, then printed without them.
 */
#include "procfs.h"

#include <core/percpu.h>
#include <drivers/tty.h>
#include <fs/fdtable.h>
#include <fs/seq.h>
#include <fs/vnode.h>
#include <isolation/proc.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmspace.h>
#include <uapi/linux/sched.h>

#define STANDARD_SIGNALS 0x7ffffffful

struct snapshot {
	int id, pid, ppid, pgid, sid, tpgid, exit_signal, exit_status;
	u64 tty;
	char state, comm[16];
	unsigned threads, cpu;
	int nice;
	unsigned class, priority;
	struct usage usage, waited;
	u64 start_ns;
	u64 pending, shared_pending, blocked, ignored, caught;
	u64 cpus[CPUSET_WORDS];
	u32 uid[4], gid[4]; /* real, effective, saved, of files */
	bool no_new_privs;
	u32 ngroups, group[ARRAY_SIZE(((struct cred *)0)->group)];
	u64 rss_limit;
	/* Of the address space; 0 when it is gone. */
	u64 mapped, locked, data, rss, peak_rss;
	uaddr_t code_start, code_end, stack_start, brk_start;
	uaddr_t arg_start, arg_end, env_start, env_end;
};

static char state_of(const struct proc *p, bool running)
{
	switch (p->state) {
	case PROC_ZOMBIE:
		return 'Z';
	case PROC_STOPPED:
		return 'T';
	default:
		return running ? 'R' : 'S';
	}
}

static bool is_running(const struct task *t)
{
	return READ_ONCE(t->thread.state) == THREAD_RUNNABLE;
}

/* Adds up the tasks; the one that speaks for all is `tid`, or the leader, or any. siglock held. */
static bool snap_tasks(struct proc *p, int tid, struct snapshot *x)
{
	struct task *t, *speaker = NULL;
	bool running = false;

	list_for_each_entry(t, &p->tasks, link) {
		if (tid && t->tid != tid)
			continue;
		if (!speaker || t->tid == p->pid)
			speaker = t;
		running |= is_running(t);
	}
	x->state = state_of(p, running);
	if (!speaker)
		return !tid;
	x->cpu = speaker->thread.cpu;
	x->nice = speaker->thread.nice;
	x->class = speaker->thread.class;
	x->priority = speaker->thread.priority;
	x->pending = speaker->pending.set;
	x->blocked = speaker->sigmask;
	x->no_new_privs = speaker->no_new_privs;
	memcpy(x->cpus, speaker->thread.affinity, sizeof(x->cpus));
	if (tid)
		memcpy(x->comm, speaker->thread.name, sizeof(x->comm));
	return true;
}

static void snap_signals(const struct proc *p, struct snapshot *x)
{
	x->shared_pending = p->pending.set;
	for (int i = 0; p->sighand && i < NSIG; i++) {
		u64 handler = p->sighand->action[i].handler;

		if (handler == SIG_IGN)
			x->ignored |= BIT(i);
		else if (handler != SIG_DFL)
			x->caught |= BIT(i);
	}
}

static void snap_cred(const struct cred *c, struct snapshot *x)
{
	if (!c)
		return;
	x->uid[0] = c->uid, x->uid[1] = c->euid, x->uid[2] = c->suid, x->uid[3] = c->fsuid;
	x->gid[0] = c->gid, x->gid[1] = c->egid, x->gid[2] = c->sgid, x->gid[3] = c->fsgid;
	x->ngroups = c->ngroups;
	memcpy(x->group, c->group, c->ngroups * sizeof(c->group[0]));
}

static void snap_memory(struct proc *p, struct snapshot *x)
{
	struct vmspace *vs = proc_vmspace(p);

	if (!vs)
		return;
	mutex_lock(&vs->lock);
	x->mapped = vs->mapped;
	x->rss = READ_ONCE(vs->rss);
	x->peak_rss = MAX(vs->peak_rss, x->rss);
	x->brk_start = vs->brk_start;
	mutex_unlock(&vs->lock);
	x->data = vmspace_data(vs);
	x->locked = vmspace_locked(vs, vs->start, vs->end - vs->start);
	x->code_start = vs->code_start;
	x->code_end = vs->code_end;
	x->stack_start = vs->stack_start;
	x->arg_start = vs->arg_start;
	x->arg_end = vs->arg_end;
	x->env_start = vs->env_start;
	x->env_end = vs->env_end;
	vmspace_put(vs);
}

/* 0, or -ESRCH when there is no such thread. */
static int snap(struct proc *p, int tid, struct snapshot *x)
{
	memzero(x, sizeof(*x));
	mutex_lock(&proc_lock);
	x->id = tid ? tid : p->pid;
	x->pid = p->pid;
	x->ppid = p->ppid;
	x->pgid = p->pgid;
	x->sid = p->sid;
	x->tpgid = p->ctty ? tty_foreground(p->ctty) : -1;
	x->tty = p->ctty ? tty_rdev(p->ctty) : 0;
	x->waited = p->waited;
	x->start_ns = p->start_ns;
	x->exit_signal = p->exit_signal;

	u64 irq = spin_lock_irqsave(&p->siglock);

	memcpy(x->comm, p->comm, sizeof(x->comm));
	x->threads = p->ntasks;
	x->exit_status = p->exit_status;
	x->rss_limit = p->rlimit[RLIMIT_RSS].cur;

	bool found = snap_tasks(p, tid, x);

	snap_signals(p, x);
	snap_cred(p->cred, x);
	spin_unlock_irqrestore(&p->siglock, irq);
	if (found)
		x->usage = tid ? task_usage(task_find(tid)) : proc_usage(p);
	mutex_unlock(&proc_lock);
	if (!found)
		return -ESRCH;
	snap_memory(p, x);
	return 0;
}

/* As proc(5) has it: 0 to 39 by niceness, below that of real-time threads, -101 the best. */
static int kernel_priority(const struct snapshot *x)
{
	if (x->class == SCHED_DEADLINE)
		return -101;
	return x->priority ? -1 - (int)x->priority : 20 + x->nice;
}

int proc_show_stat(struct proc *p, int tid, struct seq *s)
{
	struct snapshot x;
	int error = snap(p, tid, &x);

	if (error)
		return error;
	/* The numbers are the fields of proc(5). */
	/* 1-6 */
	seq_printf(s, "%d (%s) %c %d %d %d ", x.id, x.comm, x.state, x.ppid, x.pgid, x.sid);
	/* 7-13 */
	seq_printf(s, "%lu %d 0 %lu %lu 0 0 ", x.tty, x.tpgid, x.usage.minflt, x.waited.minflt);
	/* 14-21 */
	seq_printf(s, "%lu %lu ", x.usage.user_ns / NS_PER_TICK, x.usage.system_ns / NS_PER_TICK);
	seq_printf(s, "%lu %lu ", x.waited.user_ns / NS_PER_TICK, x.waited.system_ns / NS_PER_TICK);
	seq_printf(s, "%d %d %u 0 ", kernel_priority(&x), x.nice, x.threads);
	/* 22-30 */
	seq_printf(s, "%lu %lu ", x.start_ns / NS_PER_TICK, x.mapped);
	seq_printf(s, "%lu %lu ", x.rss, x.rss_limit);
	seq_printf(s, "%lu %lu %lu 0 0 ", x.code_start, x.code_end, x.stack_start);
	/* 31-34: standard signals only */
	seq_printf(s, "%lu %lu ", x.pending & STANDARD_SIGNALS, x.blocked & STANDARD_SIGNALS);
	seq_printf(s, "%lu %lu ", x.ignored & STANDARD_SIGNALS, x.caught & STANDARD_SIGNALS);
	/* 35-44 */
	seq_printf(s, "0 0 0 %d %u %u %u 0 0 0 ", x.exit_signal, x.cpu, x.priority, x.class);
	/* 45-51 */
	seq_printf(s, "0 0 %lu %lu %lu ", x.brk_start, x.arg_start, x.arg_end);
	seq_printf(s, "%lu %lu ", x.env_start, x.env_end);
	/* 52 */
	seq_printf(s, "%d\n", x.state == 'Z' ? x.exit_status : 0);
	return 0;
}

int proc_show_statm(struct proc *p, int tid, struct seq *s)
{
	struct snapshot x;
	int error = snap(p, tid, &x);

	if (!error)
		seq_printf(s, "%lu %lu 0 %lu 0 %lu 0\n", x.mapped / PAGE_SIZE, x.rss,
			   DIV_ROUND_UP(x.code_end - x.code_start, PAGE_SIZE),
			   (x.mapped - MIN(x.mapped, x.code_end - x.code_start)) / PAGE_SIZE);
	return error;
}

int proc_show_comm(struct proc *p, int tid, struct seq *s)
{
	struct snapshot x;
	int error = snap(p, tid, &x);

	if (!error)
		seq_printf(s, "%s\n", x.comm);
	return error;
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "R (running)";
	case 'T':
		return "T (stopped)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "S (sleeping)";
	}
}

/* Words of 32 bits, the highest first; then the same as ranges. */
static void show_cpus(const u64 cpus[CPUSET_WORDS], struct seq *s)
{
	const char *comma = "";

	seq_printf(s, "Cpus_allowed:\t");
	for (unsigned word = DIV_ROUND_UP(cpu_count, 32u); word--; comma = ",") {
		unsigned bits = MIN(cpu_count - word * 32, 32u);
		u32 mask = (u32)(cpus[word / 2] >> word % 2 * 32);

		mask &= (u32)(BIT(bits) - 1);
		seq_printf(s, *comma ? ",%08x" : "%x", mask);
	}
	seq_printf(s, "\nCpus_allowed_list:\t");
	comma = "";

	size_t from, end = 0;

	while ((from = bitmap_find_next(cpus, cpu_count, end)) < cpu_count) {
		end = bitmap_find_next_zero(cpus, cpu_count, from);
		seq_printf(s, "%s%zu", comma, from);
		if (end - from > 1)
			seq_printf(s, "-%zu", end - 1);
		comma = ",";
	}
	seq_printf(s, "\n");
}

static void show_memory(const struct snapshot *x, struct seq *s)
{
	if (x->state == 'Z')
		return;
	seq_printf(s, "VmSize:\t%8lu kB\n", x->mapped / 1024);
	seq_printf(s, "VmLck:\t%8lu kB\n", x->locked / 1024);
	seq_printf(s, "VmHWM:\t%8lu kB\n", x->peak_rss * (PAGE_SIZE / 1024));
	seq_printf(s, "VmRSS:\t%8lu kB\n", x->rss * (PAGE_SIZE / 1024));
	seq_printf(s, "VmData:\t%8lu kB\n", x->data / 1024);
	seq_printf(s, "VmExe:\t%8lu kB\n", (x->code_end - x->code_start) / 1024);
}

static unsigned fd_table_size(struct proc *p)
{
	struct fdtable *t = proc_files(p);
	unsigned size = t ? READ_ONCE(t->size) : 0;

	if (t)
		fdtable_drop(t);
	return size;
}

static void show_umask(struct proc *p, struct seq *s)
{
	struct fsctx *c = proc_fs(p);

	if (!c)
		return;
	seq_printf(s, "Umask:\t%04o\n", READ_ONCE(c->umask));
	fsctx_put(c);
}

int proc_show_status(struct proc *p, int tid, struct seq *s)
{
	struct snapshot x;
	int error = snap(p, tid, &x);

	if (error)
		return error;
	seq_printf(s, "Name:\t%s\n", x.comm);
	show_umask(p, s);
	seq_printf(s, "State:\t%s\n", state_name(x.state));
	seq_printf(s, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\n", x.pid, x.id);
	seq_printf(s, "PPid:\t%d\nTracerPid:\t0\n", x.ppid);
	seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\n", x.uid[0], x.uid[1], x.uid[2], x.uid[3]);
	seq_printf(s, "Gid:\t%u\t%u\t%u\t%u\n", x.gid[0], x.gid[1], x.gid[2], x.gid[3]);
	seq_printf(s, "FDSize:\t%u\nGroups:\t", fd_table_size(p));
	for (u32 i = 0; i < x.ngroups; i++)
		seq_printf(s, "%u ", x.group[i]);
	seq_printf(s, "\n");
	show_memory(&x, s);
	seq_printf(s, "Threads:\t%u\n", x.threads);
	seq_printf(s, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", x.pending,
		   x.shared_pending, x.blocked);
	seq_printf(s, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", x.ignored, x.caught);
	seq_printf(s, "NoNewPrivs:\t%d\n", x.no_new_privs);
	show_cpus(x.cpus, s);
	seq_printf(s, "voluntary_ctxt_switches:\t%lu\n", x.usage.nvcsw);
	seq_printf(s, "nonvoluntary_ctxt_switches:\t%lu\n", x.usage.nivcsw);
	return 0;
}

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = {"Max cpu time", "seconds"},
	[RLIMIT_FSIZE] = {"Max file size", "bytes"},
	[RLIMIT_DATA] = {"Max data size", "bytes"},
	[RLIMIT_STACK] = {"Max stack size", "bytes"},
	[RLIMIT_CORE] = {"Max core file size", "bytes"},
	[RLIMIT_RSS] = {"Max resident set", "bytes"},
	[RLIMIT_NPROC] = {"Max processes", "processes"},
	[RLIMIT_NOFILE] = {"Max open files", "files"},
	[RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
	[RLIMIT_AS] = {"Max address space", "bytes"},
	[RLIMIT_LOCKS] = {"Max file locks", "locks"},
	[RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
	[RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
	[RLIMIT_NICE] = {"Max nice priority", ""},
	[RLIMIT_RTPRIO] = {"Max realtime priority", ""},
	[RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
};

static void show_limit(u64 value, struct seq *s)
{
	if (value == RLIM_INFINITY)
		seq_printf(s, "%-20s ", "unlimited");
	else
		seq_printf(s, "%-20lu ", value);
}

int proc_show_limits(struct proc *p, int tid, struct seq *s)
{
	struct rlimit64 limit[RLIM_NLIMITS];
	u64 irq = spin_lock_irqsave(&p->siglock);

	(void)tid;
	memcpy(limit, p->rlimit, sizeof(limit));
	spin_unlock_irqrestore(&p->siglock, irq);
	seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(s, "%-25s ", limit_names[i].name);
		show_limit(limit[i].cur, s);
		show_limit(limit[i].max, s);
		seq_printf(s, "%-10s\n", limit_names[i].unit);
	}
	return 0;
}
