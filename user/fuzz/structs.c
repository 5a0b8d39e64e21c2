/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makers of pointers to structs and names, which are written into the stream's scratch afresh for each call. One in ten pointers
 * is bad.
 */
#define _GNU_SOURCE
#include "args.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- structs, in the scratch ---- */

static void *take(struct stream *s, unsigned bytes)
{
	uint8_t *at = s->scratch + s->used;

	if (s->used + bytes > SCRATCH)
		return s->scratch;
	s->used += (bytes + 15) & ~15u;
	memset(at, 0, bytes);
	return at;
}

/* Whether the pointer shall be no good, or none. */
static bool no_pointer(struct stream *s, uint64_t *pointer)
{
	*pointer = one_in(s, 3) ? 0 : bad_pointer(s);
	return one_in(s, 10);
}

/* A struct of which nothing else is said: words that mean something somewhere. */
uint64_t some_struct(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 256);
	for (int i = 0; i < 32; i++)
		word[i] = one_in(s, 3) ? buffer(s, c) : one_in(s, 2) ? random_below(s, 16) : one_in(s, 4) ? any_number(s) : 0;
	return (uint64_t)word;
}

uint64_t time_span(struct stream *s, const struct call *c)
{
	static const int64_t ns[] = {0, 0, 1, 1000, 100000, 1000000, 999999999, 1000000000, -1};
	uint64_t bad;
	int64_t *word;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 4 * 8);
	for (int i = 0; i < 4; i += 2) {
		word[i] = one_in(s, 32) ? (int64_t)any_number(s) : 0;
		word[i + 1] = PICK(s, ns);
	}
	return (uint64_t)word;
}

/* Of a file, where there is none most of the time: then it is the descriptor's own. */
uint64_t offset_or_none(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	if (!one_in(s, 3))
		return 0;
	word = take(s, 8);
	*word = offset(s, c);
	return (uint64_t)word;
}

uint64_t signal_set(struct stream *s, const struct call *c)
{
	uint64_t bad, *set;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	set = take(s, 128);
	*set = (one_in(s, 2) ? random_next(s) : 1ul << random_below(s, 63)) & ~(1ul << (TICK_SIGNAL - 1));
	return (uint64_t)set;
}

/* pselect6()'s last argument: where the set is, and its size. */
static uint64_t set_and_size(struct stream *s, const struct call *c)
{
	uint64_t *pair = take(s, 16);

	pair[0] = signal_set(s, c);
	pair[1] = setsize(s, c);
	return (uint64_t)pair;
}

uint64_t mask(struct stream *s, const struct call *c)
{
	return c->nr == SYS_pselect6 ? set_and_size(s, c) : signal_set(s, c);
}

/* As the action that is there, with other flags, mask, or ignoring. By default only where a process may end. */
uint64_t action(struct stream *s, const struct call *c)
{
	static const uint64_t flag[] = {0, SA_RESTART, SA_NODEFER, SA_NOCLDWAIT, SA_NOCLDSTOP, SA_RESETHAND, SA_ONSTACK};
	uint64_t bad, *word;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 32);
	word[0] = one_in(s, 4) ? (uint64_t)SIG_IGN : !options.careful && one_in(s, 4) ? (uint64_t)SIG_DFL : batch_handler();
	word[1] = HANDLER_FLAGS | (options.careful ? flag[random_below(s, 5)] : PICK(s, flag));
	word[2] = batch_restorer();
	word[3] = random_next(s) & ~(1ul << (TICK_SIGNAL - 1)) & -(uint64_t)one_in(s, 4);
	return (uint64_t)word;
}

uint64_t sigaction_number(struct stream *s, const struct call *c)
{
	uint64_t n = sig(s, c);

	return n == SIGSEGV || n == SIGBUS ? SIGUSR1 : n; /* the fuzzer's own faults shall be seen */
}

uint64_t vectors(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 16 * 16);
	for (int i = 0; i < 16; i++) {
		word[2 * i] = buffer(s, c);
		word[2 * i + 1] = size(s, c);
	}
	return (uint64_t)word;
}

uint64_t poll_fds(struct stream *s, const struct call *c)
{
	struct { int fd; short events, revents; } *p;
	uint64_t bad;

	if (no_pointer(s, &bad))
		return bad;
	p = take(s, 64 * sizeof(*p));
	for (int i = 0; i < 64; i++) {
		p[i].fd = (int)fd(s, c);
		p[i].events = (short)random_next(s);
	}
	return (uint64_t)p;
}

uint64_t epoll_events(struct stream *s, const struct call *c)
{
	uint64_t bad;
	uint32_t *event;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	event = take(s, 16 * 12);
	event[0] = (uint32_t)flags(s, c) | (one_in(s, 4) ? (uint32_t)random_next(s) & 0xf0000000 : 1);
	event[1] = random_below(s, 100);
	return (uint64_t)event;
}

uint64_t resource(struct stream *s, const struct call *c)
{
	static const int harmless[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, 99};

	return options.careful ? (uint64_t)PICK(s, harmless) : small_int(s, c);
}

uint64_t limit(struct stream *s, const struct call *c)
{
	static const uint64_t values[] = {0, 1, 16, 64, 4096, 65536, 1 << 20};
	uint64_t bad, *word;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 16);
	word[0] = PICK(s, values);
	word[1] = one_in(s, 8) ? word[0] : UINT64_MAX;
	return (uint64_t)word;
}

/* Threads and children end at once (raw_twice()), but a signal may need their stack. */
static uint64_t clone_flags(struct stream *s)
{
	static const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	static const uint64_t usual[] = {thread, thread, CLONE_VM | CLONE_VFORK, CLONE_VM, 0, CLONE_FILES, CLONE_FS | CLONE_PARENT};
	uint64_t more = one_in(s, 2) ? 0 : 1ul << (8 + random_below(s, 24));

	return PICK(s, usual) | (more & ~(uint64_t)CLONE_SETTLS);
}

uint64_t clone_first(struct stream *s, const struct call *c)
{
	uint64_t bits = clone_flags(s);

	(void)c;
	return bits & CLONE_THREAD ? bits : bits | (one_in(s, 4) ? random_below(s, 65) : SIGCHLD);
}

uint64_t clone_stack(struct stream *s, const struct call *c)
{
	(void)c;
	return !options.careful && one_in(s, 8) ? bad_pointer(s) : (uint64_t)child_stack + CHILD_STACK;
}

uint64_t clone3_args(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 128);
	word[0] = clone_flags(s);
	word[2] = buffer(s, c);
	word[3] = buffer(s, c);
	word[4] = word[0] & (CLONE_THREAD | CLONE_PARENT) ? 0 : SIGCHLD;
	word[5] = (uint64_t)child_stack;
	word[6] = CHILD_STACK;
	word[8 + random_below(s, 8)] = one_in(s, 16) ? 1 : 0;
	return (uint64_t)word;
}

uint64_t clone3_size(struct stream *s, const struct call *c)
{
	return one_in(s, 8) ? size(s, c) : 64 + 8 * random_below(s, 4);
}

uint64_t how(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 64);
	word[0] = flags(s, c);
	word[1] = word[0] & (O_CREAT | O_TMPFILE) ? mode(s, c) & 0777 : 0;
	word[2] = one_in(s, 2) ? 0 : random_below(s, 64);
	return (uint64_t)word;
}

uint64_t how_size(struct stream *s, const struct call *c)
{
	return one_in(s, 8) ? size(s, c) : 24;
}

/* timer_create()'s: signal, how, to which thread. */
uint64_t event(struct stream *s, const struct call *c)
{
	uint64_t bad;
	uint32_t *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 64);
	word[2] = (uint32_t)sig(s, c);
	word[3] = random_below(s, 6);
	word[4] = (uint32_t)s->tid;
	return (uint64_t)word;
}

uint64_t pointers(struct stream *s, const struct call *c)
{
	static const char leave[] = "--leave";
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 8 * 8);
	word[0] = (uint64_t)memcpy(take(s, 16), "fuzz", 5);
	word[1] = (uint64_t)memcpy(take(s, 16), leave, sizeof(leave));
	for (unsigned i = 2, n = random_below(s, 7); i < n; i++)
		word[i] = buffer(s, c);
	return (uint64_t)word;
}

/* ---- names ---- */

static uint64_t long_name(struct stream *s, unsigned length)
{
	char *name = take(s, length + 1);

	memset(name, 'n', length);
	return (uint64_t)name;
}

static uint64_t relative_path(struct stream *s)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "d/a", "d/b", "d/d", "d/d/a", "e/a", "e/../a", "a/", "d/.",
					    "./d/../d/a", "", ".", "a/b/c/d", "l", "l/a", "p"};
	static const unsigned lengths[] = {254, 255, 256, 4094, 4095, 4096, 5000};
	const char *name = PICK(s, names);
	uint64_t bad;

	if (no_pointer(s, &bad) && one_in(s, 2))
		return bad;
	if (one_in(s, 40))
		return long_name(s, PICK(s, lengths));
	return (uint64_t)memcpy(take(s, strlen(name) + 1), name, strlen(name) + 1);
}

/* Names that are to be made, moved, removed or given a second name are the fuzzer's own; others may be anybody's. */
uint64_t path(struct stream *s, const struct call *c)
{
	static const char *const there[] = {"/", "..", "/tmp", "/dev", "/dev/null", "/dev/zero", "/dev/full", "/dev/ptmx", "/dev/tty",
		"/dev/pts", "/dev/pts/0", "/dev/pts/1", "/dev/urandom", "/proc", "/proc/self", "/proc/self/fd",
		"/proc/self/fd/5", "/proc/self/task", "/proc/self/maps", "/proc/self/status", "/proc/self/stat", "/proc/self/statm",
		"/proc/self/environ", "/proc/self/cmdline", "/proc/self/limits", "/proc/self/mounts", "/proc/self/cwd",
		"/proc/self/root", "/proc/meminfo", "/proc/stat", "/proc/cpuinfo", "/proc/uptime", "/proc/loadavg", "/proc/1/stat",
		"/proc/orchard", "/proc/99999"};
	static const int removing[] = {SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir,
		SYS_mkdirat, SYS_mknod, SYS_mknodat, SYS_chroot, SYS_link, SYS_linkat};
	static const int looking[] = {SYS_execve, SYS_execveat, SYS_readlink, SYS_readlinkat, SYS_stat, SYS_lstat, SYS_statx,
		SYS_access, SYS_faccessat, SYS_statfs};
	const char *name = PICK(s, there);

	for (unsigned i = 0; i < COUNT(looking); i++) /* the program's own file has to stay as it is */
		if (c->nr == looking[i] && one_in(s, 4))
			name = "/proc/self/exe";
	for (unsigned i = 0; i < COUNT(removing); i++)
		if (c->nr == removing[i])
			return relative_path(s);
	if (one_in(s, 2))
		return relative_path(s);
	return (uint64_t)memcpy(take(s, strlen(name) + 1), name, strlen(name) + 1);
}
