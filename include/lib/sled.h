/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sled.h - the page at address 0 of the rewritten gate: bytes that may be entered at each number of a system call, and that lead
 * all of them, in a few jumps, to one exit. Plain numbers first: assembly includes them.
 */
#ifndef LIB_SLED_H
#define LIB_SLED_H

#define SLED_LENGTH 464                 /* numbers below are worth a jump: a multiple of SLED_GROUP */
#define SLED_GROUP 16                   /* entries that a jump brings together */
#define SLED_HOP 80                     /* from the start of a group to that of another */
#define SLED_EXIT (SLED_LENGTH + SLED_HOP)
#define SLED_NUMBERS (SLED_EXIT + 1)    /* entries that arrive with RAX as it was */
#define SLED_SIZE 4096

/* Where the exit finds the address that it jumps to: the middle of its instruction must be harmless too. */
#define SLED_POINTER 0xffffffff909092b6

#define SLED_INVALID 0x06               /* PUSH ES: an invalid opcode in 64-bit mode, of one byte (SDM vol. 2, table A-2) */

#ifndef __ASSEMBLER__
#include <lib/types.h>

void sled_build(u8 page[SLED_SIZE]);
#endif

#endif
