/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock-order tree. A lock may be taken while holding those above it on its path; siblings never nest. Lockdep checks
 * what really happens against what was seen before; this comment says what is meant. (S) sleeping, (s) spinning,
 * (i) spinning with interrupts off. No sleeping lock is taken under a spinning one.
 *
 *   proc_lock (S)               the process tree, pid table, wait
 *     fs_lock (S)               names: directories of tmpfs, rename
 *       vnode (S)               one file's data and size
 *         vmspace (S)           one process's regions and page tables
 *           object (s)          pages of one memory object
 *     fdtable (s)
 *     siglock (i)               signal state of one process, its children included
 *   futex bucket (s)
 *   pipe, tty (s/i)
 *     waitq (i)                 anyone may wake under its own lock
 *       runqueue (i)            two only in CPU order
 *   slab (i)
 *     buddy (i)
 *   timer (i)
 *   console (i)                 leaf: printk works under anything
 */
