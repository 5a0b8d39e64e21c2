/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual address space, the same in all six kernels. Plain numbers: assembly and linker script include this too.
 *
 *   0000000000000000 .. 00007fffffffffff   applications (ring 3, or ring 0 with supervisor pages)
 *   ffff800000000000 .. ffffbfffffffffff   direct map of physical memory, never executable
 *   ffffc00000000000 .. ffffc0ffffffffff   kernel stacks, each below an unmapped guard page
 *   ffffffff80000000 .. ffffffffffffffff   the kernel image, linked here, loaded at 1 MiB (KASLR shows it higher)
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define USER_MIN 0x0000000000010000 /* below: never mapped, so that null pointers fault (mmap_min_addr) */
#define USER_MAX 0x00007ffffffff000 /* one past the last byte; the top page stays empty (SYSRET erratum) */
#define DIRECT_MAP 0xffff800000000000
#define DIRECT_MAP_SIZE 0x0000400000000000
#define KSTACK_AREA 0xffffc00000000000
#define KSTACK_AREA_SIZE 0x0000010000000000
#define KERNEL_BASE 0xffffffff80000000
#define KERNEL_LOAD 0x0000000000100000

#endif
