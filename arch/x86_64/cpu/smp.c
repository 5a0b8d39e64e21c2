/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the other CPUs, one after the other: INIT, start-up IPI, the trampoline, cpu_main(). CPU numbers stay dense: one
 * that does not answer is sent back to sleep, and its number goes to the next. Called once by the boot CPU, while the low
 * memory is still mapped at its physical address. Source: SDM vol. 3, 9.4.4.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pmap.h>
#include <arch/thread.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <lib/string.h>
#include <mm/kstack.h>

#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "trampoline.h"

#define TRAMPOLINE_PAGE 0x8000  /* tried first */
#define LOW_MEMORY_END 0xa0000
#define TRAMPOLINE_MAX 512
#define MSR_EFER 0xc0000080
#define EFER_LMA BIT(10)

#define INIT_US 200             /* CPUs newer than the discrete 82489DX need no 10 ms */
#define STARTUP_US 200          /* then the second start-up IPI, if there was no answer */
#define ANSWER_US 5000000

u64 trampoline_tsc;

extern char boot_stack[];
static DEFINE_PERCPU(u64, first_stack); /* where this CPU's first flow runs; 0: the boot CPU, on boot_stack */

void arch_thread_adopt(struct arch_thread *t)
{
	t->kstack_bottom = this_cpu(first_stack) ? this_cpu(first_stack) : (u64)boot_stack;
	t->kstack_top = t->kstack_bottom + KSTACK_SIZE;
}

static bool is_ram(paddr_t pa)
{
	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		const struct memory_range *r = &bootinfo.range[i];

		if (r->type == MEMORY_RAM && pa >= r->base && pa + PAGE_SIZE <= r->base + r->size)
			return true;
	}
	return false;
}

/* 0: none. */
static paddr_t trampoline_place(void)
{
	for (paddr_t pa = TRAMPOLINE_PAGE; pa < LOW_MEMORY_END; pa += PAGE_SIZE)
		if (is_ram(pa))
			return pa;
	return 0;
}

static void trampoline_fill(paddr_t page, unsigned cpu, void *stack)
{
	u8 *copy = phys_to_virt(page);
	struct trampoline_data data;

	memcpy(&data, trampoline_data, sizeof(data));
	data.gdt_base = (u32)(page + (trampoline_data - trampoline_start));
	data.far_offset = (u32)(page + (trampoline_long - trampoline_start));
	data.cr0 = (u32)cr0_read();
	data.cr3 = (u32)pmap_boot_root();
	data.efer = (u32)(msr_read(MSR_EFER) & ~EFER_LMA);
	data.cpu = cpu;
	data.stack = (u64)stack + KSTACK_SIZE;
	data.gs_base = percpu_offsets[cpu];
	data.entry = (u64)trampoline_arrived;
	memcpy(copy, trampoline_start, trampoline_data - trampoline_start);
	memcpy(copy + (trampoline_data - trampoline_start), &data, sizeof(data));
}

/* With `pause`, which under QEMU's -icount lets the other CPU run. */
static bool wait_for_arrival(u64 us)
{
	u64 end = arch_clock_ns() + us * 1000;

	while (!READ_ONCE(trampoline_tsc)) {
		if (arch_clock_ns() >= end)
			return false;
		cpu_pause();
	}
	return true;
}

static bool cpu_start(paddr_t page, unsigned cpu, void *stack)
{
	u32 apic_id = acpi_info.apic_id[cpu];
	u32 startup = ICR_STARTUP | ICR_ASSERT | (u32)(page >> PAGE_SHIFT);
	u64 before;

	trampoline_fill(page, cpu, stack);
	*cpu_ptr(first_stack, cpu) = (u64)stack;
	WRITE_ONCE(trampoline_tsc, 0);
	lapic->send(apic_id, ICR_INIT | ICR_ASSERT);
	clock_delay_us(INIT_US);
	before = cpu_tsc();
	lapic->send(apic_id, startup);
	if (!wait_for_arrival(STARTUP_US)) {
		lapic->send(apic_id, startup);
		if (!wait_for_arrival(ANSWER_US)) {
			lapic->send(apic_id, ICR_INIT | ICR_ASSERT);
			pr_warn("smp: the CPU with APIC id %u does not answer", apic_id);
			return false;
		}
	}
	if (trampoline_tsc < before || trampoline_tsc > cpu_tsc())
		pr_warn("smp: the TSC of CPU %u runs apart: time may jump between CPUs", cpu);
	return true;
}

/* Starts CPUs 1.. from the list that ACPI gave, up to `limit` in all; how many there are then. */
static unsigned start_all(paddr_t page, unsigned limit)
{
	unsigned cpu = 1;
	void *stack = NULL;

	for (unsigned candidate = 1; candidate < acpi_info.ncpus && cpu < limit; candidate++) {
		if (!stack)
			stack = kstack_alloc();
		if (!stack) {
			pr_warn("smp: no memory for the stack of CPU %u", cpu);
			break;
		}
		acpi_info.apic_id[cpu] = acpi_info.apic_id[candidate];
		if (cpu_start(page, cpu, stack)) {
			cpu++;
			stack = NULL;
		}
	}
	if (stack)
		kstack_free(stack);
	return cpu;
}

void arch_start_cpus(unsigned limit)
{
	size_t size = trampoline_end - trampoline_start;
	paddr_t page = trampoline_place();
	u8 saved[TRAMPOLINE_MAX];

	limit = MIN(limit, cpu_count);
	if (limit <= 1) {
		cpu_count = 1;
		return;
	}
	BUG_ON(size > sizeof(saved));
	if (!page) {
		pr_warn("smp: no memory below 640 KiB to start CPUs from: one CPU");
		cpu_count = 1;
		return;
	}
	memcpy(saved, phys_to_virt(page), size);
	cpu_count = start_all(page, limit);
	memcpy(phys_to_virt(page), saved, size);
}
