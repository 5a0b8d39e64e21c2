/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a call that a signal interrupted asks to be restarted. These values never reach the application: the way back to it
 * turns them into EINTR, or rewinds to the system call instruction (signal(7), "Interruption of system calls").
 */
#ifndef ABI_LINUX_RESTART_H
#define ABI_LINUX_RESTART_H

#define ERESTARTSYS 512           /* restart unless the handler lacks SA_RESTART */
#define ERESTARTNOINTR 513        /* restart in any case */
#define ERESTARTNOHAND 514        /* restart only if no handler runs */
#define ERESTART_RESTARTBLOCK 516 /* as NOHAND, through restart_syscall(2), with the time that is left */

#endif
