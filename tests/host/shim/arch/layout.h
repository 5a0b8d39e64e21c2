/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.h for host tests: the direct map is a place that a process may map and ASan leaves alone. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define USER_MIN 0x0000000000010000
#define USER_MAX 0x00007ffffffff000
#define DIRECT_MAP 0x0000200000000000
#define DIRECT_MAP_SIZE 0x0000000100000000
#define KERNEL_BASE 0xffffffff80000000

#endif
