/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rewritten gate's page zero: one frame with the sled of lib/sled.c, mapped at address 0 of every space, read-only,
 * executable, and of a protection key that is closed to loads and stores on every CPU. Beside it a page of the kernel's half,
 * where the sled's exit finds its target. What programs see of it is abi/linux/rewrite.c.
 */
#include <isolation/rewrite.h>

#include <arch/cpu.h>
#include <arch/offsets.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

#define KEY 15 /* of 16: whoever else takes keys begins at 1 */
#define ACCESS_DISABLE 1ul

DEFINE_PERCPU(u64 *, gate_sites);
u64 rewrite_none[REWRITE_CACHE]; /* I: a cache in which nothing is found */
static paddr_t sled_at;          /* I */
static bool closed;              /* I */

void rewrite_cache_clear(u64 cache[REWRITE_CACHE])
{
	for (u64 i = 0; i < REWRITE_CACHE; i++)
		cache[i] = (i ^ 1) << 3; /* belongs in the entry beside it */
}

void rewrite_check(void)
{
	closed = rung_supported(rung_named("pks"));
	if (closed)
		return;
	if (!param.unsafe_null)
		give_up("rewrite: this CPU has no protection keys for supervisor pages (PKS), so null pointers could be read; "
			"unsafe_null=1 accepts that");
	pr_warn("rewrite: unsafe_null=1: no PKS, so loads from null pointers read page zero");
}

/* From now on this CPU neither reads nor writes the key's pages; instructions are fetched all the same (SDM vol. 3, 4.6.2). */
static void close_key(void)
{
	cr4_write(cr4_read() | BIT(rung_named("pks")->cr4_bit));
	msr_write(MSR_PKRS, msr_read(MSR_PKRS) | ACCESS_DISABLE << 2 * KEY);
}

void rewrite_init_cpu(void)
{
	if (closed)
		close_key();
	this_cpu(gate_sites) = rewrite_none;
}

bool rewrite_is_closed(void)
{
	return closed;
}

int rewrite_map(struct pmap *pmap)
{
	pte_t *pte = pmap_pte(pmap, 0, true);

	if (!pte)
		return -ENOMEM;
	*pte = pte_make(sled_at, PROT_READ | PROT_EXEC) | (closed ? PTE_KEY(KEY) : 0);
	return 0;
}

void rewrite_init(void)
{
	struct page *sled = page_alloc(0, ALLOC_ZERO), *target = page_alloc(0, ALLOC_ZERO);
	u8 *at = (u8 *)(SLED_POINTER & PAGE_MASK);
	u64 way_in = (u64)gate_rewritten;

	if (!sled || !target)
		memory_give_up("the rewritten gate");
	rewrite_cache_clear(rewrite_none);
	sled_build(page_virt(sled));
	sled_at = page_paddr(sled);
	memcpy((u8 *)page_virt(target) + (SLED_POINTER & ~PAGE_MASK), &way_in, sizeof(way_in)); /* which is at no multiple of 8 */
	if (pmap_kernel_enter(at, page_paddr(target), PROT_READ, false) || rewrite_map(&kernel_pmap))
		memory_give_up("the rewritten gate");
}
