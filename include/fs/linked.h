/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that is part of the kernel's image, with CONFIG_APP_LINKED: fs/linked.c. */
#ifndef FS_LINKED_H
#define FS_LINKED_H

#include <lib/option.h>

#define APP_LINKED IS_ON(CONFIG_APP_LINKED)

/* Its only name: "/" and the last part of CONFIG_APP_LINKED_FILE. */
extern const char linked_path[];

#endif
