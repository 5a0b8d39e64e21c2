/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash_sanitized.c - as crash.c, the ways that only a kernel with KASAN or UBSan (configs/sanitize.config) minds: without them
 * each goes on in silence. Here to see that a report is the end; all that is reported is in mm/ktest_kasan.c, core/ktest_ubsan.c.
 */
#include "crash.h"

#include <lib/string.h>
#include <mm/slab.h>

#define hide(p) asm volatile("" : "+r"(p))
#define __noinline __attribute__((noinline))

static volatile u64 variable;

static __noinline void crash_overrun(void)
{
	u8 *p = kzalloc(24);

	hide(p);
	p[24] = 1;
}

static __noinline void crash_reuse(void)
{
	u64 *p = kzalloc(24);

	hide(p);
	kfree(p);
	variable = p[1];
}

static __noinline void crash_refree(void)
{
	u8 *p = kzalloc(24);

	kfree(p);
	hide(p);
	kfree(p);
}

static __noinline void crash_copy(void)
{
	u8 *p = kzalloc(24), *q = kzalloc(24);

	hide(p);
	hide(q);
	memcpy(p, q, 25);
}

static __noinline void crash_shift(void)
{
	unsigned bits = 64;

	hide(bits);
	variable = 1ul << bits;
}

static __noinline void crash_unreachable(void)
{
	bool never = true;

	hide(never);
	if (never)
		__builtin_unreachable();
}

static const struct {
	const char *name;
	void (*fn)(void);
} crashes[] = {
	{"overrun", crash_overrun}, {"reuse", crash_reuse}, {"refree", crash_refree},
	{"copy", crash_copy},       {"shift", crash_shift}, {"unreachable", crash_unreachable},
};

void crash_sanitized(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		if (!strcmp(name, crashes[i].name))
			crashes[i].fn();
}
