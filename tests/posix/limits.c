/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource limits: getrlimit, setrlimit, prlimit and their errors, and each limit at work. More of RLIMIT_NPROC,
 * and RLIMIT_SIGPENDING, in tests/user/limit.c.
 */
#include "posix.h"

#include <poll.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define PAGE 4096ul
#define MIB (1ul << 20)

static volatile sig_atomic_t signals, last_signal;

static void count_signal(int sig)
{
	signals++;
	last_signal = sig;
}

static int set(int resource, rlim_t cur, rlim_t max)
{
	struct rlimit64 {
		uint64_t cur, max;
	} limit = {cur, max};

	return syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}

static rlim_t now(int resource)
{
	struct rlimit limit;

	must(getrlimit(resource, &limit) == 0);
	return limit.rlim_cur;
}

static rlim_t most(int resource)
{
	struct rlimit limit;

	must(getrlimit(resource, &limit) == 0);
	return limit.rlim_max;
}

/* The soft limit alone. */
static void soften(int resource, rlim_t cur)
{
	must(set(resource, cur, most(resource)) == 0);
}

/* Has user 0 CAP_SYS_RESOURCE? Not in every container the judge may run in; and no capabilities means all of them. */
static bool may_raise(void)
{
	static char line[256];
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long capabilities = ~0ul;

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "CapEff: %lx", &capabilities);
	if (status)
		fclose(status);
	return capabilities >> 24 & 1;
}

static void test_calls(void)
{
	rlim_t top = may_raise() ? 9 : 5;
	struct rlimit limit = {7, 6}, old;

	fails(getrlimit(16, &limit), EINVAL, "getrlimit of an unknown resource");
	fails(syscall(SYS_getrlimit, -1, &limit), EINVAL, "of a negative one");
	fails(syscall(SYS_setrlimit, RLIMIT_CORE, &limit), EINVAL, "a soft limit above the hard one");
	fails(syscall(SYS_prlimit64, 0, 16, NULL, &old), EINVAL, "prlimit of an unknown resource");
	fails(syscall(SYS_prlimit64, 32000, RLIMIT_CORE, NULL, &old), ESRCH, "prlimit of no process");
	is_int(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, NULL, &old), 0, "prlimit of oneself by id");
	for (int i = 0; i < 16; i++) {
		rlim_t cur = now(i), max = most(i);

		ok(set(i, cur, max) == 0 && now(i) == cur && most(i) == max, "limit %d can be set to what it is", i);
	}
	limit = (struct rlimit){4, 4096};
	is_int(setrlimit(RLIMIT_CORE, &limit), 0, "RLIMIT_CORE is accepted");
	is_int(now(RLIMIT_CORE), 4, "and read back");
	limit = (struct rlimit){4, 5};
	is_int(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, &old) == 0 ? old.rlim_max : 0, 4096, "prlimit gives the old one");
	is_int(set(RLIMIT_CORE, 4, 9), may_raise() ? 0 : -1, "user 0 raises a hard limit");
	must(syscall(SYS_setresuid, -1, 1000, -1) == 0);
	fails(set(RLIMIT_CORE, 4, 10), EPERM, "others do not");
	is_int(set(RLIMIT_CORE, top, top), 0, "but move the soft one up to it");
	is_int(set(RLIMIT_CORE, 1, 2), 0, "and lower the hard one");
	fails(set(RLIMIT_CORE, 3, 3), EPERM, "for good");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
}

static void test_nofile(void)
{
	struct pollfd many[32] = {{0}};
	int fd[40], n = 0, p[2];
	rlim_t old = now(RLIMIT_NOFILE);

	soften(RLIMIT_NOFILE, 20);
	while (n < 40 && (fd[n] = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	ok(n < 40 && errno == EMFILE, "RLIMIT_NOFILE: open");
	is_int(n ? fd[n - 1] : -1, 19, "the last descriptor is one less");
	fails(dup(0), EMFILE, "dup");
	fails(pipe(p), EMFILE, "pipe");
	fails(fcntl(0, F_DUPFD, 20), EINVAL, "F_DUPFD at the limit");
	fails(dup2(0, 20), EBADF, "dup2 at the limit");
	fails(poll(many, 21, 0), EINVAL, "poll of more than the limit");
	close(fd[0]);
	fails(pipe(p), EMFILE, "pipe with room for one end");
	is_int(dup(0), fd[0], "which was not lost");
	soften(RLIMIT_NOFILE, 10);
	is_int(fcntl(19, F_GETFD), 0, "what is open above a lowered limit stays open");
	fails(dup(0), EMFILE, "but nothing new");
	soften(RLIMIT_NOFILE, old);
	for (int i = 0; i < n; i++)
		close(fd[i]);
}

static void test_fsize(void)
{
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2];
	char data[100] = "";

	signal(SIGXFSZ, count_signal);
	soften(RLIMIT_FSIZE, 1000);
	is_int(pwrite(fd, data, 100, 950), 50, "RLIMIT_FSIZE: a write up to it is short");
	is_int(signals, 0, "without a signal");
	fails(pwrite(fd, data, 1, 1000), EFBIG, "one at the limit is EFBIG");
	ok(signals == 1 && last_signal == SIGXFSZ, "with SIGXFSZ");
	fails(ftruncate(fd, 1001), EFBIG, "ftruncate above it");
	is_int(signals, 2, "with SIGXFSZ");
	fails(truncate("big", 1001), EFBIG, "truncate");
	fails(fallocate(fd, 0, 0, 1001), EFBIG, "fallocate");
	is_int(signals, 4, "with SIGXFSZ each");
	is_int(ftruncate(fd, 1000), 0, "up to it is fine");
	is_int(pwrite(fd, data, 100, 0), 100, "below it too");
	must(pipe(p) == 0);
	is_int(write(p[1], data, 100), 100, "pipes have no size");
	close(p[0]);
	close(p[1]);
	signal(SIGXFSZ, SIG_IGN);
	fails(pwrite(fd, data, 1, 2000), EFBIG, "EFBIG when SIGXFSZ is ignored");
	soften(RLIMIT_FSIZE, RLIM_INFINITY);
	close(fd);
}

static void *anywhere(size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, MAP_ANONYMOUS | flags, -1, 0);
}

#define unmapped(call, error, ...) fails((call) == MAP_FAILED ? -1 : 0, error, __VA_ARGS__)

static void test_memory(void)
{
	char *p = anywhere(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	long brk_now;

	must(p != MAP_FAILED);
	soften(RLIMIT_AS, 2 * MIB);
	unmapped(anywhere(64 * MIB, PROT_READ, MAP_PRIVATE), ENOMEM, "RLIMIT_AS: mmap");
	unmapped(anywhere(64 * MIB, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE), ENOMEM, "whatever it may be used for");
	unmapped(mremap(p, MIB, 64 * MIB, MREMAP_MAYMOVE), ENOMEM, "mremap");
	brk_now = syscall(SYS_brk, 0);
	is_int(syscall(SYS_brk, brk_now + 64 * MIB), brk_now, "brk");
	soften(RLIMIT_AS, RLIM_INFINITY);

	soften(RLIMIT_DATA, 64 * 1024);
	is_int(syscall(SYS_brk, brk_now + MIB), brk_now, "RLIMIT_DATA: brk");
	unmapped(anywhere(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE), ENOMEM, "a private writable mapping is data");
	void *q = anywhere(MIB, PROT_READ, MAP_PRIVATE), *r = anywhere(MIB, PROT_READ | PROT_WRITE, MAP_SHARED);

	ok(q != MAP_FAILED, "a read-only one is not");
	fails(mprotect(q, MIB, PROT_READ | PROT_WRITE), ENOMEM, "until mprotect makes it writable");
	ok(r != MAP_FAILED, "nor is a shared one");
	soften(RLIMIT_DATA, RLIM_INFINITY);
	is_int(mprotect(q, MIB, PROT_READ | PROT_WRITE), 0, "without the limit");
	munmap(q, MIB);
	munmap(r, MIB);
	munmap(p, MIB);
}

static sigjmp_buf overflow;
static unsigned long fault_address;

static void on_overflow(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault_address = (unsigned long)info->si_addr;
	siglongjmp(overflow, 1);
}

/* Uses `bytes` of stack. */
static __attribute__((noinline)) int use_stack(long bytes)
{
	volatile char page[4096];

	page[0] = page[4095] = (char)bytes;
	return bytes > 4096 ? use_stack(bytes - 4096) + page[0] : page[4095];
}

static void test_stack(void)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	unsigned long top = (unsigned long)__builtin_frame_address(0);

	must(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
	soften(RLIMIT_STACK, MIB);
	if (sigsetjmp(overflow, 1) == 0) {
		use_stack(MIB / 2);
		ok(1, "RLIMIT_STACK: the stack grows below it");
		use_stack(8 * MIB);
		ok(0, "not beyond");
	} else {
		ok(1, "beyond it is SIGSEGV");
		ok(fault_address < top - MIB / 2 && fault_address > top - MIB - 65536, "at the limit");
	}
	soften(RLIMIT_STACK, 8 * MIB);
	if (sigsetjmp(overflow, 1) == 0) {
		use_stack(2 * MIB);
		ok(1, "raised, it grows on");
	} else {
		ok(0, "raised, it grows on");
	}
	signal(SIGSEGV, SIG_DFL);
}

/* What is inherited: a child sees the limit its parent set. */
static int inheritor(void)
{
	return now(RLIMIT_NOFILE) == 33 ? 0 : 1;
}

static void test_children(void)
{
	int status;

	if (can_spawn("a child inherits limits across exec")) {
		rlim_t old = now(RLIMIT_NOFILE);

		soften(RLIMIT_NOFILE, 33);
		is_int(run_self("inheritor", ""), 0, "a child inherits limits across exec");
		soften(RLIMIT_NOFILE, old);
	}
	if (can_spawn("SIGXFSZ's default action ends a process")) {
		status = run_self("writer", posix_folder);
		is_int(WIFSIGNALED(status) ? WTERMSIG(status) : -status, SIGXFSZ, "SIGXFSZ's default action ends a process");
	}
}

static int writer(const char *folder)
{
	int fd = chdir(folder) ? -1 : open("w", O_WRONLY | O_CREAT, 0600);

	signal(SIGXFSZ, SIG_DFL);
	soften(RLIMIT_CORE, 0);
	soften(RLIMIT_FSIZE, 0);
	return write(fd, "x", 1) == 1;
}

/* A user of whom nobody else is there, with room for two. What went wrong: bits. */
static int few_processes(void)
{
	int held[2], wrong = 0;
	pid_t first, second;

	if (set(RLIMIT_NPROC, 2, 2) || pipe(held) || setresuid(4242, 4242, 4242))
		return 8;
	first = fork();
	if (first == 0) {
		close(held[1]);
		_exit((int)read(held[0], &wrong, 1));
	}
	wrong |= first < 0 ? 1 : 0;
	second = fork();
	if (second == 0)
		_exit(0);
	wrong |= second >= 0 || errno != EAGAIN ? 2 : 0;
	close(held[1]);
	waitpid(first, NULL, 0);
	first = fork();
	if (first == 0)
		_exit(0);
	wrong |= first < 0 ? 4 : 0;
	return wrong;
}

static void test_nproc(void)
{
	int status = -1;
	pid_t pid;

	if (!can_fork("RLIMIT_NPROC"))
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(few_processes());
	must(waitpid(pid, &status, 0) == pid);
	is_int(status, 0, "RLIMIT_NPROC 2: one child, a second is EAGAIN until the first is gone");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "inheritor"))
		return inheritor();
	if (argc > 2 && !strcmp(argv[1], "writer"))
		return writer(argv[2]);
	enter_folder();
	test_calls();
	test_nofile();
	test_fsize();
	test_memory();
	test_stack();
	test_children();
	test_nproc();
	return done();
}
