/* SPDX-License-Identifier: BSD-2-Clause */
/* What sys_mm.c does for sys_pkey.c too. */
#ifndef ABI_LINUX_SYS_MM_H
#define ABI_LINUX_SYS_MM_H

#include <lib/types.h>

/* mprotect(2); with PROT_KEYED and a key that of pkey_mprotect(2). */
long protect_range(uaddr_t addr, size_t size, unsigned prot);

#endif
