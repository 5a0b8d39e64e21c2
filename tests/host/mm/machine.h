/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - the machine under mm/ in host tests: 64 MiB of RAM with a ragged memory map, page tables that are
 * software only, one processor. machine_init() boots the allocators.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <mm/page.h>
#include <mm/vmspace.h>

#define MACHINE_RAM (64ul << 20)
#define MACHINE_INITRD (40ul << 20)
#define MACHINE_INITRD_SIZE 1000000ul

void machine_init(void);
/* A vmspace over [start, end). */
struct vmspace *machine_vmspace(uaddr_t start, uaddr_t end);
/* From now on this many leaf tables can be made; -1: any number. */
extern int machine_tables_left;
/* How often was a flush asked for? */
extern unsigned machine_flushes;
/* Pages that belong to applications. */
u64 machine_user_pages(void);

#endif
