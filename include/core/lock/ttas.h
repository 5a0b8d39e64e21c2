/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spinlock's word, as test-and-test-and-set with back-off: who waits reads its own copy of the line until the lock looks
 * free, tries once, and after a try in vain stays away for a time that doubles up to a bound. Not fair. Anderson, "The
 * Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors" (IEEE TPDS 1(1), 1990): a bound near the number of
 * CPUs serves best. Only core/spinlock.h includes it.
 */
#ifndef CORE_LOCK_TTAS_H
#define CORE_LOCK_TTAS_H

/* Word, try, take and leave are test-and-set's: they differ in what spin_wait() does. */
#include <core/lock/tas.h>

#endif
