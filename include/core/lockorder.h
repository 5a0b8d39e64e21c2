/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock-order tree. A lock may be taken while holding those above it on its path; siblings never nest. Lockdep checks
 * what really happens against what was seen before, among spinlocks and among mutexes; this comment says what is meant. (S)
 * sleeping, (s) spinning, (i) spinning with interrupts off. No sleeping lock is taken under a spinning one. Names are those
 * that the locks carry.
 *
 *   big lock (s)                with CONFIG_BIG_LOCK: before all others, given up by who sleeps (core/biglock.h)
 *   file (S)                    one open file's position
 *     fs_lock (S)               names that change; read without it by readers (core/readers.h)
 *       fsctx (S)               one process's root and working directory
 *     vnode (S)                 one file's data and size
 *       proc (S)                proc_lock: the process tree, groups, states; below vnode, since /proc reads it
 *         siglock (i)           signals and threads of one process; a parent's only after its child's was released
 *           users (i)           leaf: counts of a user
 *         tty (i)               whose terminal it is; else as below
 *   clock watches (S)           who wants to know that CLOCK_REALTIME is set
 *     timerfd setting (S), posix timers (S)   setting them; the spinlock timerfd (i) and siglock below
 *   epoll nesting (S)           which epoll may be in which
 *     epoll (S)                 one epoll's entries, a parent's before its child's; no poll op takes a sleeping lock but this
 *       vmspace                 as below: events are copied out
 *   pipe (S)                    one pipe; stdin, stdout, stderr (S): one channel of the stream port
 *     vmspace (S)               one process's regions and page tables: copies may fault, under all of the above
 *       vm_object (s)           pages of one memory object
 *         slot (s)              who owns which slot of a shared space
 *       sweep (S)               write access taken away from a file's pages, for all who map it; vmspace below
 *   lock_lock (S)               record locks
 *   cred (S), alarm (S)         one change of credentials, one setting of ITIMER_REAL at a time
 *   fdtable (s)                 descriptors
 *   futex (s)                   one bucket; two by address, the second by trying
 *   tty (i)                     one terminal
 *     stream handover, stream input, stream output, virtio console, uart (i)   the lines below it
 *   eventfd (i)                 one counter
 *   signal requests (i), reaper (i)
 *     signalfd (i)              all signalfds, under any siglock
 *     waitq (i)                 anyone may wake under its own lock
 *       epoll watches (i)       entries of files; a wake that goes up from epoll to epoll
 *         epoll ready (i)       one epoll's ready list
 *         epoll sleepers (i)    the two wait queues of an epoll
 *       deadline (i), realtime (i)   what is promised to deadline threads; the first of the real-time classes
 *       runqueue (i)            one at a time
 *         timer (i)
 *   id (i)                      process and thread ids
 *     slab (i)                  anyone may allocate under its own lock
 *       quarantine (i)          leaf, with KASAN: freed objects that wait
 *       kstack (i)
 *         buddy (i)
 *   load (i), irq (i), ioapic (i)
 *   console (i)                 printk works under anything
 *     screen (i)                leaf
 */
#ifndef CORE_LOCKORDER_H
#define CORE_LOCKORDER_H
#endif
