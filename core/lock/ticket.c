/* SPDX-License-Identifier: BSD-2-Clause */
/* ticket.c - what a CPU does that finds a ticket lock taken: kept out of every place that takes one. */
#include <core/lock/ticket.h>

#include "wait.h"

void spin_wait(struct spin_word *w, u16 ticket)
{
	spin_wait_begins(w, __builtin_return_address(0));
	do
		spin_pause();
	while (__atomic_load_n(&w->owner, __ATOMIC_ACQUIRE) != ticket);
}
