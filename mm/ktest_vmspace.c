/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of vmspaces on real page tables, in a space of their own that no thread runs in. */
#include <core/ktest.h>
#include <isolation/aspace.h>
#include <lib/errno.h>
#include <mm/vmspace.h>

#define RW (PROT_READ | PROT_WRITE)

static struct vmspace *make(void)
{
	struct vmspace *vs = NULL;
	uaddr_t bias;

	if (!KT_EQ(aspace_create(&vs), 0))
		return NULL;
	if (!KT_EQ(aspace_place(vs, 0, 16 * PAGE_SIZE, false, &bias), 0)) {
		vmspace_put(vs);
		return NULL;
	}
	return vs;
}

static u64 *word_at(struct vmspace *vs, uaddr_t va)
{
	pte_t *pte = pmap_pte(vs->pmap, va, false);

	return pte && pte_present(*pte) ? phys_to_virt(pte_paddr(*pte)) : NULL;
}

static u64 user_pages(void)
{
	struct memory_stats stats;

	page_stats(&stats);
	return stats.total_pages - stats.free_pages - stats.kernel_pages;
}

KTEST(vmspace_faults)
{
	u64 before = user_pages();
	struct vmspace *vs = make();

	if (!vs)
		return;

	long va = vmspace_map(vs, 0, 8 * PAGE_SIZE, RW, REGION_MAYWRITE, NULL, 0, NULL);

	KT_OK(va > 0);
	KT_EQ(vm_fault(vs, va + PAGE_SIZE + 5, PROT_WRITE), FAULT_OK);
	KT_EQ(vs->rss, 1);
	KT_OK(word_at(vs, va + PAGE_SIZE));
	*word_at(vs, va + PAGE_SIZE) = 42;
	KT_EQ(vm_fault(vs, va, PROT_EXEC), FAULT_ACCESS);
	KT_EQ(vmspace_protect(vs, va, 8 * PAGE_SIZE, 0), 0);
	KT_OK(!word_at(vs, va + PAGE_SIZE));
	KT_EQ(vm_fault(vs, va + PAGE_SIZE, PROT_READ), FAULT_ACCESS);
	KT_EQ(vmspace_protect(vs, va, 8 * PAGE_SIZE, PROT_READ), 0);
	KT_EQ(vm_fault(vs, va + PAGE_SIZE, PROT_READ), FAULT_OK);
	KT_EQ(*word_at(vs, va + PAGE_SIZE), 42);
	KT_EQ(vmspace_unmap(vs, va, 8 * PAGE_SIZE), 0);
	KT_EQ(vm_fault(vs, va, PROT_READ), FAULT_SEGV);
	KT_EQ(vs->rss, 0);
	vmspace_put(vs);
	KT_EQ(user_pages(), before);
}

KTEST(vmspace_outside_is_refused)
{
	struct vmspace *vs = make();

	if (!vs)
		return;
	KT_EQ(vmspace_map(vs, vs->end, PAGE_SIZE, RW, REGION_FIXED, NULL, 0, NULL), -ENOMEM);
	KT_EQ(vmspace_protect(vs, vs->end, PAGE_SIZE, RW), -ENOMEM);
	vmspace_put(vs);
}

KTEST(vmspace_copy_on_write)
{
	struct vmspace *parent = make(), *child = NULL;

	if (!parent)
		return;
	if (!ASPACE_IS_PRIVATE) {
		KT_EQ(aspace_fork(parent, &child), -ENOSYS);
		vmspace_put(parent);
		return;
	}

	long va = vmspace_map(parent, 0, PAGE_SIZE, RW, REGION_MAYWRITE, NULL, 0, NULL);

	KT_EQ(vm_fault(parent, va, PROT_WRITE), FAULT_OK);
	*word_at(parent, va) = 1;
	if (KT_EQ(aspace_fork(parent, &child), 0)) {
		KT_OK(word_at(parent, va) == word_at(child, va));
		KT_EQ(vm_fault(child, va, PROT_WRITE), FAULT_OK);
		*word_at(child, va) = 2;
		KT_EQ(*word_at(parent, va), 1);
		vmspace_put(child);
	}
	vmspace_put(parent);
}
