/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the chain of frame pointers of the current kernel stack. Stops at the first that does not point upwards in it, or
 * where nothing is mapped: a panic's stack may be what is broken.
 */
#include <arch/machine.h>

#include <arch/layout.h>
#include <arch/pmap.h>

#define STACK_SPAN 65536 /* more than any kernel stack: how far one frame may lie above another */

unsigned arch_backtrace(u64 frame, u64 *pc, unsigned max)
{
	u64 here = (u64)__builtin_frame_address(0);
	unsigned n = 0;

	if (frame == 0)
		frame = here;

	/* A stack that overflowed in a ring-0 kernel is used again from its top: what stood there is lost. */
	bool below = frame < here;

	while (n < max && !(below && frame >= here) && frame >= DIRECT_MAP && (frame & 7) == 0 &&
	       pmap_is_mapped(frame) && pmap_is_mapped(frame + 8)) {
		const u64 *fp = (const u64 *)frame;

		if (fp[1] < KERNEL_BASE)
			break;
		pc[n++] = fp[1];
		if (fp[0] <= frame || fp[0] - frame > STACK_SPAN)
			break;
		frame = fp[0];
	}
	return n;
}
