/* SPDX-License-Identifier: BSD-2-Clause */
/* Which keys the application's pages have. How an entry and a region's rights carry one: arch/pmap.h; the register: arch/pkru.h. */
#ifndef ARCH_PKEY_H
#define ARCH_PKEY_H

#include <lib/option.h>

/* Have they any? */
#define PKU IS_ON(CONFIG_PKU)
/* And does each process of a shared space have one to itself (isolation/domains.c)? */
#define DOMAINS IS_ON(CONFIG_SASOS_DOMAINS)

#endif
