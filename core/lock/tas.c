/* SPDX-License-Identifier: BSD-2-Clause */
/* tas.c - what a CPU does that finds a test-and-set lock taken: the same again. */
#include <core/lock/tas.h>

#include "wait.h"

void spin_wait(struct spin_word *w)
{
	spin_wait_begins(w, __builtin_return_address(0));
	do
		spin_pause();
	while (!spin_word_try(w));
}
