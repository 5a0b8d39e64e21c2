/* SPDX-License-Identifier: BSD-2-Clause */
/* ttas.c - what a CPU does that finds a test-and-test-and-set lock taken: looks, tries, stays away. */
#include <core/lock/ttas.h>

#include "wait.h"

/* In pauses. One for each CPU that may be configured by default: a longer one leaves a free lock alone while many want it. */
#define BACKOFF_MAX 64

void spin_wait(struct spin_word *w)
{
	unsigned backoff = 1;

	spin_wait_begins(w, __builtin_return_address(0));
	for (;;) {
		while (READ_ONCE(w->taken))
			spin_pause();
		if (spin_word_try(w))
			return;
		for (unsigned i = 0; i < backoff; i++)
			spin_pause();
		backoff = MIN(2 * backoff, BACKOFF_MAX);
	}
}
