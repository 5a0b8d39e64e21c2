/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages of the kernel stay open while the application runs in ring 0. The processor reads the IDT, the GDT and the TSS to
 * deliver an interrupt, and writes to an interrupt stack; the gate has no register for IA32_PKRS until it has saved three. So
 * open are, of each CPU, the pages of the entry's variables (GDT, TSS), of the interrupt stacks, and one of the gate's own; the
 * IDT may be read. Everything else that can be written has the kernel's key since pmap_bootstrap().
 */
#include <arch/pks.h>

#include <arch/cpu.h>
#include <arch/offsets.h>
#include <arch/tables.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <mm/page.h>

#include "tables.h"

#define LINK (PTE_PRESENT | PTE_WRITE)

extern char __percpu_start[], __percpu_entry_end[], __percpu_stacks_start[], __percpu_stacks_end[];

/* At its beginning three registers of the gate's, at its end a stack for IRETQ. A page by itself: so it can be closed alone. */
DEFINE_PERCPU_STACK(u64, gate_key_words[PAGE_SIZE / sizeof(u64)]) __aligned(PAGE_SIZE);
DEFINE_PERCPU(u64, gate_key_top); /* its end */

/* In place of a page of 2 MiB: 512 small ones, alike. */
static void take_apart(pte_t *large)
{
	struct page *page = page_alloc(0, 0);

	if (!page)
		memory_give_up("the tables of the entry");

	pte_t *small = page_virt(page);

	for (unsigned i = 0; i < 512; i++)
		small[i] = (*large & ~PTE_LARGE) + i * PAGE_SIZE;
	*large = page_paddr(page) | LINK;
}

void pks_set_key(const void *va, unsigned key)
{
	pte_t *large = pmap_table(kernel_pmap.root, (u64)va, 1, LINK, NULL), *pte;

	if (*large & PTE_LARGE)
		take_apart(large);
	pte = pmap_table(kernel_pmap.root, (u64)va, 0, LINK, NULL);
	*pte = (*pte & ~PTE_KEY(15)) | PTE_KEY(key);
	tlb_flush_page_local((u64)va);
}

static void keep_open(const char *start, const char *end)
{
	for (; start < end; start += PAGE_SIZE)
		pks_set_key(start, KEY_OPEN);
}

void pks_init(void)
{
	pks_set_key(idt_page(), KEY_SHOWN);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const char *copy = (const char *)__percpu_start + percpu_offsets[cpu];

		keep_open(copy, copy + (__percpu_entry_end - __percpu_start));
		keep_open(copy + (__percpu_stacks_start - __percpu_start), copy + (__percpu_stacks_end - __percpu_start));
		*cpu_ptr(gate_key_top, cpu) = (u64)cpu_ptr(gate_key_words, cpu) + PAGE_SIZE;
	}
}

void pks_crash(void)
{
	pks_set_key(*this_cpu_ptr(gate_key_words), KEY_KERNEL);
	asm volatile("wrmsr; syscall" : : "c"(MSR_PKRS), "a"(PKRS_APP), "d"(0) : "r11", "memory");
}
