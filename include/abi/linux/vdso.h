/* SPDX-License-Identifier: BSD-2-Clause */
/* The vDSO: clocks for applications without a system call. docs/vdso.md. */
#ifndef ABI_LINUX_VDSO_H
#define ABI_LINUX_VDSO_H

#include <lib/types.h>

struct vmspace;

/* Boot: lays out what all processes map. */
void vdso_init(void);
/* Maps it into a program's fresh vmspace: *ehdr is its address for AT_SYSINFO_EHDR. -ENOMEM. */
int vdso_map(struct vmspace *vs, uaddr_t *ehdr);

#endif
