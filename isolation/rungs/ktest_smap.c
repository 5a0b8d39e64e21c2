/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMAP from inside: a page of the application's kind is closed to the kernel but for the copies, and closed again after each of
 * them, after one that failed, and in every interrupt. Without the CPU's help nothing is claimed.
 */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <core/time.h>
#include <isolation/gate.h>
#include <isolation/rungs.h>
#include <lib/errno.h>
#include <mm/page.h>

#include "patch.h"

#define VA 0x10000000ul
#define ABSENT 0x20000000ul

/* A page of the application's at VA, with a value in it; false: no memory. */
static bool map_page(u32 value)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);
	pte_t *pte = page ? pmap_pte(&kernel_pmap, VA, true) : NULL;

	if (!KT_OK(pte))
		return false;
	*(u32 *)page_virt(page) = value;
	*pte = pte_make(page_paddr(page), PROT_READ | PROT_WRITE);
	return true;
}

/* A load as any code might do it; -EFAULT where it faults. */
static int bare_load(u64 va, u32 *value)
{
	int error = 0;

	asm volatile("1: movl (%2), %1\n"
		     "2:\n\t"
		     ".pushsection .text.bare_load_failed, \"ax\"\n"
		     "3: movl %3, %0\n\t"
		     "jmp 2b\n\t"
		     ".popsection\n\t"
		     ".pushsection .extable, \"a\"\n\t"
		     ".quad 1b, 3b\n\t"
		     ".popsection"
		     : "+r"(error), "=&r"(*value)
		     : "r"(va), "i"(-EFAULT));
	return error;
}

static bool is_closed(void)
{
	return !(cpu_flags() & RFLAGS_AC);
}

static bool closed_in_interrupt;

static volatile int interrupted;

static void look(struct timer *t)
{
	(void)t;
	closed_in_interrupt = is_closed();
	interrupted = 1;
}

KTEST(smap_closes_the_applications_pages)
{
	u32 value = 0;

	if (!rung_is_on("smap")) {
		KT_EQ(patch_count(PATCH_STAC, true), 0);
		return;
	}
	KT_EQ(patch_count(PATCH_STAC, false) + patch_count(PATCH_CLAC, false), 0);
	KT_OK(patch_count(PATCH_STAC, true) > 0);
	if (!map_page(42))
		return;
	KT_EQ(bare_load(VA, &value), -EFAULT);
	KT_EQ(copyin(&value, VA, sizeof(value)), 0);
	KT_EQ(value, 42);
	KT_OK(is_closed());
	KT_EQ(copyin(&value, ABSENT, sizeof(value)), -EFAULT);
	KT_OK(is_closed());
	KT_EQ(user_load32(VA, &value), 0);
	KT_OK(is_closed());
	KT_EQ(user_cmpxchg32(VA, &value, 43), 0);
	KT_OK(is_closed());
	KT_EQ(user_zero(VA, 64), 0);
	KT_OK(is_closed());
}

KTEST(smap_closes_in_an_interrupt)
{
	struct timer timer;

	if (!rung_is_on("smap"))
		return;
	timer_init(&timer, look);
	timer_start(&timer, clock_ns() + NSEC_PER_MSEC);
	asm volatile("stac" : : : "cc", "memory");
	while (!interrupted)
		cpu_pause();
	asm volatile("clac" : : : "cc", "memory");
	KT_OK(closed_in_interrupt);
}
