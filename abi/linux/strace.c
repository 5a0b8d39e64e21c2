/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One console line for each system call, after it returned, decoded by the table's argument types:
 *
 *     strace: [2] openat(AT_FDCWD, "/etc/passwd", 0x0, 0) = 3
 *
 * The arguments are read before the call, since execve and exit leave nothing to read them from. Called by
 * observe() while `strace` is on the command line.
 */
#include "strace.h"

#include <abi/linux/restart.h>
#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <lib/errname.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <uapi/linux/fcntl.h>

#define STRING_MAX 32

struct line {
	size_t length;
	char text[400]; /* the longest: two strings of escapes and their neighbours */
};

static void add(struct line *l, const char *format, ...) __printf(2, 3);
static void add(struct line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(l->text + l->length, sizeof(l->text) - l->length, format, args);

	va_end(args);
	l->length = MIN(l->length + (size_t)n, sizeof(l->text) - 1);
}

static void add_char(struct line *l, u8 c)
{
	switch (c) {
	case '\n':
		add(l, "\\n");
		break;
	case '\t':
		add(l, "\\t");
		break;
	case '\r':
		add(l, "\\r");
		break;
	case '"':
	case '\\':
		add(l, "\\%c", c);
		break;
	default:
		add(l, c >= ' ' && c < 0x7f ? "%c" : "\\%03o", c);
	}
}

static void add_pointer(struct line *l, u64 address)
{
	add(l, address ? "0x%lx" : "NULL", address);
}

static void add_string(struct line *l, uaddr_t address)
{
	char text[STRING_MAX + 1];
	long n = address ? copyinstr(text, address, sizeof(text)) : -EFAULT;
	bool cut = n == -ENAMETOOLONG;

	if (n < 0 && !cut) {
		add_pointer(l, address);
		return;
	}
	if (cut)
		n = STRING_MAX;
	add(l, "\"");
	for (long i = 0; i < n; i++)
		add_char(l, (u8)text[i]);
	add(l, cut ? "\"…" : "\"");
}

static void add_argument(struct line *l, enum sysarg type, u64 value)
{
	switch (type) {
	case SYSARG_NONE:
		break;
	case SYSARG_INT:
	case SYSARG_PID:
	case SYSARG_SIG:
		add(l, "%d", (int)value);
		break;
	case SYSARG_UINT:
		add(l, "%u", (unsigned)value);
		break;
	case SYSARG_LONG:
	case SYSARG_OFF:
		add(l, "%ld", (long)value);
		break;
	case SYSARG_ULONG:
		add(l, "0x%lx", value);
		break;
	case SYSARG_SIZE:
		add(l, "%lu", value);
		break;
	case SYSARG_UADDR:
		add_pointer(l, value);
		break;
	case SYSARG_STR:
		add_string(l, value);
		break;
	case SYSARG_FD:
		add(l, (int)value == AT_FDCWD ? "AT_FDCWD" : "%d", (int)value);
		break;
	case SYSARG_MODE:
		add(l, "%#o", (unsigned)value);
		break;
	case SYSARG_FLAGS:
		add(l, "0x%x", (unsigned)value);
		break;
	}
}

static void add_call(struct line *l, u32 nr, const struct syscall_desc *desc, const struct sysargs *args)
{
	add(l, "strace: [%d] ", task_current()->tid);
	if (!desc) {
		add(l, "syscall_%u(0x%lx, 0x%lx, 0x%lx, ...)", nr, args->arg[0], args->arg[1], args->arg[2]);
		return;
	}
	add(l, "%s(", desc->name);
	for (unsigned i = 0; i < desc->nargs; i++) {
		if (i)
			add(l, ", ");
		add_argument(l, desc->argtypes[i], args->arg[i]);
	}
	add(l, ")");
}

static void add_result(struct line *l, const struct syscall_desc *desc, long result)
{
	if (result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK)
		add(l, " = ? interrupted");
	else if (result < 0 && result >= -ERRNO_MAX)
		add(l, " = -1 %s", errno_name((int)result));
	else if (desc && desc->ret == SYSRET_PTR)
		add(l, " = 0x%lx", (u64)result);
	else
		add(l, " = %ld", result);
}

long strace_call(u32 nr, const struct syscall_desc *desc, const struct sysargs *args)
{
	struct line line = {0};

	add_call(&line, nr, desc, args);
	if (desc && desc->ret == SYSRET_NORETURN)
		console_print("%s = ?\n", line.text);

	long result = desc ? desc->call(args) : -ENOSYS;

	add_result(&line, desc, result);
	console_print("%s\n", line.text);
	return result;
}
