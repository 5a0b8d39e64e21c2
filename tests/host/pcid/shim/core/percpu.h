/* SPDX-License-Identifier: BSD-2-Clause */
/* percpu.h for host tests: a variable is an array, and machine_cpu says which processor runs. */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/pmap.h>
#include <lib/types.h>

#define MACHINE_CPUS 4

#define DEFINE_PERCPU(type, name) __typeof__(type) name[MACHINE_CPUS]
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name[MACHINE_CPUS]
#define this_cpu(x) ((x)[machine_cpu])
#define this_cpu_add(x, member, n) (this_cpu(x).member += (n))
#define this_cpu_ptr(x) (&(x)[machine_cpu])
#define cpu_ptr(x, cpu) (&(x)[cpu])

extern unsigned machine_cpu;
extern unsigned cpu_count;
extern u64 cpu_online_mask[CPUSET_WORDS];

unsigned this_cpu_id(void);

#endif
