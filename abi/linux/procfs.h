/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of /proc, between the sources that make their text. proc(5) has the formats. */
#ifndef ABI_LINUX_PROCFS_INTERNAL_H
#define ABI_LINUX_PROCFS_INTERNAL_H

#include <lib/types.h>

struct file;
struct fsctx;
struct fdtable;
struct proc;
struct seq;
struct vmspace;

/* Clock ticks of USER_HZ, as /proc counts time. */
#define NS_PER_TICK 10000000ul

/* A resource of p's bag with a reference; NULL when p has none any more. */
struct vmspace *proc_vmspace(struct proc *p);
struct fdtable *proc_files(struct proc *p); /* grabbed */
struct fsctx *proc_fs(struct proc *p);
struct file *proc_exe(struct proc *p);

/* procfs_stat.c */
int proc_show_stat(struct proc *p, int tid, struct seq *s);
int proc_show_status(struct proc *p, int tid, struct seq *s);
int proc_show_statm(struct proc *p, int tid, struct seq *s);
int proc_show_comm(struct proc *p, int tid, struct seq *s);
int proc_show_limits(struct proc *p, int tid, struct seq *s);

/* procfs_memory.c */
int proc_show_maps(struct proc *p, int tid, struct seq *s);
int proc_show_cmdline(struct proc *p, int tid, struct seq *s);
int proc_show_environ(struct proc *p, int tid, struct seq *s);

/* procfs_sched.c, with CONFIG_SCHEDSTATS. */
int proc_show_schedstat(struct proc *p, int tid, struct seq *s);
void procfs_add_sched(void);

/* procfs_system.c: the files that are about no process. */
void procfs_add_system(void);
/* procfs_locks.c, with CONFIG_LOCK_STATS. */
void procfs_add_locks(void);

#endif
