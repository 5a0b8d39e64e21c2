/* SPDX-License-Identifier: BSD-2-Clause */
/* Protection keys for supervisor pages, as far as the rewritten gate needs them: one key, closed for good. */
#ifndef ISOLATION_RUNGS_PKS_H
#define ISOLATION_RUNGS_PKS_H

#include <lib/types.h>

#define PKS_KEYS 16

bool pks_supported(void);
/* On this CPU: pages of this key are neither read nor written; instructions are fetched all the same. */
void pks_close(unsigned key);

#endif
