/* SPDX-License-Identifier: BSD-2-Clause */
/* clone(2)'s arguments, as clone, clone3, fork and vfork all come down to them. */
#ifndef ISOLATION_CLONE_H
#define ISOLATION_CLONE_H

#include <lib/types.h>

struct clone_args {
	u64 flags;            /* CLONE_* without the signal in the low byte */
	int exit_signal;
	uaddr_t stack;        /* new stack pointer, 0: the parent's */
	uaddr_t parent_tid, child_tid;
	uaddr_t tls;
};

#define CLONE_VM 0x100ul
#define CLONE_FS 0x200ul
#define CLONE_FILES 0x400ul
#define CLONE_SIGHAND 0x800ul
#define CLONE_PIDFD 0x1000ul
#define CLONE_PTRACE 0x2000ul
#define CLONE_VFORK 0x4000ul
#define CLONE_PARENT 0x8000ul
#define CLONE_THREAD 0x10000ul
#define CLONE_NEWNS 0x20000ul
#define CLONE_SYSVSEM 0x40000ul
#define CLONE_SETTLS 0x80000ul
#define CLONE_PARENT_SETTID 0x100000ul
#define CLONE_CHILD_CLEARTID 0x200000ul
#define CLONE_DETACHED 0x400000ul
#define CLONE_UNTRACED 0x800000ul
#define CLONE_CHILD_SETTID 0x1000000ul
#define CLONE_NEW_ANY 0x7e020000ul /* the namespaces */
#define CLONE_CLEAR_SIGHAND 0x100000000ul

#endif
