/* SPDX-License-Identifier: BSD-2-Clause */
/* Planted panics: how the panic report is tested. */
#ifndef SCHED_CRASH_H
#define SCHED_CRASH_H

/* With crash=NAME[,CPU] on the command line breaks the kernel in that way, on that CPU (0); else nothing. */
void crash_main(void);

#endif
