/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Futexes (Franke, Russell, Kirkwood, OLS 2002; futex(2)). A key is (vmspace, address) for private mappings, (object, offset)
 * for shared ones. Waiters hash into buckets, each with a spinlock.
 */
#ifndef SCHED_FUTEX_H
#define SCHED_FUTEX_H

#include <lib/types.h>

struct vmspace;

void futex_init(void);
/* Sleeps while *addr == expected. deadline: ns CLOCK_MONOTONIC. 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT, -EINVAL. */
int futex_wait(uaddr_t addr, u32 expected, u32 bitset, u64 deadline, bool private_key);
/* Wakes up to max waiters whose bitset meets `bitset`; how many, or -errno. */
long futex_wake(uaddr_t addr, unsigned max, u32 bitset, bool private_key);
/* REQUEUE, CMP_REQUEUE: wakes `wake`, moves up to `move` to addr2. `expected` NULL: no comparison. */
long futex_requeue(uaddr_t addr, unsigned wake, unsigned move, uaddr_t addr2, const u32 *expected, bool private_key);
/* FUTEX_WAKE_OP. */
long futex_wake_op(uaddr_t addr, unsigned wake, uaddr_t addr2, unsigned wake2, u32 op, bool private_key);
/* set_robust_list(2): thread `tid` leaves its memory. Gives back the locks in its list, marked. The current thread's. */
void futex_release_robust(uaddr_t list, u32 tid);

#endif
