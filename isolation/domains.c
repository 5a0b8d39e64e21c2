/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection domains in one space: each vmspace gets a key of its own, which all its pages carry, and which its threads alone
 * have open. There are 15; who comes when all are taken is refused, rather than put together with somebody. Called by
 * aspace_shared.c with its lock held. Source: Chase et al., "Sharing and Protection in a Single-Address-Space Operating System"
 * (ACM TOCS 1994), on domains; docs/protection-keys.md on what keys can do of it.
 */
#include "domains.h"

#include <arch/pkru.h>
#include <mm/vmspace.h>

static u32 taken = BIT(0); /* by key: 0 belongs to nobody */

bool domain_take(struct vmspace *vs)
{
	if (!pkru_works())
		return true;
	if (taken == BIT(PKEYS) - 1)
		return false;
	vs->domain = (u8)__builtin_ctz(~taken);
	taken |= BIT(vs->domain);
	return true;
}

void domain_give_back(struct vmspace *vs)
{
	if (vs->domain)
		taken &= ~(u32)BIT(vs->domain);
	vs->domain = 0;
}
