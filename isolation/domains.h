/* SPDX-License-Identifier: BSD-2-Clause */
/* Between aspace_shared.c and domains.c, which is there with CONFIG_SASOS_DOMAINS only. */
#ifndef ISOLATION_DOMAINS_H
#define ISOLATION_DOMAINS_H

#include <lib/types.h>

struct vmspace;

/* Gives vs, which nobody knows yet, a protection key. False: all are taken. */
bool domain_take(struct vmspace *vs);
/* After the last translation with the key is gone. */
void domain_give_back(struct vmspace *vs);

#endif
