/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - see machine.h. Implements what mm/ calls below and beside itself: arch, core, isolation. */
#include "test.h"

#include "machine.h"

#include <arch/boot.h>
#include <arch/machine.h>
#include <core/block.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <isolation/aspace.h>
#include <lib/xarray.h>
#include <mm/slab.h>
#include <mm/tlb.h>
#include <sys/mman.h>

struct bootinfo bootinfo;
char __kernel_start[1], __kernel_end[1], image_base[1];
struct param param = {.tlb_batch = TLB_BATCH};
unsigned cpu_count = 1;
u64 cpu_online_mask[CPUSET_WORDS] = {1};
int machine_tables_left = -1;
unsigned machine_flushes;

void panic(const char *format, ...)
{
	static char line[200];
	va_list args;

	va_start(args, format);
	host_vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* A test may expect it: expect_assert_failure() catches this. */
	mock_assert(0, line, __FILE__, __LINE__);
	abort();
}

/* mm/ gives up only in page_init(); a test that gives it too little sees a panic. */
void give_up(const char *format, ...)
{
	panic("%s", format);
}

void refuse(const char *call, int error, const char *why)
{
	(void)call, (void)error, (void)why;
}

void mutex_init(struct mutex *m, const char *name)
{
	m->owner = NULL;
	m->name = name;
}

void mutex_lock(struct mutex *m)
{
	assert_null(m->owner);
	m->owner = (struct thread *)m;
}

void mutex_unlock(struct mutex *m)
{
	assert_non_null(m->owner);
	m->owner = NULL;
}

/* ---- Page tables: leaf tables by number ---- */

static void *node_alloc(void)
{
	return malloc(sizeof(struct xa_node));
}

static const struct xa_ops node_ops = {node_alloc, free};

static struct xarray *tables_of(struct pmap *pmap)
{
	return (struct xarray *)pmap->root;
}

pte_t *pmap_pte(struct pmap *pmap, uaddr_t va, bool alloc)
{
	pte_t *table = xa_load(tables_of(pmap), va >> 21);

	if (!table) {
		if (!alloc || machine_tables_left == 0)
			return NULL;
		if (machine_tables_left > 0)
			machine_tables_left--;
		table = calloc(512, sizeof(pte_t));
		assert_int_equal(xa_store(tables_of(pmap), va >> 21, table), 0);
	}
	return &table[va >> 12 & 511];
}

pte_t *pmap_next(struct pmap *pmap, pte_t *last, uaddr_t *va, uaddr_t end)
{
	(void)last;

	u64 index = *va >> 21;

	if (*va >= end || !xa_next(tables_of(pmap), &index))
		return NULL;
	*va = MAX(*va, index << 21);
	return *va < end ? pmap_pte(pmap, *va, false) : NULL;
}

pte_t pte_make(paddr_t pa, unsigned prot)
{
	assert_true(prot);
	return pa | 1 | (prot & PROT_WRITE ? 2 : 0) | (prot & PROT_EXEC ? 0 : BIT(63));
}

/* ---- TLB, address spaces ---- */

void tlb_flush_all_local(void)
{
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	(void)cpu, (void)ipi;
	fail();
}

void aspace_cpus(const struct vmspace *vs, u64 cpus[CPUSET_WORDS])
{
	(void)vs;
	memset(cpus, 0, CPUSET_WORDS * sizeof(u64));
	cpus[0] = 1;
	machine_flushes++;
}

struct vmspace *aspace_owner(struct vmspace *current, uaddr_t va)
{
	(void)va;
	vmspace_get(current);
	return current;
}

/* Every leaf must be clear by now. */
static void check_table(void *table)
{
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(((pte_t *)table)[i], 0);
	free(table);
}

void aspace_release(struct vmspace *vs)
{
	assert_int_equal(vs->rss, 0);
	assert_int_equal(vs->mapped, 0);
	xa_destroy(tables_of(vs->pmap), check_table);
	free(tables_of(vs->pmap));
}

struct vmspace *machine_vmspace(uaddr_t start, uaddr_t end)
{
	struct vmspace *vs = vmspace_alloc();
	struct xarray *tables = malloc(sizeof(*tables));

	xa_init(tables, &node_ops);
	vs->own_pmap.root = (paddr_t)tables;
	vs->pmap = &vs->own_pmap;
	vs->start = start;
	vs->end = end;
	return vs;
}

u64 machine_user_pages(void)
{
	struct memory_stats stats;

	page_stats(&stats);
	return stats.total_pages - stats.free_pages - stats.kernel_pages;
}

/* Unsorted, overlapping, ends inside pages: as firmware has it. */
static const struct memory_range map[] = {
	{0x100000, MACHINE_RAM - 0x100000, MEMORY_RAM}, {0x9fc00, 0x400, MEMORY_RESERVED},
	{0, 0x9fc00, MEMORY_RAM},                       {0x1000123, 0x100000, MEMORY_RESERVED},
	{MACHINE_RAM - 0x20000, 0x20000, MEMORY_ACPI},  {0x2000000, 0x1000, MEMORY_RAM},
};

void machine_init(void)
{
	void *ram = mmap((void *)DIRECT_MAP, MACHINE_RAM, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(ram, (void *)DIRECT_MAP);
	memcpy(bootinfo.range, map, sizeof(map));
	bootinfo.nranges = ARRAY_SIZE(map);
	bootinfo.initrd = MACHINE_INITRD;
	bootinfo.initrd_size = MACHINE_INITRD_SIZE;
	page_init();
	slab_init();
	vmspace_init_caches();
}

/* core/block.h: nobody interrupts. */
bool thread_interrupted(void)
{
	return false;
}

bool thread_killed(void)
{
	return false;
}
