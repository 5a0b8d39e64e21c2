/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of processes, exact, and usage as getrusage(2) lays it out. */
#ifndef ABI_LINUX_CPUTIME_H
#define ABI_LINUX_CPUTIME_H

#include <lib/types.h>

struct proc;
struct usage;

/* ns on a CPU, all threads, ended ones included. Takes siglock; any context that may. */
u64 proc_cpu_ns(struct proc *p);
/* The same, or of one live thread if tid is not 0. siglock held. */
u64 proc_cpu_ns_locked(const struct proc *p, int tid);
/* A struct rusage to the application: 0, -EFAULT. */
int usage_copyout(uaddr_t to, const struct usage *u);

#endif
