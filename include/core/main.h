/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot's two entries: kmain() (arch/boot.h) on the first CPU, cpu_main() on each other one. */
#ifndef CORE_MAIN_H
#define CORE_MAIN_H

#include <lib/types.h>

/* On its own stack, with its own per-CPU variables, interrupts off. */
void cpu_main(unsigned cpu) __noreturn;

#endif
