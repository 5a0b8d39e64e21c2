/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/orchard: what this kernel is, and what it refuses. */
#ifndef ABI_LINUX_PROC_ORCHARD_H
#define ABI_LINUX_PROC_ORCHARD_H

/* Registers the file; after vfs_init(). */
void proc_orchard_init(void);

#endif
