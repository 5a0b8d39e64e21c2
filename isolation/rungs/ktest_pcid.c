/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identifiers in CR3: where the CPU has none (QEMU's TCG), the machine is as if the option were not there; where it has them,
 * CR3 has this space's. What is decided with them is tested on the host (tests/host/pcid).
 */
#include <core/ktest.h>

#include <arch/cpu.h>
#include <arch/pcid.h>
#include <arch/pmap.h>
#include <isolation/rungs.h>
#include <mm/page.h>

#include "patch.h"

#define CR4_PCIDE BIT(17)

/* Loads the space, and then kernel_pmap, in whose stead nothing of it stays. What CR3 was with it. */
static u64 cr3_with(struct pmap *pmap)
{
	u64 flags = irq_save();

	pmap_activate(pmap);

	u64 cr3 = cr3_read();

	pmap_activate(&kernel_pmap);
	irq_restore(flags);
	return cr3;
}

KTEST(pcid_is_used_where_it_is)
{
	unsigned kept = patch_count(PATCH_KEEP_RAX, true) + patch_count(PATCH_KEEP_RSP, true);
	unsigned plain = patch_count(PATCH_KEEP_RAX, false) + patch_count(PATCH_KEEP_RSP, false);
	bool on = rung_is_on("pcid");

	KT_EQ(pcid_is_on(), on);
	KT_EQ(!!(cr4_read() & CR4_PCIDE), on);
	KT_EQ(kept, on && RUNG_PTI ? 4 : 0);
	KT_EQ(plain, !on && RUNG_PTI ? 4 : 0);
	KT_EQ(cr3_read() & (PCID_APP | CR3_KEEP), 0);
}

KTEST(pcid_is_in_cr3)
{
	struct pmap one, two;

	KT_EQ(pmap_create(&one), 0);
	KT_EQ(pmap_create(&two), 0);
	KT_OK(one.pcid->id && one.pcid->id != two.pcid->id);

	u64 a = cr3_with(&one), b = cr3_with(&two), again = cr3_with(&one);

	KT_EQ(a & PAGE_MASK, one.root);
	KT_EQ(b & PAGE_MASK, two.root);
	KT_EQ(a, again);
	KT_EQ(cr3_read(), kernel_pmap.root);
	if (pcid_is_on())
		KT_OK((a & ~PAGE_MASK) && (b & ~PAGE_MASK) && (a & ~PAGE_MASK) != (b & ~PAGE_MASK));
	else
		KT_EQ((a | b) & ~PAGE_MASK, 0);
	pmap_destroy(&one);
	pmap_destroy(&two);
}

KTEST(pcid_counts_flushes)
{
	struct pmap pmap;

	KT_EQ(pmap_create(&pmap), 0);

	struct pcid_flush first = pcid_flush_begin(pmap.pcid), second = pcid_flush_begin(pmap.pcid);

	KT_EQ(first.space, pmap.pcid->id);
	KT_EQ(first.number, 1);
	KT_EQ(second.number, 2);
	KT_EQ(pmap.pcid->flushes, 2);
	pmap_destroy(&pmap);
}
