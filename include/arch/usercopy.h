/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies that may fault: every access to the application's memory stands in the exception table, whose fix-up makes the
 * call answer -EFAULT. Ranges are checked by the caller, isolation/gate.c, alone.
 */
#ifndef ARCH_USERCOPY_H
#define ARCH_USERCOPY_H

#include <lib/types.h>

struct trapframe;

int usercopy(void *dst, const void *src, size_t size);
int userzero(void *dst, size_t size);
long userstr(char *dst, const char *src, size_t max); /* length, -EFAULT, -ENAMETOOLONG */
int userload32(const u32 *src, u32 *value);
/* Answers -EFAULT at once: trap_handler() does not ask vm_fault() for it. */
int userload32_nofault(const u32 *src, u32 *value);
int usercmpxchg32(u32 *dst, u32 *expected, u32 desired);

/* Is tf at an instruction of the table? Then goes on at its fix-up. */
bool extable_fix(struct trapframe *tf);
/* Is rip the nofault load? */
bool usercopy_is_nofault(u64 rip);

#endif
