/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel tells the vDSO: one page, which applications see as [vvar] and cannot write. docs/vdso.md. */
#ifndef ABI_LINUX_VDSO_DATA_H
#define ABI_LINUX_VDSO_DATA_H

#include <lib/types.h>

/*
 * CLOCK_MONOTONIC = (tsc - tsc_base) * ns_mult / 2^32, CLOCK_REALTIME that plus realtime_offset. All but the offset is immutable;
 * the offset is one word, written whole: so readers need no sequence count.
 */
struct vdso_data {
	u64 tsc_base;        /* I */
	u64 ns_mult;         /* I: 0: the TSC is no clock here, and every question a system call */
	u64 realtime_offset; /* a: ns; core/time.c uses this very word */
	u32 cpu_by_rdtscp;   /* I: RDTSCP tells the CPU's number */
};

#endif
