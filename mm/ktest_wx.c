/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of the page table that this CPU uses, entry by entry: nothing there may be both written and executed, what
 * is executed lies in the image's text, and text and constants are not written. A right is there when every level gives it.
 */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <mm/kstack.h>

extern char __text_start[], __text_end[], __rodata_end[];

static struct {
	unsigned leaves, both, executable, outside, writable, user;
	u64 first_bad;
} seen;

static void look(u64 va, u64 size, pte_t every, bool nx)
{
	u64 text = (u64)__text_start, text_end = (u64)__text_end, rodata_end = (u64)__rodata_end;
	bool bad = false;

	seen.leaves++;
	if (!nx && (every & PTE_WRITE))
		bad = ++seen.both;
	if (!nx && ++seen.executable && (va < text || va + size > text_end))
		bad = ++seen.outside;
	if ((every & PTE_WRITE) && va < rodata_end && va + size > text)
		bad = ++seen.writable;
	if (every & PTE_USER)
		bad = ++seen.user;
	if (bad && !seen.first_bad)
		seen.first_bad = va;
}

static void walk(const pte_t *table, unsigned level, u64 base, pte_t every, bool nx)
{
	u64 span = 1ul << (12 + 9 * level);

	for (unsigned i = level == 3 ? 256 : 0; i < 512; i++) {
		pte_t pte = READ_ONCE(table[i]);
		u64 va = base + i * span;

		if (!pte_present(pte))
			continue;
		if (level == 3)
			va |= 0xffff000000000000;
		if (level == 0 || (pte & PTE_LARGE))
			look(va, span, every & pte, nx || (pte & PTE_NX));
		else
			walk(phys_to_virt(pte_paddr(pte)), level - 1, va, every & pte, nx || (pte & PTE_NX));
	}
}

KTEST(kernel_is_w_xor_x)
{
	walk(phys_to_virt(pte_paddr(cr3_read())), 3, 0, PTE_WRITE | PTE_USER, false);
	KT_OK(seen.leaves > 100);
	KT_EQ(seen.both, 0);
	KT_EQ(seen.outside, 0);
	KT_EQ(seen.executable, (__text_end - __text_start) / PAGE_SIZE);
	KT_EQ(seen.writable, 0);
	KT_EQ(seen.user, 0);
	KT_EQ(seen.first_bad, 0);
	KT_OK(cr0_read() & BIT(16)); /* WP: or ring 0 may write read-only pages all the same */
}

KTEST(kernel_stacks_have_a_guard_page)
{
	char *stack = kstack_alloc();

	if (!KT_OK(stack))
		return;
	KT_OK(pmap_is_mapped((u64)stack));
	KT_OK(!pmap_is_mapped((u64)stack - 1));
	KT_OK(!pmap_is_mapped((u64)stack + KSTACK_SIZE));
	kstack_free(stack);
}
