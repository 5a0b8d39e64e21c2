/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys of the kernel's pages, where the application runs in ring 0 (PKS): its data carry a key that is closed while
 * the application runs. The gate's first act is to open it (IA32_PKRS), its last to close it; what the CPU and the gate touch
 * in between is on pages that stay open (arch/x86_64/pmap/pks.c). Instruction fetches and page walks ask no key. The
 * application may execute WRMSR too: this stops accidents, not attackers. Without CONFIG_PKS all of this is nothing. Source:
 * SDM vol. 3, 4.6.2 and table 4-20; docs/protection-keys.md.
 */
#ifndef ARCH_PKS_H
#define ARCH_PKS_H

#include <arch/pmap.h>
#include <lib/option.h>

#define PKS IS_ON(CONFIG_PKS)

/* PKRS_APP of arch/offsets.h: two bits a key. */
#define KEY_OPEN 0     /* the application's own pages, the kernel's text and constants, what an entry needs */
#define KEY_KERNEL 1   /* closed while the application runs */
#define KEY_SHOWN 2    /* read and not written then */
#define KERNEL_KEY (PKS ? PTE_KEY(KEY_KERNEL) : 0)

/* The following exist with PKS only. */
/* Once, when every CPU has its variables and before the first application runs: what must stay open gets a key that does. */
void pks_init(void);
/* Gives the page of the kernel's at va a key; on this CPU from now on. */
void pks_set_key(const void *va, unsigned key);
/* crash=key: closes the page that the gate begins with, by mistake, and makes a system call as an application would. */
void pks_crash(void);

#endif
