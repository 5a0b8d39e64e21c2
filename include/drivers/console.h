/* SPDX-License-Identifier: BSD-2-Clause */
/* The system console: COM1 with its terminal, or the stream terminal. Boot calls console_init() once interrupts work. */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

void console_init(void);

#endif
