/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler's checks find ends here: of accesses (KASAN, mm/kasan.c) and of undefined behaviour (UBSan, core/ubsan.c).
 * Only in kernels that are built with one of them (configs/sanitize.config). And whole ranges begin here, for KASAN and for the race
 * detector.
 */
#ifndef CORE_SANITIZER_H
#define CORE_SANITIZER_H

#include <lib/option.h>
#include <lib/types.h>

#define KASAN IS_ON(CONFIG_KASAN)
#define UBSAN IS_ON(CONFIG_UBSAN)

/* Panics, unless a self-test waits for it; nothing once there is a panic. Any context. */
void sanitizer_report(const char *format, ...) __printf(1, 2) __cold;
/* Self-tests: a report that contains `text` does not panic from now on, and is counted; NULL: none. Value: the count so far. */
unsigned sanitizer_expect(const char *text);

/*
 * What lib/string.c is about to read or write, by the file of the detector that is built: mm/kasan_string.c, or core/race.c. `from`:
 * in who called it. Any context.
 */
void sanitizer_reads(const void *p, size_t n, u64 from);
void sanitizer_writes(void *p, size_t n, u64 from);

#endif
