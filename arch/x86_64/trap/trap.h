/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the entry code, trap.c and extable.c. */
#ifndef ARCH_X86_64_TRAP_H
#define ARCH_X86_64_TRAP_H

#include <arch/trapframe.h>

/* Called by the gates' assembly; return with interrupts off. */
void trap_handler(struct trapframe *tf);
/* NMI, double fault, machine check: on their own stacks; nothing may block. */
void trap_handler_paranoid(struct trapframe *tf);

bool extable_covers(u64 rip);

#endif
