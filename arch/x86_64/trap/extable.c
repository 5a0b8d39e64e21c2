/* SPDX-License-Identifier: BSD-2-Clause */
/* The exception table: which kernel instructions may fault on the application's memory, and where to go on if they do. */
#include <arch/trapframe.h>
#include <arch/usercopy.h>

#include "trap.h"

struct extable_entry {
	u64 insn, fixup;
};

extern const struct extable_entry __extable_start[], __extable_end[];
extern const char userload32_nofault_insn[];

static const struct extable_entry *find(u64 rip)
{
	for (const struct extable_entry *e = __extable_start; e < __extable_end; e++)
		if (e->insn == rip)
			return e;
	return NULL;
}

bool extable_covers(u64 rip)
{
	return find(rip) != NULL;
}

bool extable_fix(struct trapframe *tf)
{
	const struct extable_entry *e = find(tf->rip);

	if (!e)
		return false;
	tf->rip = e->fixup;
	return true;
}

bool usercopy_is_nofault(u64 rip)
{
	return rip == (u64)userload32_nofault_insn;
}
