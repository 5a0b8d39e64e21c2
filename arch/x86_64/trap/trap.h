/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the entry code, trap.c and extable.c. */
#ifndef ARCH_X86_64_TRAP_H
#define ARCH_X86_64_TRAP_H

#include <arch/trapframe.h>

/* Called by the gates' assembly; return with interrupts off. */
void trap_handler(struct trapframe *tf);
/* NMI, double fault, machine check: on their own stacks; nothing may block. */
void trap_handler_paranoid(struct trapframe *tf);

/* SDM vol. 3, table 6-1. */
#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_STACK_FAULT 12
#define VECTOR_GENERAL_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18

bool extable_covers(u64 rip);

#endif
