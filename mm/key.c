/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of the 16 protection keys a vmspace has given out, and what a mapping carries: pkeys(7). Called by abi/linux. */
#include "internal.h"
#include "region.h"

#include <isolation/aspace.h>
#include <lib/errno.h>
#include <mm/key.h>

int vmspace_key_alloc(struct vmspace *vs)
{
	int key = -ENOSPC;

	mutex_lock(&vs->lock);
	if (vs->keys != BIT(PKEYS) - 1) {
		key = __builtin_ctz(~(unsigned)vs->keys);
		vs->keys |= BIT(key);
	}
	mutex_unlock(&vs->lock);
	return key;
}

/* Key 0 too, as on Linux. What carries the key keeps it: pkey_free(2) calls that the program's affair. */
int vmspace_key_free(struct vmspace *vs, int key)
{
	int error = -EINVAL;

	mutex_lock(&vs->lock);
	if (vmspace_has_key(vs, key)) {
		vs->keys &= (u16)~BIT(key);
		error = 0;
	}
	mutex_unlock(&vs->lock);
	return error;
}

unsigned vmspace_key_at(struct vmspace *current, uaddr_t va)
{
	struct vmspace *vs = aspace_owner(current, va);
	unsigned key = 0;

	if (!vs)
		return 0;
	mutex_lock(&vs->lock);

	const struct region *r = region_containing(vs, va);

	if (r)
		key = (unsigned)prot_key(r->prot);
	mutex_unlock(&vs->lock);
	vmspace_put(vs);
	return key;
}
