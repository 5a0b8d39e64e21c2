/* SPDX-License-Identifier: BSD-2-Clause */
/* poison.c - filling freed memory and looking whether it stayed so: called by slab.c and page.c where POISON_CHECKED. */
#include <mm/poison.h>

void poison_fill(u64 *start, const u64 *end, u64 pattern)
{
	for (; start < end; start++)
		*start = pattern ^ (u64)start;
}

bool poison_intact(const u64 *start, const u64 *end, u64 pattern)
{
	for (; start < end; start++)
		if (*start != (pattern ^ (u64)start))
			return false;
	return true;
}
