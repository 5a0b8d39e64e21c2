/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU variables. They are linked into one section; every CPU has a copy, and GS holds the distance from the linked
 * address to this CPU's copy, so `this_cpu(x)` is one GS-relative instruction. In ring 3 kernels the entry code swaps GS;
 * in ring 0 it is always ours. The kernel is not preempted, so a CPU number stays true until the thread blocks.
 */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/pmap.h>
#include <lib/types.h>

#define DEFINE_PERCPU(type, name) __section(".percpu") __typeof__(type) name
/*
 * What an entry needs before it has left the application's page table (arch/pti.h): words, and stacks, which are zero at first
 * and too large to lie in the image.
 */
#define DEFINE_PERCPU_ENTRY(type, name) __section(".percpu.entry") __typeof__(type) name
#define DEFINE_PERCPU_STACK(type, name) __section(".bss.percpu.entry") __typeof__(type) name
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name

/* An lvalue: this CPU's copy of x. Not for taking its address: see this_cpu_ptr(). */
#define this_cpu(x) (*(__seg_gs __typeof__(x) *)(uintptr_t)&(x))
/* Adds n to a word of this CPU's copy of a struct, in one instruction: it may be interrupted by who does the same. */
#define this_cpu_add(x, member, n) asm volatile("addq %1, %0" : "+m"(this_cpu(x).member) : "er"((u64)(n)))
#define this_cpu_ptr(x) ((__typeof__(&(x)))((uintptr_t)&(x) + this_cpu(percpu_offset)))
#define cpu_ptr(x, cpu) ((__typeof__(&(x)))((uintptr_t)&(x) + percpu_offsets[cpu]))

DECLARE_PERCPU(uintptr_t, percpu_offset);
DECLARE_PERCPU(unsigned, cpu_id);
extern uintptr_t percpu_offsets[CPUS_MAX];

extern unsigned cpu_count;              /* I after ACPI: CPUs that may run, 1..CPUS_MAX */
extern unsigned cpu_online;             /* a: CPUs that run */
extern u64 cpu_online_mask[CPUSET_WORDS]; /* a */

/* Gives the boot CPU its own copy (before anything is stored in one). */
void percpu_init_boot(void);
/* Allocates the copies of the other CPUs; after buddy, before they start. */
void percpu_init_others(void);

static inline unsigned this_cpu_id(void)
{
	return this_cpu(cpu_id);
}

#endif
