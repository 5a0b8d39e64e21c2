/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refuse.c - what a configuration cannot do is refused in one line, once for each call site.
 *
 * Called by whoever returns such an errno, in any context. The seen call sites stand in a small
 * lock-free table; should it ever be full, lines repeat.
 */
#include <core/printk.h>

#include <lib/errname.h>
#include <lib/format.h>
#include <lib/hash.h>

#define SITES 256

void (*refuse_listener)(const char *line);

static uintptr_t sites[SITES]; /* a: open addressing by return address */

static bool first_time(uintptr_t site)
{
	size_t slot = hash_u64(site) % SITES;

	for (size_t tried = 0; tried < SITES; tried++, slot = (slot + 1) % SITES) {
		uintptr_t seen = 0;

		if (__atomic_compare_exchange_n(&sites[slot], &seen, site, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
		if (seen == site)
			return false;
	}
	return true;
}

/* Not inlined: its caller's address is the site. */
__attribute__((noinline)) void refuse(const char *call, int error, const char *why)
{
	char line[160];
	void (*listener)(const char *) = READ_ONCE(refuse_listener);

	if (!first_time((uintptr_t)__builtin_return_address(0)))
		return;
	snprintf(line, sizeof(line), "%s: %s: %s", call, errno_name(error), why);
	pr_warn("refused: %s", line);
	if (listener)
		listener(line);
}
