/* SPDX-License-Identifier: BSD-2-Clause */
/* The rewritten gate as exec, init and /proc/orchard know it. rewrite.c, with CONFIG_REWRITE only. */
#ifndef ABI_LINUX_REWRITE_H
#define ABI_LINUX_REWRITE_H

#include <lib/types.h>

struct elf_image;
struct file;
struct seq;
struct vmspace;

/* Before the first program. `observed`: somebody watches system calls, so none leaves the common path. */
void rewrite_open(bool observed);
/* Takes the sidecar from the initramfs, and removes it; a bad one is one line, and nothing is rewritten. Gives up without
 * memory. */
void rewrite_read_sidecar(const char *path);
/* When no program runs any more, and somebody counts what is left. */
void rewrite_forget(void);
/* exec mapped this file at `bias`: what the sidecar knows of it becomes calls. 0, -ENOMEM. */
int rewrite_image(struct vmspace *vs, struct file *file, const struct elf_image *elf, uaddr_t bias);
/* Lines of /proc/orchard. */
void rewrite_show(struct seq *s);

#endif
