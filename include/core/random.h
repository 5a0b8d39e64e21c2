/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes: ChaCha20 keyed from RDRAND and the TSC at boot; per-CPU streams. Under `-seed N` QEMU pins RDRAND. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <lib/types.h>

void random_init(void);
void random_bytes(void *buffer, size_t size);
u64 random_u64(void);

#endif
