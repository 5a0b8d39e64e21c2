/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel's image came to be (rung `kaslr`, arch/x86_64/boot/kaslr.c). */
#ifndef ARCH_KASLR_H
#define ARCH_KASLR_H

#include <lib/option.h>
#include <lib/types.h>

#define KASLR IS_ON(CONFIG_KASLR)

/* With KASLR: by so many bytes above where it was linked, less than 1 GiB; 0: it was not moved. */
extern u64 image_moved; /* I */

#endif
