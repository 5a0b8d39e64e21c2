/* SPDX-License-Identifier: BSD-2-Clause */
/* percpu.h for host tests: one processor, whose copy is the variable itself. */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/pmap.h>
#include <lib/types.h>

#define DEFINE_PERCPU(type, name) __typeof__(type) name
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name
#define this_cpu_add(x, member, n) ((x).member += (n))
#define this_cpu_ptr(x) (&(x))
#define cpu_ptr(x, cpu) ((void)(cpu), &(x))

extern unsigned cpu_count;
extern u64 cpu_online_mask[CPUSET_WORDS];

static inline unsigned this_cpu_id(void)
{
	return 0;
}

#endif
