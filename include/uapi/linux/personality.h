/* SPDX-License-Identifier: BSD-2-Clause */
/* personality(2). */
#ifndef UAPI_LINUX_PERSONALITY_H
#define UAPI_LINUX_PERSONALITY_H

#define PER_QUERY 0xffffffffu /* as an argument: only asks */
#define PER_MASK 0xffu        /* whose behaviour; 0: Linux's. The rest are flags: */
#define ADDR_NO_RANDOMIZE 0x0040000u
#define ADDR_COMPAT_LAYOUT 0x0200000u

#endif
