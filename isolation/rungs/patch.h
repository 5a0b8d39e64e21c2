/* SPDX-License-Identifier: BSD-2-Clause */
/* Between rungs.c and patch.c. Kinds are those of arch/patch.inc. */
#ifndef ISOLATION_RUNGS_PATCH_H
#define ISOLATION_RUNGS_PATCH_H

#include <lib/types.h>

enum patch_kind { PATCH_STAC, PATCH_CLAC, PATCH_LFENCE, PATCH_WRMSR, PATCH_RDMSR, PATCH_KEEP_RAX, PATCH_KEEP_RSP, PATCH_KINDS };

/* Every place of the kind becomes its instruction; before pmap_bootstrap(), which closes the text. */
void patch_apply(enum patch_kind kind);
/* How many places of the kind hold `patched`: its instruction, or else the NOP. */
unsigned patch_count(enum patch_kind kind, bool patched);

#endif
