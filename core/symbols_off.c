/* SPDX-License-Identifier: BSD-2-Clause */
/* symbols_off.c - without CONFIG_SYMBOLS an address has no name: addr2line on the host finds it in orchard.elf. */
#include <core/symbols.h>

#include <lib/format.h>

extern char __text_start[], __text_end[]; /* linker script */

bool symbol_is_text(u64 address)
{
	return address >= (u64)__text_start && address < (u64)__text_end;
}

const char *symbol_text(u64 address, char *text, size_t size)
{
	snprintf(text, size, "%016lx", address);
	return text;
}

const char *symbol_caller_text(u64 address, char *text, size_t size)
{
	return symbol_text(address, text, size);
}
