/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of the system-call table. The table itself is made from abi/linux/syscall.tbl by
 * tools/build/syscalls; the dispatcher, strace, /proc/orchard and the fuzzer read it. One boundary
 * for every kernel: also where a call crosses no ring it goes through here.
 */
#ifndef ABI_LINUX_SYSCALL_H
#define ABI_LINUX_SYSCALL_H

#include <lib/types.h>

#define SYSCALL_MAX_ARGS 6

/* The six argument registers of a call, in the ABI's order: rdi rsi rdx r10 r8 r9. */
struct sysargs {
	u64 arg[SYSCALL_MAX_ARGS];
};

/* What an argument is, for whoever decodes it. The C type follows from it: see syscalls. */
enum sysarg {
	SYSARG_NONE,
	SYSARG_INT,
	SYSARG_UINT,
	SYSARG_LONG,
	SYSARG_ULONG,
	SYSARG_SIZE,
	SYSARG_OFF,
	SYSARG_UADDR,	/* any pointer of the program's */
	SYSARG_STR,	/* a NUL-terminated string that the call reads */
	SYSARG_FD,
	SYSARG_MODE,	/* file permission bits: octal */
	SYSARG_PID,
	SYSARG_SIG,
	SYSARG_FLAGS,	/* a bit set: hexadecimal */
};

enum sysret {
	SYSRET_LONG,
	SYSRET_PTR,	/* an address when it is no error: hexadecimal */
	SYSRET_NORETURN,
};

/* call is NULL where no such call exists. */
struct syscall_desc {
	const char *name;
	long (*call)(const struct sysargs *args);
	u8 nargs : 4, flags : 4;
	u8 ret;				/* enum sysret */
	u8 argtypes[SYSCALL_MAX_ARGS];	/* enum sysarg */
};

#define SYSCALL_LEAF 0x01 /* !leaf: answers at once, never sleeps */

extern const struct syscall_desc syscall_table[];

#endif
