/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classes of locks: a class is a name, and all locks with one name are one class. Kernels that watch their locks (lockdep) or
 * count what happens to them (lockstat) keep the name in each lock, and a number for each name; others keep nothing.
 */
#ifndef CORE_LOCKCLASS_H
#define CORE_LOCKCLASS_H

#include <lib/option.h>
#include <lib/types.h>

#define LOCK_STATS IS_ON(CONFIG_LOCK_STATS)
#define LOCK_CLASSES 128

#ifdef CONFIG_LOCK_NAMES
struct lock_class {
	const char *name;
	u64 taken_at[LOCK_STATS]; /* by the holder: TSC */
};
#define LOCK_CLASS_INIT(lockname) { .name = (lockname) }
#else
struct lock_class {
};
#define LOCK_CLASS_INIT(lockname) { }
#endif

/* The number of a name, from 0 on; panics at NULL, which is a lock that was never initialised, and when there are too many. */
unsigned lock_class_id(const char *name);
/* The other way; and how many there are so far. */
const char *lock_class_name(unsigned id);
unsigned lock_class_count(void);

#endif
