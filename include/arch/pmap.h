/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: the named fourth contract. A pmap is a root and what hangs below it; the upper (kernel) half is the same
 * in every pmap. Leaf entries of the application's half are 4 KiB pages and are reached one by one with pmap_pte(); mm/
 * walks them. Who may edit: the holder of the vmspace lock over that range; tables above the leaves are installed with
 * compare-and-swap, since in a shared space several vmspaces hang below one root. Source: SDM vol. 3 chapter 4.
 */
#ifndef ARCH_PMAP_H
#define ARCH_PMAP_H

#include <arch/layout.h>
#include <arch/pcid.h>
#include <lib/list.h>
#include <lib/option.h>
#include <lib/types.h>

#define PROT_READ 1u
#define PROT_WRITE 2u
#define PROT_EXEC 4u
/* Where pages have protection keys (arch/pkey.h), a region's rights have its key above the three. */
#define PKEYS 16
#define PKRU_FRESH 0x55555554u /* of a program, and of a signal handler: key 0 is open, as on Linux */
#define PROT_KEY(key) ((unsigned)(key) << 8)
#define PROT_KEYS PROT_KEY(15)
#define PROT_KEYED BIT(12) /* asked for: this key; without, each region keeps its own */
static inline int prot_key(unsigned prot)
{
	return (prot & PROT_KEYS) >> 8;
}
/* With one of the three in what a fault wanted: it was the key that forbade it. */
#define ACCESS_KEY BIT(3)

#define CPUS_MAX 256
#define CPUSET_WORDS (CPUS_MAX / 64)

typedef u64 pte_t;

#define PTE_PRESENT BIT(0)
#define PTE_WRITE BIT(1)
#define PTE_USER BIT(2)
#define PTE_UNCACHED (BIT(3) | BIT(4))
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY BIT(6)
#define PTE_LARGE BIT(7)
#define PTE_GLOBAL BIT(8)
#define PTE_KEY(key) ((pte_t)(key) << 59)
#define PTE_NX BIT(63)

/* What marks a page of the application: PTE_USER, or nothing in ring 0. Given by the gate. */
extern const pte_t pmap_app_bits;

struct pmap {
	paddr_t root;            /* I: the PML4 */
	bool dying;              /* a: pmap_destroy() has begun */
	u64 cpus[CPUSET_WORDS];  /* a: CPUs whose CR3 holds root (private) */
	struct pcid_space pcid[PCID]; /* one, or none */
};

extern struct pmap kernel_pmap; /* the boot tables; the one root of a shared space */

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + DIRECT_MAP);
}

/* Where KERNEL_BASE came to be: the image may have been moved up (arch/kaslr.h). Linker script. */
extern char image_base[];

/* For an address of the direct map or of the kernel image. */
static inline paddr_t virt_to_phys(const void *va)
{
	u64 v = (u64)va;

	return v >= KERNEL_BASE ? v - (u64)image_base : v - DIRECT_MAP;
}

/* Builds the direct map of all RAM, write-protects and NX-marks the kernel image by section; before the buddy allocator. */
void pmap_bootstrap(void);

/* The boot tables: the low 4 GiB at their physical addresses, and the image. CPUs start on them. */
paddr_t pmap_boot_root(void);

/* A new root that shares the kernel half. -ENOMEM. */
int pmap_create(struct pmap *pmap);
/*
 * Frees root and tables; every leaf must be clear. CPUs that still have it loaded (idle ones keep the last space) are told
 * by IPI_PMAP to let go, and waited for. Interrupts on.
 */
void pmap_destroy(struct pmap *pmap);
/* IPI_PMAP's handler: leaves a dying pmap for kernel_pmap. */
void pmap_interrupt(void);
/*
 * Takes the tables (not the root) that lie wholly inside [start, end) out of the tree, leaves already clear, onto `tables`
 * (struct page by link). The caller flushes TLBs, whose walk caches may know them, and then page_put()s each.
 */
void pmap_unlink_tables(struct pmap *pmap, uaddr_t start, uaddr_t end, struct list *tables);
/* Loads the root into this CPU; interrupts off. Keeps pmap->cpus true on both sides. */
void pmap_activate(struct pmap *pmap);

/* The leaf entry of va; builds missing tables when alloc (NULL: out of memory), else NULL when there is no leaf table. */
pte_t *pmap_pte(struct pmap *pmap, uaddr_t va, bool alloc);
/* How many pages' entries pmap_next() vouches for at once: those up to the next multiple. */
#define PMAP_RUN 8
/* For sparse walks: *va goes on to the first address from there on, below end, whose entry may not be empty; that entry,
 * or NULL: all are. `last`: the entry of the page before *va, where it is known, else NULL. */
pte_t *pmap_next(struct pmap *pmap, pte_t *last, uaddr_t *va, uaddr_t end);
/* Maps one 4 KiB kernel page (stacks, device registers). -ENOMEM. */
int pmap_kernel_enter(void *va, paddr_t pa, unsigned prot, bool uncached);
/* Maps device registers; page-rounded; lives for ever. NULL on out of memory. */
void *pmap_map_device(paddr_t pa, u64 size);

/* How many pages the tables below (and with) the root are. */
u64 pmap_tables(const struct pmap *pmap);
/* For panics: on the console, what the CPU finds on its way from CR3 to va, level by level, in words. */
void pmap_print_walk(u64 va);
/* Would this CPU find a page at va? Reads tables only where there is memory. */
bool pmap_is_mapped(u64 va);
bool pmap_is_canonical(u64 va);

/* A leaf entry for the application's half: user bit by the gate, NX without PROT_EXEC, the key that stands in prot. PROT_NONE: use 0
 * instead. */
pte_t pte_make(paddr_t pa, unsigned prot);
static inline unsigned pte_key(pte_t pte)
{
	return (unsigned)(pte >> 59) & 15;
}
static inline bool pte_present(pte_t pte)
{
	return pte & PTE_PRESENT;
}
static inline bool pte_writable(pte_t pte)
{
	return pte & PTE_WRITE;
}
static inline bool pte_accessed(pte_t pte)
{
	return pte & PTE_ACCESSED;
}
static inline bool pte_dirty(pte_t pte)
{
	return pte & PTE_DIRTY;
}
static inline paddr_t pte_paddr(pte_t pte)
{
	return pte & 0x000ffffffffff000;
}
static inline pte_t pte_write_protect(pte_t pte)
{
	return pte & ~PTE_WRITE;
}

/* Drops this CPU's translation of one page, or all of the application's and the kernel's non-global ones. */
static inline void tlb_flush_page_local(uaddr_t va)
{
	if (PCID)
		pcid_flush_page(va);
	else
		asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}
void tlb_flush_all_local(void);

#endif
