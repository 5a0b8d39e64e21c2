/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's firmware configuration device: named files from the host. May sleep. */
#ifndef DRIVERS_FW_CFG_H
#define DRIVERS_FW_CFG_H

#include <lib/types.h>

/* A whole file; the caller kfree()s it. NULL: this is no QEMU, there is no such file, or no memory. */
void *fw_cfg_read(const char *name, size_t *size);

#endif
