/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments: for each a maker, found once by the argument's name and type. Most are good, some are at an edge, some are bad.
 * Good pointers point to the arena (buffers) or to the stream's scratch (structs, filled afresh), never to what the fuzzer
 * itself needs; process ids are its own, its group's, and small ones that are nobody's.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(s, a) ((a)[random_below(s, COUNT(a))])
#define PAGE 4096ul
#define FDS 40       /* descriptors that are asked for; the limit is larger */
#define WEIGHT 12    /* of a call that nothing is said of */

typedef uint64_t maker(struct stream *s, const struct call *c);

uint8_t *arena, *child_stack;
const struct call calls[CALLS] = {CALL_LINES};

static maker *makers[CALLS][ARGS];
static unsigned upto[CALLS]; /* running sums of weights */
static uint64_t first_brk;

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

static bool one_in(struct stream *s, unsigned n)
{
	return random_below(s, n) == 0;
}

/* ---- numbers ---- */

static uint64_t any_number(struct stream *s)
{
	static const uint64_t edge[] = {0, 1, 2, 8, 4096, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32, 1ul << 47,
					INT64_MAX, 1ul << 63, UINT64_MAX, UINT64_MAX - 4095};

	return one_in(s, 4) ? random_next(s) >> random_below(s, 64) : PICK(s, edge);
}

static uint64_t small_int(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 16) ? any_number(s) : random_below(s, one_in(s, 3) ? 64 : 16) - one_in(s, 16);
}

static uint64_t size(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {0, 1, 4, 7, 8, 16, 24, 64, 128, 512, 4095, 4096, 4097, 8192, 16384, 65536, 131072};

	(void)c;
	return one_in(s, 24) ? any_number(s) : PICK(s, usual);
}

static uint64_t setsize(struct stream *s, const struct call *c)
{
	return one_in(s, 24) ? size(s, c) : 8;
}

static uint64_t offset(struct stream *s, const struct call *c)
{
	return one_in(s, 2) ? size(s, c) & ~(PAGE - 1) : size(s, c);
}

static uint64_t flags(struct stream *s, const struct call *c)
{
	uint64_t bits = 0;

	(void)c;
	if (one_in(s, 3))
		return 0;
	for (unsigned n = 1 + random_below(s, 3); n; n--)
		bits |= 1ul << random_below(s, one_in(s, 8) ? 32 : 14);
	return bits;
}

static uint64_t mode(struct stream *s, const struct call *c)
{
	static const unsigned type[] = {0, 0, S_IFREG, S_IFIFO, S_IFCHR, S_IFDIR, S_IFSOCK};
	unsigned bits = one_in(s, 4) ? random_next(s) & 07777 : one_in(s, 2) ? 0777 : 0644;

	return c->nr == SYS_mknod || c->nr == SYS_mknodat ? bits | PICK(s, type) : bits;
}

static uint64_t device(struct stream *s, const struct call *c)
{
	(void)c;
	return makedev(1 + random_below(s, 5), random_below(s, 12));
}

static uint64_t fd(struct stream *s, const struct call *c)
{
	static const int odd[] = {-1, AT_FDCWD, 4096, INT32_MAX, INT32_MIN};
	unsigned least = options.careful ? 3 : 0;

	(void)c;
	if (one_in(s, 24))
		return (uint64_t)(int64_t)PICK(s, odd);
	return least + random_below(s, one_in(s, 2) ? 12 : FDS);
}

static uint64_t dirfd_or_not(struct stream *s, const struct call *c)
{
	return one_in(s, 3) ? fd(s, c) : (uint64_t)AT_FDCWD;
}

/* close_range() must not reach the fuzzer's own where there is one process. */
static uint64_t last_fd(struct stream *s, const struct call *c)
{
	return options.careful ? 3 + random_below(s, FDS) : fd(s, c);
}

static uint64_t sig(struct stream *s, const struct call *c)
{
	uint64_t n = one_in(s, 24) ? any_number(s) : random_below(s, 66);
	bool ends = (int)n == SIGKILL || (int)n == SIGSTOP;

	(void)c;
	return (int)n == TICK_SIGNAL || (ends && (options.careful || !one_in(s, 8))) ? SIGUSR1 : n;
}

static uint64_t pid(struct stream *s, const struct call *c)
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
static uint64_t any_pid(struct stream *s, const struct call *c)
{
	return one_in(s, 4) ? (uint64_t)-1 : pid(s, c);
}

static uint64_t user(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {0, 0, 0, 0, 1, 1000, 65534, UINT32_MAX};

	(void)c;
	return PICK(s, usual);
}

/* So that there is a way back to user 0 where the process has to last. */
static uint64_t saved_user(struct stream *s, const struct call *c)
{
	return options.careful ? -(uint64_t)one_in(s, 2) : user(s, c);
}

static uint64_t timeout_ms(struct stream *s, const struct call *c)
{
	static const int64_t usual[] = {0, 0, 0, 0, 1, 1, -1, INT32_MIN};

	(void)c;
	return PICK(s, usual);
}

static uint64_t ioctl_number(struct stream *s, const struct call *c)
{
	static const unsigned other[] = {0x80045430, 0x40045431, 0x80045432, 0x5441, 0x80045438, 0x5450, 0x5451, 0x5452,
					 0x40045436, 0x80045439, 0x80045440, 0x40049409};

	(void)c;
	return one_in(s, 3) ? PICK(s, other) : one_in(s, 24) ? any_number(s) : 0x5401 + random_below(s, 0x2a);
}

static uint64_t futex_op(struct stream *s, const struct call *c)
{
	(void)c;
	return random_below(s, 14) | (one_in(s, 2) ? 128 : 0) | (one_in(s, 8) ? 256 : 0);
}

static uint64_t fcntl_number(struct stream *s, const struct call *c)
{
	return one_in(s, 3) ? 1024 + random_below(s, 14) : small_int(s, c);
}

static uint64_t persona(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 2) ? 0xffffffff : random_below(s, 2) ? 0x0040000 : 0;
}

/* ---- memory ---- */

/* What no call may write to or read from. */
static uint64_t bad_pointer(struct stream *s)
{
	const uint64_t bad[] = {0, 1, PAGE - 1, (uint64_t)arena - PAGE, (uint64_t)arena - 4, (uint64_t)arena + ARENA,
				(uint64_t)arena + ARENA - 1 - random_below(s, 64), 0x7ffffffff000, 0x7fffffffffff,
				0x7ffffffffff8, 0x800000000000, 0xffff800000000000, 0xffff800000100000, 0xffffc00000001000,
				0xffffffff80000000, 0xffffffff80200000, UINT64_MAX, UINT64_MAX - 7, 0x0000900000000000};

	return PICK(s, bad);
}

static uint64_t buffer(struct stream *s, const struct call *c)
{
	(void)c;
	if (one_in(s, 12))
		return bad_pointer(s);
	return (uint64_t)arena + random_below(s, 24) * PAGE + (one_in(s, 2) ? random_below(s, PAGE) : 0);
}

static uint64_t map_address(struct stream *s, const struct call *c)
{
	(void)c;
	static const uint64_t bad[] = {0, 1, PAGE, 0x7ffffffff000, 0x7fffffffffff, 1ul << 47, 0xffff800000000000,
				       0xffffffff80000000, -PAGE, UINT64_MAX};

	if (one_in(s, 24))
		return PICK(s, bad);
	return (uint64_t)arena + random_below(s, ARENA / PAGE / 2) * PAGE + (one_in(s, 24) ? 1 : 0);
}

/* From an address in the first half of the arena, so much never leaves it. Or it is more than there is. */
static uint64_t map_size(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {1, PAGE, PAGE, 2 * PAGE, 3 * PAGE, 8 * PAGE, 65 * PAGE, ARENA / 4, ARENA / 2};
	static const uint64_t insane[] = {0, 1ul << 47, 1ul << 48, 1ul << 63, UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - 8191};

	(void)c;
	return one_in(s, 16) ? PICK(s, insane) : PICK(s, usual);
}

/* Addresses that the kernel chooses are good too: but fixed ones only in the arena. */
static uint64_t new_address(struct stream *s, const struct call *c)
{
	return one_in(s, 4) ? 0 : map_address(s, c);
}

static uint64_t map_flags(struct stream *s, const struct call *c)
{
	static const uint64_t usual[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, 3};
	static const uint64_t more[] = {MAP_POPULATE, MAP_NORESERVE, MAP_LOCKED, MAP_GROWSDOWN, MAP_STACK, MAP_FIXED_NOREPLACE, 0x80000};

	(void)c;
	return PICK(s, usual) | (one_in(s, 2) ? MAP_FIXED : 0) | (one_in(s, 4) ? PICK(s, more) : 0);
}

static uint64_t protection(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 16) ? any_number(s) : random_below(s, 8);
}

static uint64_t break_address(struct stream *s, const struct call *c)
{
	(void)c;
	return one_in(s, 8) ? bad_pointer(s) : one_in(s, 4) ? 0 : first_brk + random_below(s, 64 * PAGE);
}

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
static uint64_t some_struct(struct stream *s, const struct call *c)
{
	uint64_t bad, *word;

	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 256);
	for (int i = 0; i < 32; i++)
		word[i] = one_in(s, 3) ? buffer(s, c) : one_in(s, 2) ? random_below(s, 16) : one_in(s, 4) ? any_number(s) : 0;
	return (uint64_t)word;
}

static uint64_t time_span(struct stream *s, const struct call *c)
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

static uint64_t signal_set(struct stream *s, const struct call *c)
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

static uint64_t mask(struct stream *s, const struct call *c)
{
	return c->nr == SYS_pselect6 ? set_and_size(s, c) : signal_set(s, c);
}

/* As the action that is there, with other flags, mask, or ignoring. By default only where a process may end. */
static uint64_t action(struct stream *s, const struct call *c)
{
	static const uint64_t flag[] = {0, SA_RESTART, SA_NODEFER, SA_NOCLDWAIT, SA_NOCLDSTOP, SA_RESETHAND, SA_ONSTACK};
	uint64_t bad, *word;

	(void)c;
	if (no_pointer(s, &bad))
		return bad;
	word = take(s, 32);
	word[0] = one_in(s, 4) ? (uint64_t)SIG_IGN : !options.careful && one_in(s, 4) ? (uint64_t)SIG_DFL : batch_handler();
	word[1] = 0x04000000 | (options.careful ? flag[random_below(s, 5)] : PICK(s, flag));
	word[2] = batch_restorer();
	word[3] = random_next(s) & ~(1ul << (TICK_SIGNAL - 1)) & -(uint64_t)one_in(s, 4);
	return (uint64_t)word;
}

static uint64_t sigaction_number(struct stream *s, const struct call *c)
{
	uint64_t n = sig(s, c);

	return n == SIGSEGV || n == SIGBUS ? SIGUSR1 : n; /* the fuzzer's own faults shall be seen */
}

static uint64_t vectors(struct stream *s, const struct call *c)
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

static uint64_t poll_fds(struct stream *s, const struct call *c)
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

static uint64_t epoll_events(struct stream *s, const struct call *c)
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

static uint64_t resource(struct stream *s, const struct call *c)
{
	static const int harmless[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, 99};

	return options.careful ? (uint64_t)PICK(s, harmless) : small_int(s, c);
}

static uint64_t limit(struct stream *s, const struct call *c)
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

static uint64_t clone_first(struct stream *s, const struct call *c)
{
	uint64_t bits = clone_flags(s);

	(void)c;
	return bits & CLONE_THREAD ? bits : bits | (one_in(s, 4) ? random_below(s, 65) : SIGCHLD);
}

static uint64_t clone_stack(struct stream *s, const struct call *c)
{
	(void)c;
	return !options.careful && one_in(s, 8) ? bad_pointer(s) : (uint64_t)child_stack + CHILD_STACK;
}

static uint64_t clone3_args(struct stream *s, const struct call *c)
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

static uint64_t clone3_size(struct stream *s, const struct call *c)
{
	return one_in(s, 8) ? size(s, c) : 64 + 8 * random_below(s, 4);
}

static uint64_t how(struct stream *s, const struct call *c)
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

static uint64_t how_size(struct stream *s, const struct call *c)
{
	return one_in(s, 8) ? size(s, c) : 24;
}

/* timer_create()'s: signal, how, to which thread. */
static uint64_t event(struct stream *s, const struct call *c)
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

static uint64_t pointers(struct stream *s, const struct call *c)
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

/* Names that are to be made, moved or removed are the fuzzer's own; others may be anybody's. */
static uint64_t path(struct stream *s, const struct call *c)
{
	static const char *const there[] = {"/", "..", "/tmp", "/dev", "/dev/null", "/dev/zero", "/dev/full", "/dev/ptmx", "/dev/tty",
		"/dev/pts", "/dev/pts/0", "/dev/pts/1", "/dev/urandom", "/proc", "/proc/self", "/proc/self/fd",
		"/proc/self/fd/5", "/proc/self/task", "/proc/self/maps", "/proc/self/status", "/proc/self/stat", "/proc/self/statm",
		"/proc/self/environ", "/proc/self/cmdline", "/proc/self/limits", "/proc/self/mounts", "/proc/self/cwd",
		"/proc/self/root", "/proc/meminfo", "/proc/stat", "/proc/cpuinfo", "/proc/uptime", "/proc/loadavg", "/proc/1/stat",
		"/proc/orchard", "/proc/99999"};
	static const int removing[] = {SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir,
		SYS_mkdirat, SYS_mknod, SYS_mknodat, SYS_chroot};
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
	{SYS_fcntl, "cmd", fcntl_number}, {SYS_futex, "op", futex_op}, {-1, "persona", persona}, {-1, "set", signal_set},
	{SYS_rt_sigsuspend, "mask", signal_set}, {SYS_signalfd, "mask", signal_set}, {SYS_signalfd4, "mask", signal_set},
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
		if (by_name[k].nr == -1 && (c->type[i] == TYPE_FD || c->type[i] == TYPE_STR))
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
	{SYS_close_range, 2, 2}, {SYS_epoll_ctl, 40, 40}, {SYS_futex, 8, 8}, {SYS_sync, 2, 2}, {SYS_kill, 8, 8},
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
