/* SPDX-License-Identifier: BSD-2-Clause */
/* struct sysinfo as Linux x86-64 lays it out: sysinfo(2). */
#ifndef UAPI_LINUX_SYSINFO_H
#define UAPI_LINUX_SYSINFO_H

#include <lib/types.h>

struct sysinfo64 {
	i64 uptime;   /* seconds */
	u64 loads[3]; /* fixed point, 1/65536 */
	u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad0;
	u32 pad1;
	u64 totalhigh, freehigh;
	u32 mem_unit, pad2;
};

static_assert(sizeof(struct sysinfo64) == 112, "struct sysinfo of x86-64");

#endif
