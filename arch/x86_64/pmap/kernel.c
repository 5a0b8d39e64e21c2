/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half, the same below every root: the direct map of memory (never executable), the image with each section's
 * rights (SDM vol. 3, 4.6), kernel stacks, device registers. Every root entry of it exists before the first pmap_create().
 */
#include <arch/pmap.h>

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pks.h>
#include <arch/pti.h>
#include <core/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

#include "tables.h"

#define LINK (PTE_PRESENT | PTE_WRITE)
#define LARGE_SIZE (2ul << 20)

struct pmap kernel_pmap;

extern pte_t boot_pml4[];
extern char __text_start[], __text_end[], __rodata_end[], __kernel_start[], __kernel_end[];

static paddr_t early_table(void)
{
	return page_boot_alloc(PAGE_SIZE);
}

static paddr_t late_table(void)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);

	return page ? page_paddr(page) : 0;
}

/* Maps [pa, pa+size), rounded out to 2 MiB, in the direct map under construction. */
static void map_direct(paddr_t root, paddr_t pa, u64 size)
{
	paddr_t end = ALIGN_UP(pa + size, LARGE_SIZE);

	for (pa = ALIGN_DOWN(pa, LARGE_SIZE); pa < end; pa += LARGE_SIZE)
		*pmap_table(root, pa + DIRECT_MAP, 1, LINK, early_table) =
			pa | LINK | PTE_LARGE | KERNEL_KEY | KERNEL_GLOBAL | PTE_NX | PTE_ACCESSED | PTE_DIRTY;
}

static void map_image(paddr_t root)
{
	for (char *va = __kernel_start; va < __kernel_end; va += PAGE_SIZE) {
		pte_t rights = va < __text_start   ? PTE_NX /* .boot */
			       : va < __text_end   ? 0
			       : va < __rodata_end ? PTE_NX
						   : PTE_NX | PTE_WRITE | KERNEL_KEY;

		*pmap_table(root, (u64)va, 0, LINK, early_table) =
			virt_to_phys(va) | PTE_PRESENT | KERNEL_GLOBAL | PTE_ACCESSED | PTE_DIRTY | rights;
	}
}

/* Built beside the boot tables, through which page_boot_alloc()'s memory is reached: they map the low 4 GiB. */
void pmap_bootstrap(void)
{
	/* A root is aligned to its size; a boot allocation to a page. */
	paddr_t root = ALIGN_UP(page_boot_alloc(2 * PMAP_ROOT_SIZE - PAGE_SIZE), PMAP_ROOT_SIZE);

	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		const struct memory_range *r = &bootinfo.range[i];

		if (r->type == MEMORY_RAM || r->type == MEMORY_ACPI || r->type == MEMORY_NVS)
			map_direct(root, r->base, r->size);
	}
	map_direct(root, 0, 1 << 20); /* firmware tables */
	map_image(root);
	pmap_table(root, KSTACK_AREA, 2, LINK, early_table);

	kernel_pmap.root = root;
	cr3_write(root);
	cr4_write(cr4_read() | BIT(7)); /* PGE: global pages, SDM vol. 3, 4.10.2.4 */
}

paddr_t pmap_boot_root(void)
{
	return virt_to_phys(boot_pml4);
}

int pmap_kernel_enter(void *va, paddr_t pa, unsigned prot, bool uncached)
{
	pte_t *pte = pmap_table(kernel_pmap.root, (u64)va, 0, LINK, late_table);

	if (!pte)
		return -ENOMEM;
	*pte = pa | PTE_PRESENT | KERNEL_GLOBAL | KERNEL_KEY | PTE_NX | PTE_ACCESSED | PTE_DIRTY |
	       (prot & PROT_WRITE ? PTE_WRITE : 0) | (uncached ? PTE_UNCACHED : 0);
	return 0;
}

/* Registers lie in the direct map's range too, at their own address, in pages that map_direct() left out. */
void *pmap_map_device(paddr_t pa, u64 size)
{
	paddr_t start = ALIGN_DOWN(pa, PAGE_SIZE), end = ALIGN_UP(pa + size, PAGE_SIZE);

	for (paddr_t p = start; p < end; p += PAGE_SIZE) {
		pte_t *large = pmap_table(kernel_pmap.root, p + DIRECT_MAP, 1, LINK, late_table);

		if (!large)
			return NULL;
		if (pte_present(*large) && (*large & PTE_LARGE))
			continue; /* inside memory that is mapped already */
		if (pmap_kernel_enter(phys_to_virt(p), p, PROT_READ | PROT_WRITE, true))
			return NULL;
	}
	return phys_to_virt(pa);
}
