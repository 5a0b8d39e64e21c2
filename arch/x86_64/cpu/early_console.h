/* SPDX-License-Identifier: BSD-2-Clause */
/* Between early_console.c and power.c. */
#ifndef CPU_EARLY_CONSOLE_H
#define CPU_EARLY_CONSOLE_H

/* Waits, not for ever, until COM1 has sent what it holds. */
void early_console_drain(void);

#endif
