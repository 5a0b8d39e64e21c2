/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the kernel the application's root maps: the entry code, the IDT, and of each CPU's variables the pages that hold
 * GDT, TSS, the entry's few words and the stacks that the CPU itself changes to. Nothing else of the upper half is there, so
 * that nothing else can be learned from it. The kernel's root maps all, the application's half too (copyin needs it).
 */
#include <arch/pti.h>

#include <arch/tables.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <lib/string.h>
#include <mm/page.h>

#include "tables.h"

#define LINK (PTE_PRESENT | PTE_WRITE)

extern char __entry_text_start[], __entry_text_end[];
extern char __percpu_start[], __percpu_entry_end[], __percpu_stacks_start[], __percpu_stacks_end[];

DEFINE_PERCPU_ENTRY(u64, gate_scratch);        /* one register, while the entry has none */
DEFINE_PERCPU_ENTRY(u64, gate_entry_top);      /* what TSS.RSP0 says: the top of: */
static DEFINE_PERCPU_ENTRY(u64, entry_stack[16]) __aligned(16);

static pte_t *template; /* I: a root with the entry's pages in its upper half */

static paddr_t new_table(void)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);

	if (!page)
		memory_give_up("the tables of the entry");
	return page_paddr(page);
}

/* Whole pages, where the kernel has them, with the rights that it has. */
static void show(const char *start, const char *end, pte_t rights)
{
	paddr_t root = virt_to_phys(template);

	for (; start < end; start += PAGE_SIZE)
		*pmap_table(root, (u64)start, 0, LINK, new_table) = virt_to_phys(start) | PTE_PRESENT | PTE_ACCESSED | rights;
}

void pti_init(void)
{
	template = phys_to_virt(new_table());
	show(__entry_text_start, __entry_text_end, 0);
	show(idt_page(), idt_page() + PAGE_SIZE, PTE_NX);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const char *copy = (const char *)__percpu_start + percpu_offsets[cpu];

		show(copy, copy + (__percpu_entry_end - __percpu_start), PTE_NX | PTE_WRITE | PTE_DIRTY);
		show(copy + (__percpu_stacks_start - __percpu_start), copy + (__percpu_stacks_end - __percpu_start),
		     PTE_NX | PTE_WRITE | PTE_DIRTY);
	}
	pti_root_init(phys_to_virt(kernel_pmap.root));
	pti_init_cpu();
}

void pti_root_init(pte_t *root)
{
	pte_t *app = root + PAGE_SIZE / sizeof(pte_t);

	memset(app, 0, PAGE_SIZE / 2);
	memcpy(app + 256, template + 256, PAGE_SIZE / 2);
}

void pti_init_cpu(void)
{
	this_cpu(gate_entry_top) = (u64)(*this_cpu_ptr(entry_stack) + ARRAY_SIZE(entry_stack));
	tss_set_rsp0(this_cpu(gate_entry_top));
}
