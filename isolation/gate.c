/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both gates share: leaving for the application, and copies across. The copy loops are in arch (usercopy.S); here
 * stand the range checks, the same in every configuration, so that a bad pointer is EFAULT in ring 0 too.
 */
#include <isolation/gate.h>

#include <arch/cpu.h>
#include <arch/layout.h>
#include <arch/usercopy.h>
#include <core/percpu.h>
#include <lib/errno.h>

DECLARE_PERCPU(u64, gate_kstack_top);

void gate_return(struct trapframe *tf) __noreturn;

void gate_enter(void)
{
	irq_disable();

	struct trapframe *tf = (struct trapframe *)this_cpu(gate_kstack_top) - 1;

	app_return(tf);
	gate_return(tf);
}

static bool range_ok(uaddr_t start, size_t size)
{
	return size <= USER_MAX && start <= USER_MAX - size;
}

int copyin(void *dst, uaddr_t src, size_t size)
{
	return range_ok(src, size) ? usercopy(dst, (const void *)src, size) : -EFAULT;
}

int copyout(uaddr_t dst, const void *src, size_t size)
{
	return range_ok(dst, size) ? usercopy((void *)dst, src, size) : -EFAULT;
}

int user_zero(uaddr_t dst, size_t size)
{
	return range_ok(dst, size) ? userzero((void *)dst, size) : -EFAULT;
}

long copyinstr(char *dst, uaddr_t src, size_t max)
{
	if (src >= USER_MAX)
		return -EFAULT;

	size_t room = MIN(max, USER_MAX - src);
	long n = userstr(dst, (const char *)src, room);

	if (n == -ENAMETOOLONG && room < max)
		return -EFAULT; /* ran into the end of the application's half */
	return n;
}

int user_load32(uaddr_t src, u32 *value)
{
	if (src & 3)
		return -EINVAL;
	return range_ok(src, 4) ? userload32((const u32 *)src, value) : -EFAULT;
}

int user_load32_nofault(uaddr_t src, u32 *value)
{
	if (src & 3)
		return -EINVAL;
	return range_ok(src, 4) ? userload32_nofault((const u32 *)src, value) : -EFAULT;
}

int user_cmpxchg32(uaddr_t dst, u32 *expected, u32 desired)
{
	if (dst & 3)
		return -EINVAL;
	return range_ok(dst, 4) ? usercmpxchg32((u32 *)dst, expected, desired) : -EFAULT;
}
