/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracing system calls on the console. strace.c, or strace_off.c without CONFIG_STRACE. */
#ifndef ABI_STRACE_H
#define ABI_STRACE_H

#include <abi/linux/syscall.h>

/* Does the call, and says so in one line. desc NULL: there is no such call, and -ENOSYS is the answer. */
long strace_call(u32 nr, const struct syscall_desc *desc, const struct sysargs *args);

#endif
