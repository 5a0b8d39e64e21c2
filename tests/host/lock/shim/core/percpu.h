/* SPDX-License-Identifier: BSD-2-Clause */
/* percpu.h for host tests of locks: a variable is an array, and each thread of the host says which processor it is. */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/pmap.h>
#include <lib/types.h>

#define MACHINE_CPUS 8

#define DEFINE_PERCPU(type, name) __typeof__(type) name[MACHINE_CPUS]
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name[MACHINE_CPUS]
#define this_cpu(x) ((x)[machine_cpu])
#define this_cpu_ptr(x) (&(x)[machine_cpu])
#define cpu_ptr(x, cpu) (&(x)[cpu])

extern __thread unsigned machine_cpu;
extern u64 cpu_online_mask[]; /* of MACHINE_CPUS bits */

static inline unsigned this_cpu_id(void)
{
	return machine_cpu;
}

#endif
