/* SPDX-License-Identifier: BSD-2-Clause */
/* Which call comes next, and which maker makes which argument of it: found once, by the argument's name and type. */
#define _GNU_SOURCE
#include "args.h"

#include <string.h>
#include <sys/syscall.h>

#define WEIGHT 12 /* of a call that nothing is said of */

const struct call calls[CALLS] = {CALL_LINES};

static maker *makers[CALLS][ARGS];
static unsigned upto[CALLS]; /* running sums of weights */

uint64_t random_next(struct stream *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15; /* splitmix64 (Steele, Lea, Flood, OOPSLA 2014) */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned random_below(struct stream *s, unsigned n)
{
	return (random_next(s) >> 33) % n;
}

/* ---- which maker for which argument ---- */

static const struct {
	int nr; /* -1: of any call */
	const char *arg;
	maker *make;
} by_name[] = {
	{SYS_mmap, "addr", new_address}, {SYS_mremap, "new_addr", map_address}, {-1, "addr", map_address},
	{SYS_futex, "addr", buffer}, {-1, "prot", protection}, {SYS_mmap, "flags", map_flags}, {SYS_mmap, "size", map_size},
	{SYS_munmap, "size", map_size}, {SYS_mprotect, "size", map_size}, {SYS_madvise, "size", map_size},
	{SYS_msync, "size", map_size}, {SYS_mincore, "size", map_size}, {SYS_mlock, "size", map_size},
	{SYS_munlock, "size", map_size}, {SYS_mlock2, "size", map_size}, {-1, "old_size", map_size}, {-1, "new_size", map_size},
	{-1, "brk", break_address}, {-1, "setsize", setsize}, {-1, "dev", device}, {-1, "dirfd", dirfd_or_not},
	{-1, "olddir", dirfd_or_not}, {-1, "newdir", dirfd_or_not}, {SYS_close_range, "first", last_fd},
	{SYS_close_range, "last", last_fd}, {-1, "uid", user}, {-1, "gid", user}, {-1, "ruid", user}, {-1, "euid", user},
	{-1, "suid", saved_user}, {-1, "rgid", user}, {-1, "egid", user}, {-1, "sgid", user},
	{SYS_getresuid, "ruid", buffer}, {SYS_getresuid, "euid", buffer}, {SYS_getresuid, "suid", buffer},
	{SYS_getresgid, "rgid", buffer}, {SYS_getresgid, "egid", buffer}, {SYS_getresgid, "sgid", buffer},
	{SYS_poll, "timeout", timeout_ms}, {SYS_epoll_wait, "timeout", timeout_ms}, {SYS_epoll_pwait, "timeout", timeout_ms},
	{-1, "timeout", time_span}, {-1, "request", time_span}, {-1, "new", time_span}, {-1, "ts", time_span}, {-1, "tv", time_span},
	{SYS_setitimer, "value", time_span}, {-1, "times", time_span}, {SYS_ioctl, "cmd", ioctl_number},
	{SYS_fcntl, "cmd", fcntl_number}, {SYS_futex, "op", futex_op}, {-1, "persona", persona}, {SYS_arch_prctl, "code", arch_code},
	{SYS_epoll_ctl, "op", epoll_op}, {SYS_linkat, "flags", at_flags}, {SYS_unlinkat, "flags", at_flags},
	{-1, "off_in", offset_or_none}, {-1, "off_out", offset_or_none}, {SYS_sendfile, "offset", offset_or_none},
	{-1, "set", signal_set}, {SYS_rt_sigsuspend, "mask", signal_set}, {SYS_signalfd, "mask", signal_set},
	{SYS_signalfd4, "mask", signal_set},
	{-1, "sigmask", mask}, {-1, "act", action}, {SYS_rt_sigaction, "sig", sigaction_number}, {-1, "iov", vectors},
	{-1, "fds", poll_fds}, {SYS_pipe, "fds", buffer}, {SYS_pipe2, "fds", buffer}, {SYS_epoll_ctl, "event", epoll_events},
	{-1, "resource", resource}, {SYS_setrlimit, "limit", limit}, {SYS_prlimit64, "new", limit},
	{SYS_clone, "flags", clone_first}, {SYS_clone, "stack", clone_stack}, {SYS_clone3, "args", clone3_args},
	{SYS_clone3, "size", clone3_size}, {-1, "how", how}, {SYS_openat2, "size", how_size}, {SYS_timer_create, "event", event},
	{-1, "argv", pointers}, {-1, "envp", pointers}, {SYS_wait4, "pid", any_pid}, {SYS_getpgid, "pid", any_pid},
	{-1, "buf", buffer}, {-1, "st", buffer}, {-1, "dirp", buffer}, {-1, "vec", buffer}, {-1, "list", buffer}, {-1, "old", buffer},
};

static maker *const by_type[] = {
	[TYPE_INT] = small_int, [TYPE_UINT] = small_int, [TYPE_LONG] = small_int, [TYPE_ULONG] = small_int, [TYPE_SIZE] = size,
	[TYPE_OFF] = offset, [TYPE_UADDR] = some_struct, [TYPE_STR] = path, [TYPE_FD] = fd, [TYPE_MODE] = mode, [TYPE_PID] = pid,
	[TYPE_SIG] = sig, [TYPE_FLAGS] = flags,
};

/* A name says more than a type, and a name of one call more than one of any. Names of pointers do not fit other types. */
static maker *maker_of(const struct call *c, int i)
{
	maker *make = by_type[c->type[i]];
	bool exact = false;

	for (unsigned k = 0; k < COUNT(by_name); k++) {
		if (strcmp(by_name[k].arg, c->arg[i]) || exact || (by_name[k].nr != -1 && by_name[k].nr != c->nr))
			continue;
		if (by_name[k].nr == -1 && by_name[k].make != dirfd_or_not && (c->type[i] == TYPE_FD || c->type[i] == TYPE_STR))
			continue;
		make = by_name[k].make;
		exact = by_name[k].nr != -1;
	}
	return make;
}

/* How often: the usual weight, unless something else is said here. `one`: where the process has to last. */
static const struct {
	int nr;
	unsigned many, one;
} weights[] = {
	{SYS_reboot, 0, 0}, {SYS_exit_group, 1, 0}, {SYS_exit, 1, 1}, {SYS_rt_sigreturn, 1, 0}, {SYS_chroot, 2, 1},
	{SYS_execve, 2, 2}, {SYS_execveat, 2, 2}, {SYS_fork, 3, 3}, {SYS_vfork, 3, 3}, {SYS_clone, 6, 6}, {SYS_clone3, 6, 6},
	{SYS_pause, 1, 1}, {SYS_rt_sigsuspend, 1, 1}, {SYS_rt_sigtimedwait, 4, 4}, {SYS_nanosleep, 3, 3}, {SYS_wait4, 3, 3},
	{SYS_waitid, 3, 3}, {SYS_clock_nanosleep, 3, 3}, {SYS_select, 6, 6}, {SYS_setuid, 1, 0}, {SYS_setresuid, 1, 1},
	{SYS_setreuid, 1, 0}, {SYS_setfsuid, 1, 1}, {SYS_open, 40, 40}, {SYS_openat, 40, 40}, {SYS_pipe2, 20, 20}, {SYS_mmap, 40, 40},
	{SYS_ioctl, 40, 40}, {SYS_fcntl, 30, 30}, {SYS_close, 15, 15}, {SYS_read, 30, 30}, {SYS_write, 30, 30},
	{SYS_linkat, 30, 30}, {SYS_copy_file_range, 30, 30}, {SYS_close_range, 2, 2}, {SYS_epoll_ctl, 40, 40},
	{SYS_epoll_create1, 30, 30}, {SYS_eventfd, 30, 30}, {SYS_futex, 8, 8}, {SYS_sync, 2, 2}, {SYS_kill, 8, 8},
};

void args_init(void)
{
	unsigned sum = 0;

	first_brk = (uint64_t)raw(SYS_brk, 0, 0, 0, 0, 0, 0);
	for (int i = 0; i < CALLS; i++) {
		unsigned weight = WEIGHT;

		for (unsigned k = 0; k < COUNT(weights); k++)
			if (weights[k].nr == calls[i].nr)
				weight = options.careful ? weights[k].one : weights[k].many;
		if (options.only)
			weight = !strcmp(options.only, calls[i].name);
		upto[i] = sum += weight;
		for (int a = 0; a < calls[i].nargs; a++)
			makers[i][a] = maker_of(&calls[i], a);
	}
}

int args_make(struct stream *s, uint64_t arg[ARGS])
{
	unsigned at = random_below(s, upto[CALLS - 1]);
	int i = 0;

	while (upto[i] <= at)
		i++;
	s->used = 0;
	for (int a = 0; a < ARGS; a++)
		arg[a] = a < calls[i].nargs ? makers[i][a](s, &calls[i]) : 0;
	return i;
}
