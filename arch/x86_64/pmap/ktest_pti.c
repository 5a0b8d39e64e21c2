/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_pti.c - walks the root that the application runs on: what of the kernel it shows, by page and by right. */
#include <core/ktest.h>

#include <arch/pti.h>
#include <arch/tables.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <mm/page.h>
#include <sched/thread.h>

#include "tables.h"

extern char __entry_text_start[], __entry_text_end[];
extern char __percpu_start[], __percpu_entry_end[], __percpu_stacks_start[], __percpu_stacks_end[];

struct seen {
	unsigned pages, unexpected, writable_code;
};

static bool within(u64 va, const char *start, const char *end)
{
	return va >= (u64)start && va < (u64)end;
}

static bool is_entry(u64 va)
{
	bool found = within(va, __entry_text_start, __entry_text_end) || within(va, idt_page(), idt_page() + PAGE_SIZE);

	for (unsigned cpu = 0; cpu < cpu_count && !found; cpu++)
		found = within(va - percpu_offsets[cpu], __percpu_start, __percpu_entry_end) ||
			within(va - percpu_offsets[cpu], __percpu_stacks_start, __percpu_stacks_end);
	return found;
}

static void look(const pte_t *table, unsigned level, u64 base, unsigned first, struct seen *seen)
{
	for (unsigned i = first; i < 512; i++) {
		u64 va = base + i * table_span(level);
		pte_t pte = table[i];

		if (!pte_present(pte))
			continue;
		if (level == 3)
			va |= 0xffff000000000000;
		if (level && !(pte & PTE_LARGE)) {
			look(phys_to_virt(pte_paddr(pte)), level - 1, va, 0, seen);
			continue;
		}
		seen->pages++;
		seen->unexpected += level || (pte & (PTE_GLOBAL | PTE_USER)) || !is_entry(va) || virt_to_phys((void *)va) != pte_paddr(pte);
		seen->writable_code += pte_writable(pte) && !(pte & PTE_NX);
	}
}

static u64 pages(const char *start, const char *end)
{
	return (u64)(end - start) / PAGE_SIZE;
}

KTEST(pti_shows_the_entry_and_nothing_else)
{
	struct seen seen = {0};
	struct pmap pmap;

	KT_EQ(pmap_create(&pmap), 0);
	look((pte_t *)phys_to_virt(pmap.root) + 512, 3, 0, 256, &seen);
	KT_EQ(seen.unexpected, 0);
	KT_EQ(seen.writable_code, 0);
	KT_EQ(seen.pages, pages(__entry_text_start, __entry_text_end) + 1 +
			  cpu_count * (pages(__percpu_start, __percpu_entry_end) + pages(__percpu_stacks_start, __percpu_stacks_end)));
	KT_OK(!is_entry((u64)this_cpu_ptr(current_thread)) && !is_entry((u64)&panic_cpu));
	pmap_destroy(&pmap);
}

KTEST(pti_roots_share_the_lower_half)
{
	const uaddr_t va = 3ul << 39;
	struct pmap pmap;

	KT_EQ(pmap_create(&pmap), 0);

	pte_t *root = phys_to_virt(pmap.root);

	KT_EQ(pmap.root % PMAP_ROOT_SIZE, 0);
	KT_OK(pmap_pte(&pmap, va, true) != NULL);
	KT_OK(pte_present(root[3]));
	for (unsigned i = 0; i < 256; i++)
		KT_EQ(root[i], root[512 + i]);

	struct list tables = LIST_INIT(tables);

	pmap_unlink_tables(&pmap, va, va + table_span(3), &tables);
	page_put_list(&tables);
	KT_EQ(root[3], 0);
	KT_EQ(root[512 + 3], 0);
	pmap_destroy(&pmap);
}
