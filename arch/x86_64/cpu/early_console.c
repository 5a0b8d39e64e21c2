/* SPDX-License-Identifier: BSD-2-Clause */
/* A byte on COM1 by nothing but port I/O: for messages before drivers, and for those of a dying kernel. */
#include "early_console.h"

#include <arch/cpu.h>
#include <arch/machine.h>

enum { COM1_DATA = 0x3f8, COM1_LINE_STATUS = 0x3fd };

#define LINE_THR_EMPTY BIT(5)
#define LINE_ALL_SENT BIT(6)
#define POLLS_MAX 1000000 /* seconds; a line that never drains must not hang a panic */

static void wait_for(u8 status)
{
	for (unsigned i = 0; i < POLLS_MAX && !(inb(COM1_LINE_STATUS) & status); i++)
		cpu_pause();
}

void arch_early_putc(char c)
{
	wait_for(LINE_THR_EMPTY);
	outb(COM1_DATA, (u8)c);
}

void early_console_drain(void)
{
	wait_for(LINE_ALL_SENT);
}
