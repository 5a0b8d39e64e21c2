/* SPDX-License-Identifier: BSD-2-Clause */
/* Who ends when there is no memory. */
#ifndef ABI_LINUX_OOM_H
#define ABI_LINUX_OOM_H

#include <lib/types.h>

/*
 * A fault of the current process found no memory. True: there may be some now. False: this process has to end, and does when
 * it leaves the kernel. May sleep, a second at most: locks of files may be held by who comes from copyin() or copyout().
 */
bool out_of_memory(void);

#endif
