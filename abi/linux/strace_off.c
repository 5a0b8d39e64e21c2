/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel that cannot trace: `strace` on the command line is a warning, once, and the call is done as ever. */
#include "strace.h"

#include <core/param.h>
#include <core/printk.h>
#include <lib/errno.h>

long strace_call(u32 nr, const struct syscall_desc *desc, const struct sysargs *args)
{
	(void)nr;
	pr_warn("strace: this kernel was built without CONFIG_STRACE");
	param.strace = false;
	return desc ? desc->call(args) : -ENOSYS;
}
