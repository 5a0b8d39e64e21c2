/* SPDX-License-Identifier: BSD-2-Clause */
/* From crash.c to its others. */
#ifndef SCHED_CRASH_INTERNAL_H
#define SCHED_CRASH_INTERNAL_H

/* What only a kernel with KASAN or UBSan minds: breaks in that way, if it is one of these. */
void crash_sanitized(const char *name);
/* What takes two threads: the same. */
void crash_races(const char *name);

#endif
