/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock-order tree. A lock may be taken while holding those above it on its path; siblings never nest. Lockdep checks
 * what really happens against what was seen before; this comment says what is meant. (S) sleeping, (s) spinning,
 * (i) spinning with interrupts off. No sleeping lock is taken under a spinning one.
 *
 *   file (S)                    the position of one open file
 *     fs_lock (S)               names: directories of tmpfs, rename
 *     vnode (S)                 one file's data and size
 *       proc_lock (S)           the process tree, pid table, wait: below vnode, since /proc reads it
 *         siglock (i)           signal state of one process, its children included
 *       vmspace (S)             one process's regions and page tables: copies may fault
 *         object (s)            pages of one memory object
 *   fdtable (s)
 *   futex bucket (s)
 *   pipe (S)
 *     vmspace (S)
 *   tty (i)
 *     waitq (i)                 anyone may wake under its own lock
 *       runqueue (i)            two only in CPU order
 *   slab (i)
 *     buddy (i)
 *   timer (i)
 *   console (i)                 leaf: printk works under anything
 */
