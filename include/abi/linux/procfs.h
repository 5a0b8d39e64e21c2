/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says, as Linux words it: proc(5). */
#ifndef ABI_LINUX_PROCFS_H
#define ABI_LINUX_PROCFS_H

/* After vfs_init(); once there are processes, they are listed. */
void linux_procfs_init(void);

#endif
