/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys: pkey_alloc(2), pkey_free(2), pkey_mprotect(2). Which keys are taken is the address space's business, what
 * each of them allows the thread's (PKRU). Where the CPU has none, the answers are those of Linux on such a CPU. Called by the
 * dispatcher.
 */
#include <generated/syscall_proto.h>

#include <arch/pkru.h>
#include <isolation/proc.h>
#include <lib/errno.h>
#include <mm/key.h>
#include <mm/vmspace.h>
#include <uapi/linux/mman.h>

#include "sys_mm.h"

long sys_pkey_alloc(unsigned long flags, unsigned long rights)
{
	int key;

	if (flags || (rights & ~(unsigned long)(PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE)))
		return -EINVAL;
	if (!pkru_works())
		return -ENOSPC;
	key = vmspace_key_alloc(proc_current()->vmspace);
	if (key >= 0) {
		u32 others = pkru_read() & ~(3u << (2 * key));

		pkru_write(others | (u32)rights << (2 * key));
	}
	return key;
}

long sys_pkey_free(int key)
{
	return pkru_works() ? vmspace_key_free(proc_current()->vmspace, key) : -EINVAL;
}

/* Key -1: as mprotect(2). */
long sys_pkey_mprotect(uaddr_t addr, size_t size, int prot, int key)
{
	if (key == -1)
		return sys_mprotect(addr, size, prot);
	if (((unsigned)prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!size)
		return 0;
	if (key < 0 || key >= PKEYS || !pkru_works())
		return -EINVAL;
	return protect_range(addr, size, (unsigned)prot | PROT_KEYED | PROT_KEY(key));
}
