/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing a vmspace through its page tables, whether or not it is the one that is loaded: exec builds the new
 * program's stack with it, /proc reads command lines. Page by page: fault it in as the owner would, then use the frame.
 */
#include <mm/vmspace.h>

#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

/* The frame behind va with a reference, faulted in for `access`. */
static struct page *frame_at(struct vmspace *vs, uaddr_t va, unsigned access, int *error)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		struct page *page = NULL;
		pte_t *pte;

		mutex_lock(&vs->lock);
		pte = pmap_pte(vs->pmap, va, false);
		if (pte && pte_present(*pte) && (access != PROT_WRITE || pte_writable(*pte))) {
			page = page_of(pte_paddr(*pte));
			page_get(page);
		}
		mutex_unlock(&vs->lock);
		if (page)
			return page;

		enum fault_result result = vm_fault(vs, va, access);

		if (result != FAULT_OK) {
			*error = result == FAULT_OOM ? -ENOMEM : -EFAULT;
			return NULL;
		}
	}
	*error = -EFAULT;
	return NULL;
}

enum direction { READ, WRITE, ZERO };

static int access_range(struct vmspace *vs, uaddr_t va, void *buffer, u64 size, enum direction direction)
{
	u8 *p = buffer;

	while (size) {
		u64 offset = va & ~PAGE_MASK, n = MIN(size, PAGE_SIZE - offset);
		int error = 0;
		struct page *page = frame_at(vs, va - offset, direction == READ ? PROT_READ : PROT_WRITE, &error);

		if (!page)
			return error;

		u8 *frame = (u8 *)page_virt(page) + offset;

		if (direction == READ)
			memcpy(p, frame, n);
		else if (direction == WRITE)
			memcpy(frame, p, n);
		else
			memset(frame, 0, n);
		page_put(page);
		va += n;
		p = p ? p + n : NULL;
		size -= n;
	}
	return 0;
}

int vmspace_read(struct vmspace *vs, uaddr_t va, void *buffer, u64 size)
{
	return access_range(vs, va, buffer, size, READ);
}

int vmspace_write(struct vmspace *vs, uaddr_t va, const void *buffer, u64 size)
{
	return access_range(vs, va, (void *)(uintptr_t)buffer, size, WRITE);
}

int vmspace_zero(struct vmspace *vs, uaddr_t va, u64 size)
{
	return access_range(vs, va, NULL, size, ZERO);
}
