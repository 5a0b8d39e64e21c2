/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makers of numbers and addresses. Most are good, some are at an edge, some are bad. Good addresses are in the arena, never what
 * the fuzzer itself needs; process ids are its own, its group's, and small ones that are nobody's.
 */
#define _GNU_SOURCE
#include "args.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FDS 40 /* descriptors that are asked for; the limit is larger */

uint8_t *arena, *child_stack;
uint64_t first_brk;

/* ---- numbers ---- */

uint64_t any_number(struct stream *s)
{
	static const uint64_t edge[] = {0, 1, 2, 8, 4096, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32, 1ul << 47,
					INT64_MAX, 1ul << 63, UINT64_MAX, UINT64_MAX - 4095};

	return one_in(s, 4) ? random_next(s) >> random_below(s, 64) : PICK(s, edge);
}

uint64_t small_int(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 16) ? any_number(s) : random_below(s, one_in(s, 3) ? 64 : 16) - one_in(s, 16);
}

uint64_t size(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {0, 1, 4, 7, 8, 16, 24, 64, 128, 512, 4095, 4096, 4097, 8192, 16384, 65536, 131072};

	(void)c;
	return one_in(s, 24) ? any_number(s) : PICK(s, usual);
}

uint64_t setsize(struct stream *s, const struct call *c)
{
	return one_in(s, 24) ? size(s, c) : 8;
}

uint64_t offset(struct stream *s, const struct call *c)
{
	return one_in(s, 2) ? size(s, c) & ~(PAGE - 1) : size(s, c);
}

uint64_t flags(struct stream *s, const struct call *c)
{
	uint64_t bits = 0;

	(void)c;
	if (one_in(s, 3))
		return 0;
	for (unsigned n = 1 + random_below(s, 3); n; n--)
		bits |= 1ul << random_below(s, one_in(s, 8) ? 32 : 14);
	return bits;
}

uint64_t mode(struct stream *s, const struct call *c)
{
	static const unsigned type[] = {0, 0, S_IFREG, S_IFIFO, S_IFCHR, S_IFDIR, S_IFSOCK};
	unsigned bits = one_in(s, 4) ? random_next(s) & 07777 : one_in(s, 2) ? 0777 : 0644;

	return c->nr == SYS_mknod || c->nr == SYS_mknodat ? bits | PICK(s, type) : bits;
}

uint64_t device(struct stream *s, const struct call *c)
{
	(void)c;
	return makedev(1 + random_below(s, 5), random_below(s, 12));
}

uint64_t fd(struct stream *s, const struct call *c)
{
	static const int odd[] = {-1, AT_FDCWD, 4096, INT32_MAX, INT32_MIN};
	unsigned least = options.careful ? 3 : 0;

	(void)c;
	if (one_in(s, 24))
		return (uint64_t)(int64_t)PICK(s, odd);
	return least + random_below(s, one_in(s, 2) ? 12 : FDS);
}

uint64_t dirfd_or_not(struct stream *s, const struct call *c)
{
	return one_in(s, 3) ? fd(s, c) : (uint64_t)AT_FDCWD;
}

/* close_range() must not reach the fuzzer's own where there is one process. */
uint64_t last_fd(struct stream *s, const struct call *c)
{
	return options.careful ? 3 + random_below(s, FDS) : fd(s, c);
}

uint64_t sig(struct stream *s, const struct call *c)
{
	uint64_t n = one_in(s, 24) ? any_number(s) : random_below(s, 66);
	bool ends = (int)n == SIGKILL || (int)n == SIGSTOP;

	(void)c;
	return (int)n == TICK_SIGNAL || (ends && (options.careful || !one_in(s, 8))) ? SIGUSR1 : n;
}

uint64_t pid(struct stream *s, const struct call *c)
{
	bool group = c->nr != SYS_tkill && c->nr != SYS_tgkill;

	switch (random_below(s, 8)) {
	case 0:
		return 0;
	case 1:
		return s->tid;
	case 2:
		return group ? -(uint64_t)getpid() : INT32_MAX;
	case 3:
		return one_in(s, 2) ? INT32_MAX : (uint64_t)INT32_MIN;
	case 4:
		return getpid() + 1 + random_below(s, 64); /* its children, mostly */
	default:
		return getpid();
	}
}

/* As pid(), for who is asked about, not acted on. */
uint64_t any_pid(struct stream *s, const struct call *c)
{
	return one_in(s, 4) ? (uint64_t)-1 : pid(s, c);
}

uint64_t user(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {0, 0, 0, 0, 1, 1000, 65534, UINT32_MAX};

	(void)c;
	return PICK(s, usual);
}

/* So that there is a way back to user 0 where the process has to last. */
uint64_t saved_user(struct stream *s, const struct call *c)
{
	return options.careful ? -(uint64_t)one_in(s, 2) : user(s, c);
}

uint64_t timeout_ms(struct stream *s, const struct call *c)
{
	static const int64_t usual[] = {0, 0, 0, 0, 1, 1, -1, INT32_MIN};

	(void)c;
	return PICK(s, usual);
}

uint64_t ioctl_number(struct stream *s, const struct call *c)
{
	static const unsigned other[] = {0x80045430, 0x40045431, 0x80045432, 0x5441, 0x80045438, 0x5450, 0x5451, 0x5452,
					 0x40045436, 0x80045439, 0x80045440, 0x40049409};

	(void)c;
	return one_in(s, 3) ? PICK(s, other) : one_in(s, 24) ? any_number(s) : 0x5401 + random_below(s, 0x2a);
}

uint64_t futex_op(struct stream *s, const struct call *c)
{
	(void)c;
	return random_below(s, 14) | (one_in(s, 2) ? 128 : 0) | (one_in(s, 8) ? 256 : 0);
}

uint64_t fcntl_number(struct stream *s, const struct call *c)
{
	return one_in(s, 3) ? 1024 + random_below(s, 14) : small_int(s, c);
}

uint64_t persona(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 2) ? 0xffffffff : random_below(s, 2) ? 0x0040000 : 0;
}

uint64_t epoll_op(struct stream *s, const struct call *c)
{
	(void)c;
	return random_below(s, 8) % 4;
}

uint64_t at_flags(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {0, 0, 0x100, 0x200, 0x400, 0x1000};

	return one_in(s, 8) ? flags(s, c) : PICK(s, usual);
}

uint64_t arch_code(struct stream *s, const struct call *c)
{
	(void)c;
	return 0x1000 + random_below(s, 24); /* ARCH_SET_GS is the first that is one */
}

/* ---- memory ---- */

/* What no call may write to or read from. */
uint64_t bad_pointer(struct stream *s)
{
	const uint64_t bad[] = {0, 1, PAGE - 1, (uint64_t)arena - PAGE, (uint64_t)arena - 4, (uint64_t)arena + ARENA,
				(uint64_t)arena + ARENA - 1 - random_below(s, 64), 0x7ffffffff000, 0x7fffffffffff,
				0x7ffffffffff8, 0x800000000000, 0xffff800000000000, 0xffff800000100000, 0xffffc00000001000,
				0xffffffff80000000, 0xffffffff80200000, UINT64_MAX, UINT64_MAX - 7, 0x0000900000000000};

	return PICK(s, bad);
}

uint64_t buffer(struct stream *s, const struct call *c)
{
	(void)c;
	if (one_in(s, 12))
		return bad_pointer(s);
	return (uint64_t)arena + random_below(s, 24) * PAGE + (one_in(s, 2) ? random_below(s, PAGE) : 0);
}

uint64_t map_address(struct stream *s, const struct call *c)
{
	(void)c;
	static const uint64_t bad[] = {0, 1, PAGE, 0x7ffffffff000, 0x7fffffffffff, 1ul << 47, 0xffff800000000000,
				       0xffffffff80000000, -PAGE, UINT64_MAX};

	if (one_in(s, 24))
		return PICK(s, bad);
	return (uint64_t)arena + random_below(s, ARENA / PAGE / 2) * PAGE + (one_in(s, 24) ? 1 : 0);
}

/* From an address in the first half of the arena, so much never leaves it. Or it is more than there is. */
uint64_t map_size(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {1, PAGE, PAGE, 2 * PAGE, 3 * PAGE, 8 * PAGE, 65 * PAGE, ARENA / 4, ARENA / 2};
	static const uint64_t insane[] = {0, 1ul << 47, 1ul << 48, 1ul << 63, UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - 8191};

	(void)c;
	return one_in(s, 16) ? PICK(s, insane) : PICK(s, usual);
}

/* Addresses that the kernel chooses are good too: but fixed ones only in the arena. */
uint64_t new_address(struct stream *s, const struct call *c)
{
	return one_in(s, 4) ? 0 : map_address(s, c);
}

uint64_t map_flags(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, 3};
	static const uint64_t more[] = {MAP_POPULATE, MAP_NORESERVE, MAP_LOCKED, MAP_GROWSDOWN, MAP_STACK, MAP_FIXED_NOREPLACE, 0x80000};

	(void)c;
	return PICK(s, usual) | (one_in(s, 2) ? MAP_FIXED : 0) | (one_in(s, 4) ? PICK(s, more) : 0);
}

uint64_t protection(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 16) ? any_number(s) : random_below(s, 8);
}

uint64_t break_address(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 8) ? bad_pointer(s) : one_in(s, 4) ? 0 : first_brk + random_below(s, 64 * PAGE);
}
