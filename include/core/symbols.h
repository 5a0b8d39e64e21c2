/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the kernel's functions by address, from a table in the image (CONFIG_SYMBOLS). Needs no memory, no lock, and
 * nothing that was initialised: for panics. Slow: the table is read from its beginning.
 */
#ifndef CORE_SYMBOLS_H
#define CORE_SYMBOLS_H

#include <lib/types.h>

#define SYMBOL_TEXT 96 /* room for what symbol_text() writes, usually */

/* "vfs_open+0x1f" in text[]; the bare address where no function is known. Returns text. */
const char *symbol_text(u64 address, char *text, size_t size);
/* The same for where a call returns to, which may lie behind the end of the function that called. */
const char *symbol_caller_text(u64 address, char *text, size_t size);
/* Does `address` lie in the kernel's text? */
bool symbol_is_text(u64 address);

/* The table, made by tools/build/symbols, which says how it is read. */
extern const u8 symbol_pairs[256][2];
extern const u32 symbol_count;
extern const u8 symbol_table[];

#endif
