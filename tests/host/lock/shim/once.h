/* SPDX-License-Identifier: BSD-2-Clause */
/* Forced into every file: TSan takes a volatile access for an ordinary one, and what one access reads while others write is atomic. */
#include <lib/types.h>

#undef READ_ONCE
#undef WRITE_ONCE
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), (value), __ATOMIC_RELAXED)
