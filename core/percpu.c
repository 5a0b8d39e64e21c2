/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * percpu.c - a copy of the .percpu section for each CPU.
 *
 * Until percpu_init_boot() GS is zero, so that the linked section itself serves the boot CPU; what it
 * holds by then is copied. The other CPUs start from the linked section too, and load GS with
 * percpu_offsets[cpu] as their first act (arch/x86_64/boot).
 */
#include <core/percpu.h>

#include <arch/cpu.h>
#include <lib/string.h>
#include <mm/page.h>

#define MSR_GS_BASE 0xc0000101 /* SDM vol. 4, table 2-2 */

extern char __percpu_start[], __percpu_end[]; /* linker script */

DEFINE_PERCPU(uintptr_t, percpu_offset);
DEFINE_PERCPU(unsigned, cpu_id);
uintptr_t percpu_offsets[CPUS_MAX];

unsigned cpu_count = 1;
unsigned cpu_online = 1;
u64 cpu_online_mask[CPUSET_WORDS] = {1};

static size_t percpu_size(void)
{
	return (size_t)(__percpu_end - __percpu_start);
}

static void fill_copy(unsigned cpu, void *copy)
{
	memcpy(copy, __percpu_start, percpu_size());
	percpu_offsets[cpu] = (uintptr_t)copy - (uintptr_t)__percpu_start;
	*cpu_ptr(percpu_offset, cpu) = percpu_offsets[cpu];
	*cpu_ptr(cpu_id, cpu) = cpu;
}

void percpu_init_boot(void)
{
	fill_copy(0, phys_to_virt(page_boot_alloc(percpu_size())));
	msr_write(MSR_GS_BASE, percpu_offsets[0]);
}

void percpu_init_others(void)
{
	unsigned order = 0;

	page_share(cpu_count);
	while ((PAGE_SIZE << order) < percpu_size())
		order++;
	for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
		struct page *pages = page_alloc(order, 0);

		if (!pages)
			memory_give_up("the variables of CPU %u", cpu);
		fill_copy(cpu, page_virt(pages));
	}
}
