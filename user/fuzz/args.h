/* SPDX-License-Identifier: BSD-2-Clause */
/* What args.c, values.c and structs.c share: the makers of arguments. */
#ifndef FUZZ_ARGS_H
#define FUZZ_ARGS_H

#include "fuzz.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(s, a) ((a)[random_below(s, COUNT(a))])
#define PAGE 4096ul

/* Makes one argument of a call. */
typedef uint64_t maker(struct stream *s, const struct call *c);

static inline bool one_in(struct stream *s, unsigned n)
{
	return random_below(s, n) == 0;
}

/* ---- values.c ---- */

extern uint64_t first_brk;
uint64_t any_number(struct stream *s);
/* What no call may write to or read from. */
uint64_t bad_pointer(struct stream *s);
extern maker small_int, size, setsize, offset, flags, mode, device, fd, dirfd_or_not, last_fd, sig, pid, any_pid,
	user, saved_user, timeout_ms, ioctl_number, futex_op, fcntl_number, persona, arch_code, epoll_op, at_flags,
	buffer, map_address, map_size,
	new_address, map_flags, protection, break_address;

/* ---- structs.c ---- */

extern maker some_struct, time_span, offset_or_none, signal_set, mask, action, sigaction_number, vectors, poll_fds, epoll_events,
	resource, limit, clone_first, clone_stack, clone3_args, clone3_size, how, how_size, event, pointers, path;

#endif
