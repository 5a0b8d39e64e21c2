/* SPDX-License-Identifier: BSD-2-Clause */
/* What core/main.c starts of the Linux personality. */
#ifndef ABI_LINUX_INIT_H
#define ABI_LINUX_INIT_H

/* Installs the hooks that drivers/tty and fs/procfs ask about processes through. */
void linux_init(void);
/* The kernel thread that is process 1: runs the program, ends the machine. */
void init_main(void *arg);
/* Fills the table of system calls (isolation/gate.h), before the first program. */
void syscall_init(void);

#endif
