/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows one address through the page tables that this CPU uses, as the CPU does, and says what it finds: for panics, so
 * it trusts nothing. A table is read only where there is memory.
 */
#include <arch/pmap.h>

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/pkey.h>
#include <arch/pks.h>
#include <arch/pti.h>
#include <core/printk.h>

#include "tables.h"

/* The names of the SDM (vol. 3, 4.5): what an entry of level 3, 2, 1, 0 is. */
static const char *const entry_names[] = {"PTE  ", "PDE  ", "PDPTE", "PML4E"};

static const char *const entry_spans[] = {"4 KiB", "2 MiB", "1 GiB", "512 GiB"};

static bool is_memory(paddr_t table)
{
	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		const struct memory_range *r = &bootinfo.range[i];

		if (r->type == MEMORY_RAM && table >= r->base && table + PAGE_SIZE <= r->base + r->size)
			return true;
	}
	return false;
}

static bool is_leaf(pte_t pte, unsigned level)
{
	return level == 0 || (level < 3 && (pte & PTE_LARGE));
}

/* The entry at `level` of the table at `table`. False: that is no memory. */
static bool read_entry(paddr_t table, u64 va, unsigned level, pte_t *pte)
{
	if (!is_memory(table))
		return false;
	*pte = READ_ONCE(((const pte_t *)phys_to_virt(table))[table_index(va, level)]);
	return true;
}

bool pmap_is_canonical(u64 va)
{
	return (u64)((i64)(va << 16) >> 16) == va;
}

bool pmap_is_mapped(u64 va)
{
	paddr_t table = pte_paddr(cr3_read());
	pte_t pte;

	for (unsigned level = 3; pmap_is_canonical(va) && read_entry(table, va, level, &pte); level--) {
		if (!pte_present(pte))
			return false;
		if (is_leaf(pte, level))
			return true;
		table = pte_paddr(pte);
	}
	return false;
}

static u64 count_tables(const pte_t *table, unsigned level)
{
	u64 n = 1;

	for (unsigned i = 0; level > 0 && i < 512; i++) {
		pte_t pte = READ_ONCE(table[i]);

		if (pte_present(pte) && !is_leaf(pte, level))
			n += count_tables(phys_to_virt(pte_paddr(pte)), level - 1);
	}
	return n;
}

u64 pmap_tables(const struct pmap *pmap)
{
	return count_tables(phys_to_virt(pmap->root), 3) + (1u << PMAP_ROOT_ORDER) - 1;
}

static void print_entry(u64 va, unsigned level, pte_t pte)
{
	console_print("    %s[%3u] %016lx  ", entry_names[level], table_index(va, level), pte);
	if (!pte_present(pte)) {
		console_print("not present\n");
		return;
	}
	console_print("present, %s, %s%s%s%s%s%s%s%s\n", pte & PTE_WRITE ? "writable" : "read-only",
		      pte & PTE_USER ? "user" : "supervisor", pte & PTE_NX ? ", no execute" : "",
		      pte & PTE_ACCESSED ? ", accessed" : "", pte & PTE_DIRTY && is_leaf(pte, level) ? ", dirty" : "",
		      pte & PTE_GLOBAL && is_leaf(pte, level) ? ", global" : "",
		      pte & PTE_UNCACHED ? ", uncached" : "",
		      is_leaf(pte, level) ? ", a page of " : ", a table", is_leaf(pte, level) ? entry_spans[level] : "");
}

/* All levels have to agree: a right is there when each of them gives it. */
static void print_sum(pte_t every, pte_t any)
{
	console_print("    in all: %s, %s, %s\n", every & PTE_WRITE ? "may be written" : "may not be written",
		      any & PTE_NX ? "may not be executed" : "may be executed",
		      every & PTE_USER ? "by ring 3 too" : "by ring 0 only");
}

void pmap_print_walk(u64 va)
{
	paddr_t table = pte_paddr(cr3_read());
	pte_t pte, every = ~0ul, any = 0;

	console_print("  page walk of %016lx from cr3 %016lx:\n", va, cr3_read());
	if (!pmap_is_canonical(va)) {
		console_print("    none: the address is not canonical: bits 63 to 47 differ\n");
		return;
	}
	for (unsigned level = 3;; level--) {
		if (!read_entry(table, va, level, &pte)) {
			console_print("    a table at %016lx, where there is no memory: the entry above is wrong\n", table);
			return;
		}
		print_entry(va, level, pte);
		if (!pte_present(pte)) {
			console_print("    nothing is mapped there: such an entry stands for %s\n", entry_spans[level]);
			return;
		}
		every &= pte;
		any |= pte;
		if (is_leaf(pte, level))
			break;
		table = pte_paddr(pte);
	}
	print_sum(every, any);
	if ((PKU || PKS) && pte_key(pte))
		console_print("    its protection key is %u\n", pte_key(pte));
}
