/* SPDX-License-Identifier: BSD-2-Clause */
/* ktest_off.c - a kernel without self-tests (CONFIG_KTEST=n) that was asked to run them. */
#include <core/ktest.h>

#include <arch/machine.h>
#include <core/param.h>
#include <core/printk.h>

void ktest_main(void)
{
	if (!param.ktest)
		return;
	console_print("Bail out! this kernel was built without self-tests (CONFIG_KTEST)\n");
	arch_end(END_TESTS_FAILED);
}
