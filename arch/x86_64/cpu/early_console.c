/* SPDX-License-Identifier: BSD-2-Clause */
/* A byte on COM1 by nothing but port I/O: for messages before drivers, and for those of a dying kernel. */
#include <arch/cpu.h>
#include <arch/machine.h>

enum { COM1_DATA = 0x3f8, COM1_LINE_STATUS = 0x3fd };

#define LINE_THR_EMPTY BIT(5)
#define POLLS_MAX 1000000 /* seconds; a line that never drains must not hang a panic */

void arch_early_putc(char c)
{
	for (unsigned i = 0; i < POLLS_MAX && !(inb(COM1_LINE_STATUS) & LINE_THR_EMPTY); i++)
		cpu_pause();
	outb(COM1_DATA, (u8)c);
}
