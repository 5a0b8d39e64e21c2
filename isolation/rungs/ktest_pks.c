/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's key from inside: every page of the upper half that can be written is closed while the application runs, but for
 * those that an entry needs; and what is closed faults, in ring 0 too. Without the CPU's help nothing is claimed.
 */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <arch/offsets.h>
#include <arch/pks.h>
#include <arch/tables.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <isolation/rungs.h>
#include <lib/errno.h>

#include "patch.h"

extern char __percpu_start[], __percpu_entry_end[], __percpu_stacks_start[], __percpu_stacks_end[];
extern u64 gate_key_words[];

struct seen {
	u64 open, shown;  /* pages */
	u64 unexpected;   /* leaves that are open, or shown, and need not be */
};

static bool is_entry(u64 va)
{
	bool found = false;

	for (unsigned cpu = 0; cpu < cpu_count && !found; cpu++) {
		const char *linked = (const char *)(va - percpu_offsets[cpu]);

		found = (linked >= __percpu_start && linked < __percpu_entry_end) ||
			(linked >= __percpu_stacks_start && linked < __percpu_stacks_end);
	}
	return found;
}

/* A table of the upper half, whose first entry maps `base` and each one 2^shift bytes. */
static void look(const pte_t *table, unsigned shift, u64 base, unsigned first, struct seen *seen)
{
	for (unsigned i = first; i < 512; i++) {
		u64 va = base + ((u64)i << shift);
		pte_t pte = table[i];

		if (!pte_present(pte))
			continue;
		if (shift > 12 && !(pte & PTE_LARGE)) {
			look(phys_to_virt(pte_paddr(pte)), shift - 9, va, 0, seen);
			continue;
		}
		if (!pte_writable(pte) || pte_key(pte) == KEY_KERNEL)
			continue;
		seen->open += pte_key(pte) == KEY_OPEN;
		seen->shown += pte_key(pte) == KEY_SHOWN;
		seen->unexpected += shift > 12 || (pte_key(pte) == KEY_OPEN ? !is_entry(va) : (const char *)va != idt_page());
	}
}

/* One instruction as the application might have it, on va; -EFAULT where it faults, after which the entry has opened the key. */
#define TRY(instruction, at)                                                                       \
	({                                                                                         \
		u64 flags = irq_save();                                                            \
		u32 keys = PKRS_APP;                                                               \
		int error = 0;                                                                     \
                                                                                                   \
		asm volatile("wrmsr\n\t"                                                           \
			     "1: " instruction "\n\t"                                              \
			     "xorl %%eax, %%eax\n\t"                                               \
			     "wrmsr\n"                                                             \
			     "2:\n\t"                                                              \
			     ".pushsection .text.closed, \"ax\"\n"                                 \
			     "3: movl %[fault], %[error]\n\t"                                      \
			     "jmp 2b\n\t"                                                          \
			     ".popsection\n\t"                                                     \
			     ".pushsection .extable, \"a\"\n\t"                                    \
			     ".quad 1b, 3b\n\t"                                                    \
			     ".popsection"                                                         \
			     : [error] "+r"(error), "+a"(keys)                                     \
			     : [va] "r"(at), [fault] "i"(-EFAULT), "c"(MSR_PKRS), "d"(0)           \
			     : "cc", "memory");                                                    \
		irq_restore(flags);                                                                \
		error;                                                                             \
	})
#define TRY_TO_READ(at) TRY("testb $1, (%[va])", at)
#define TRY_TO_WRITE(at) TRY("lock orb $0, (%[va])", at)

static u64 a_variable;

KTEST(pks_closes_the_kernels_data)
{
	char here = 0;

	if (!rung_is_on("pks")) {
		KT_EQ(patch_count(PATCH_WRMSR, true), 0);
		return;
	}
	KT_EQ(patch_count(PATCH_WRMSR, false) + patch_count(PATCH_RDMSR, false), 0);
	KT_OK(patch_count(PATCH_WRMSR, true) > 0);
	KT_EQ(TRY_TO_READ(&a_variable), -EFAULT);
	KT_EQ(TRY_TO_WRITE(&a_variable), -EFAULT);
	KT_EQ(TRY_TO_READ(phys_to_virt(virt_to_phys(&a_variable))), -EFAULT);
	KT_EQ(TRY_TO_READ(&here), -EFAULT);
	KT_EQ(TRY_TO_READ(this_cpu_ptr(percpu_offset)), -EFAULT);
	KT_EQ(TRY_TO_READ(idt_page()), 0);
	KT_EQ(TRY_TO_WRITE(idt_page()), -EFAULT);
	KT_EQ(TRY_TO_WRITE(this_cpu_ptr(gate_key_words)), 0);
	KT_EQ(msr_read(MSR_PKRS), 0);
}

KTEST(pks_leaves_open_what_an_entry_needs)
{
	u64 pages = (u64)((__percpu_entry_end - __percpu_start) + (__percpu_stacks_end - __percpu_stacks_start)) / PAGE_SIZE;
	struct seen seen = {0};

	look(phys_to_virt(pte_paddr(cr3_read())), 39, 0xffff000000000000, 256, &seen);
	KT_EQ(seen.unexpected, 0);
	KT_EQ(seen.shown, 1);
	KT_EQ(seen.open, cpu_count * pages);
	KT_OK(!is_entry((u64)this_cpu_ptr(percpu_offset)) && !is_entry((u64)&panic_cpu));
}
