/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks the chain of frame pointers of the current kernel stack. Stops at the first that does not point upwards in it. */
#include <arch/machine.h>

#include <arch/layout.h>

#define STACK_SPAN 65536 /* more than any kernel stack: how far one frame may lie above another */

unsigned arch_backtrace(u64 frame, u64 *pc, unsigned max)
{
	unsigned n = 0;

	if (frame == 0)
		frame = (u64)__builtin_frame_address(0);
	while (n < max && frame >= DIRECT_MAP && (frame & 7) == 0) {
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
