/* SPDX-License-Identifier: BSD-2-Clause */
/* brk(2): one anonymous region, "[heap]", from where exec put brk_start upwards. Called by abi/linux. */
#include "internal.h"
#include "region.h"

#include <mm/key.h>

static bool grow(struct vmspace *vs, uaddr_t from, uaddr_t to)
{
	struct region want = {
		.start = from,
		.end = to,
		.prot = own_rights(vs, PROT_READ | PROT_WRITE),
		.flags = REGION_HEAP | REGION_MAYWRITE | vs->lock_new,
		.name = "[heap]",
	};

	return !page_low() && vmspace_may_commit(to - vs->brk_start) && vmspace_has_room(vs, from, to) &&
	       vmspace_enter(vs, &want);
}

/* Lock held. May the break move there, and did it? */
static bool move_break(struct vmspace *vs, uaddr_t wanted)
{
	if (!vs->brk_start || wanted < vs->brk_start || wanted > vs->end)
		return false;

	uaddr_t old = ALIGN_UP(vs->brk, PAGE_SIZE), new = ALIGN_UP(wanted, PAGE_SIZE);

	if (new > old)
		return grow(vs, old, new);
	return new == old || !vmspace_remove(vs, new, old);
}

uaddr_t vmspace_brk(struct vmspace *vs, uaddr_t wanted)
{
	mutex_lock(&vs->lock);
	if (move_break(vs, wanted))
		vs->brk = wanted;

	uaddr_t result = vs->brk;

	mutex_unlock(&vs->lock);
	return result;
}
