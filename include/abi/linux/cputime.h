/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of processes. User and system time are not told apart: all of it counts as user time. */
#ifndef ABI_LINUX_CPUTIME_H
#define ABI_LINUX_CPUTIME_H

#include <lib/types.h>

struct proc;

/* ns on a CPU, all threads, ended ones included. Takes siglock; any context that may. */
u64 proc_cpu_ns(struct proc *p);

#endif
