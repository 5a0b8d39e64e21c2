/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four-level page tables (SDM vol. 3, 4.5): roots, walks, and the application's half. Tables above the leaves are
 * installed by compare-and-swap and freed only when a whole range is given up, so walking needs no lock.
 *
 * Most tables of an application are nearly empty, and fork, exec and exit go through all of them. So each table of its
 * half remembers in its frame's `used` which lines of eight entries were ever asked for; the rest need no look.
 */
#include <arch/pmap.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pkru.h>
#include <arch/pti.h>
#include <core/lockdep.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <isolation/rewrite.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

#include "tables.h"

#define LINE 8u /* entries for each bit of `used`: a cache line */

static DEFINE_PERCPU(struct pmap *, active);

/* Of the table an entry is in; tables are used by their addresses in the direct map. */
static inline struct page *table_page(const pte_t *entry)
{
	return page_of((u64)entry - DIRECT_MAP);
}

/* To be called before the entry is set, by whoever may set it. */
static inline void mark_used(const pte_t *entry)
{
	struct page *page = table_page(entry);
	u64 bit = BIT((u64)entry % PAGE_SIZE / sizeof(pte_t) / LINE);

	if (!(__atomic_load_n(&page->used, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(&page->used, bit, __ATOMIC_RELAXED);
}

/* The first entry from `index` on that may be in use, or 512. */
static inline unsigned next_used(const pte_t *table, unsigned index)
{
	u64 lines = __atomic_load_n(&table_page(table)->used, __ATOMIC_RELAXED) >> (index / LINE);

	if (!lines)
		return 512;
	return MAX(index, (index / LINE + (unsigned)__builtin_ctzl(lines)) * LINE);
}

pte_t *pmap_table(paddr_t root, u64 va, unsigned level, pte_t link, paddr_t (*alloc)(void))
{
	pte_t *table = phys_to_virt(root);

	for (unsigned l = 3; l > level; l--) {
		pte_t *slot = &table[table_index(va, l)], pte = READ_ONCE(*slot);

		if (!pte_present(pte)) {
			paddr_t fresh = alloc ? alloc() : 0;

			if (!fresh)
				return NULL;
			if (va < USER_MAX)
				mark_used(slot);
			pte = 0;
			if (__atomic_compare_exchange_n(slot, &pte, fresh | link, false, __ATOMIC_ACQ_REL,
							__ATOMIC_ACQUIRE))
				pte = fresh | link;
			else
				page_put(page_of(fresh)); /* another thread was first */
			if (l == 3 && va < USER_MAX)
				pti_mirror(slot, pte);
		}
		table = phys_to_virt(pte_paddr(pte));
	}
	return &table[table_index(va, level)];
}

static paddr_t alloc_table(void)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);

	if (!page)
		return 0;
	page->used = 0;
	return page_paddr(page);
}

pte_t *pmap_pte(struct pmap *pmap, uaddr_t va, bool alloc)
{
	pte_t *entry = pmap_table(pmap->root, va, 0, PTE_PRESENT | PTE_WRITE | pmap_app_bits, alloc ? alloc_table : NULL);

	if (entry && va < USER_MAX)
		mark_used(entry);
	return entry;
}

/*
 * *va goes on to what the next entry of `table` maps that leads somewhere, after one that does not; past the table's end if
 * there is none.
 */
static void skip_hole(const pte_t *table, unsigned level, uaddr_t *va)
{
	unsigned i = table_index(*va, level) + 1;

	while (i < 512 && (i = next_used(table, i)) < 512 && !pte_present(READ_ONCE(table[i])))
		i++;
	*va = ALIGN_DOWN(*va, table_span(level + 1)) + i * table_span(level);
}

/* The same among the leaves. The entry, or NULL: past the table's end. */
static pte_t *next_leaf(pte_t *table, uaddr_t *va)
{
	unsigned index = table_index(*va, 0), i = next_used(table, index);

	*va += (i - index) * PAGE_SIZE;
	return i < 512 ? &table[i] : NULL;
}

pte_t *pmap_next(struct pmap *pmap, pte_t *last, uaddr_t *va, uaddr_t end)
{
	pte_t *leaf = NULL;

	if (last && table_index(*va, 0)) /* in the same table still */
		leaf = next_leaf((pte_t *)ALIGN_DOWN((u64)last, PAGE_SIZE), va);
	while (!leaf && *va < end) {
		pte_t *table = phys_to_virt(pmap->root);
		unsigned level = 3;

		for (; level > 0; level--) {
			pte_t link = READ_ONCE(table[table_index(*va, level)]);

			if (!pte_present(link))
				break;
			table = phys_to_virt(pte_paddr(link));
		}
		if (level)
			skip_hole(table, level, va);
		else
			leaf = next_leaf(table, va);
	}
	return *va < end ? leaf : NULL;
}

pte_t pte_make(paddr_t pa, unsigned prot)
{
	pa |= PKU ? PTE_KEY(prot_key(prot)) : 0;
	return pa | PTE_PRESENT | PTE_ACCESSED | pmap_app_bits | (prot & PROT_WRITE ? PTE_WRITE | PTE_DIRTY : 0) |
	       (prot & PROT_EXEC ? 0 : PTE_NX);
}

static void free_tables(struct pmap *pmap)
{
	struct list tables = LIST_INIT(tables);

	pmap_unlink_tables(pmap, 0, 1ul << 47, &tables);
	page_put_list(&tables);
	page_free(page_of(pmap->root), PMAP_ROOT_ORDER);
}

int pmap_create(struct pmap *pmap)
{
	struct page *page = page_alloc(PMAP_ROOT_ORDER, 0);

	if (!page)
		return -ENOMEM;

	pte_t *root = page_virt(page), *kernel = phys_to_virt(kernel_pmap.root);

	memset(root, 0, PAGE_SIZE / 2);
	memcpy(root + 256, kernel + 256, PAGE_SIZE / 2);
	if (PTI)
		pti_root_init(root);
	page->used = 0;
	*pmap = (struct pmap){.root = page_paddr(page)};
	if (PCID)
		pcid_space_init(pmap->pcid);
	if (RUNG_REWRITE && rewrite_map(pmap)) {
		free_tables(pmap);
		return -ENOMEM;
	}
	return 0;
}

/*
 * Unlinks the tables below `table` (whose entries are of `level`) that lie wholly inside [start, end). `base` is what the
 * table's first entry maps.
 */
static void unlink_below(pte_t *table, unsigned level, u64 base, u64 start, u64 end, struct list *tables)
{
	u64 span = table_span(level);
	unsigned first = start > base ? (unsigned)((start - base) / span) : 0;

	for (unsigned i = first; i < 512 && (i = next_used(table, i)) < 512 && base + i * span < end; i++) {
		u64 at = base + i * span;

		if (!pte_present(table[i]))
			continue;
		if (level > 1)
			unlink_below(phys_to_virt(pte_paddr(table[i])), level - 1, at, start, end, tables);
		if (at >= start && at + span <= end) {
			list_add_tail(&page_of(pte_paddr(table[i]))->link, tables);
			table[i] = 0;
			if (level == 3)
				pti_mirror(&table[i], 0);
		}
	}
}

void pmap_unlink_tables(struct pmap *pmap, uaddr_t start, uaddr_t end, struct list *tables)
{
	unlink_below(phys_to_virt(pmap->root), 3, 0, start, end, tables);
}

void pmap_destroy(struct pmap *pmap)
{
	lockdep_assert_may_sleep("pmap_destroy"); /* it waits for CPUs: see tlb_flush() */
	__atomic_store_n(&pmap->dying, true, __ATOMIC_SEQ_CST);

	u64 flags = irq_save();

	pmap_interrupt(); /* this CPU */
	irq_restore(flags);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (bitmap_test(pmap->cpus, cpu))
			arch_ipi(cpu, IPI_PMAP);
	for (unsigned i = 0; i < CPUSET_WORDS; i++)
		while (__atomic_load_n(&pmap->cpus[i], __ATOMIC_ACQUIRE))
			cpu_pause();
	free_tables(pmap);
}

void pmap_interrupt(void)
{
	struct pmap *now = this_cpu(active);

	if (now && READ_ONCE(now->dying))
		pmap_activate(&kernel_pmap);
}

static void cpu_mark(struct pmap *pmap, bool on)
{
	u64 bit = BIT(this_cpu_id() % 64), *word = &pmap->cpus[this_cpu_id() / 64];

	if (on)
		__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
}

void pmap_activate(struct pmap *pmap)
{
	struct pmap *old = this_cpu(active);

	if (old == pmap)
		return;
	cpu_mark(pmap, true);
	cr3_write(PCID ? pcid_load(pmap->pcid, pmap->root) : pmap->root);
	this_cpu(active) = pmap;
	if (old)
		cpu_mark(old, false);
}

void tlb_flush_all_local(void)
{
	if (PCID)
		pcid_flush_all();
	else
		cr3_write(cr3_read());
}
