/* SPDX-License-Identifier: BSD-2-Clause */
/* The word that guards return addresses, and what happens when it is not what it was. Called by code that the compiler adds. */
#include <isolation/canary.h>

#include <core/panic.h>
#include <core/symbols.h>

u64 __stack_chk_guard __used = 0x5741524e454400; /* until canary_init() */

void __used __stack_chk_fail(void)
{
	char text[SYMBOL_TEXT];

	panic("kernel stack smashed: a function wrote past an array on its stack, in %s",
	      symbol_caller_text((u64)__builtin_return_address(0), text, sizeof(text)));
}
