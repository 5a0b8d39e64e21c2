/* SPDX-License-Identifier: BSD-2-Clause */
/* What a panic says about threads of applications. */
#ifndef ABI_LINUX_DESCRIBE_H
#define ABI_LINUX_DESCRIBE_H

/* Sets panic_describe_thread. */
void describe_init(void);

#endif
