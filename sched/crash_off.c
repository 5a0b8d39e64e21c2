/* SPDX-License-Identifier: BSD-2-Clause */
/* crash_off.c - a kernel without self-tests has no planted panics either. */
#include <sched/crash.h>

#include <core/param.h>
#include <core/printk.h>

void crash_main(void)
{
	if (param.crash[0])
		pr_warn("crash=%s: this kernel was built without self-tests (CONFIG_KTEST)", param.crash);
}
