/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that stays: mlock, mlock2, munlock, mlockall, munlockall, MAP_LOCKED; their limit, what they fill, what they keep others
 * from doing, and how /proc counts them. Source: mlock(2), getrlimit(2), madvise(2), msync(2).
 */
#include "posix.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static char *map(unsigned long pages, int prot, int flags)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* Pages of p that are there, of the first eight. */
static int present(char *p, unsigned long pages)
{
	unsigned char vec[8] = {0};
	int n = 0;

	must(mincore(p, pages * PAGE, vec) == 0);
	for (unsigned long i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

static long locked_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmLck: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static void test_mlock(void)
{
	char *p = map(8, RW, 0), *none = map(1, PROT_NONE, 0);
	long before = locked_kib();

	is_int(present(p, 8), 0, "a fresh mapping has no pages");
	is_int(mlock(p + 100, 2 * PAGE), 0, "mlock, not even of whole pages");
	is_int(present(p, 8), 3, "fills what it touches");
	is_int(locked_kib() - before, 12, "VmLck counts it");
	is_int(mlock(p, 4 * PAGE), 0, "a part of it again");
	is_int(locked_kib() - before, 16, "is counted once");
	fails(madvise(p, PAGE, MADV_DONTNEED), EINVAL, "MADV_DONTNEED does not take it away");
	fails(msync(p, PAGE, MS_INVALIDATE), EBUSY, "msync with MS_INVALIDATE is EBUSY");
	is_int(munlock(p + PAGE, PAGE), 0, "munlock of one page");
	is_int(locked_kib() - before, 12, "leaves the others");
	is_int(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0, "and lets it go");
	is_int(munlock(p, 8 * PAGE), 0, "munlock of what is partly locked");
	is_int(locked_kib() - before, 0, "none is");
	is_int(mlock(p, 0), 0, "mlock of nothing");
	fails(mlock(p, -2 * PAGE), EINVAL, "mlock that wraps around");
	fails(mlock(none, PAGE), ENOMEM, "mlock of what may not be read");
	munlock(none, PAGE);
	must(munmap(p + 2 * PAGE, PAGE) == 0);
	fails(mlock(p, 4 * PAGE), ENOMEM, "mlock over a hole");
	fails(munlock(p, 4 * PAGE), ENOMEM, "munlock too");
	munmap(p, 8 * PAGE);
	munmap(none, PAGE);
	is_int(locked_kib() - before, 0, "munmap ends it");
}

static void test_mlock2(void)
{
	char *p = map(4, RW, 0);
	long before = locked_kib();

	fails(syscall(SYS_mlock2, p, PAGE, 2), EINVAL, "mlock2 with an unknown flag");
	is_int(syscall(SYS_mlock2, p, 4 * PAGE, MLOCK_ONFAULT), 0, "MLOCK_ONFAULT");
	is_int(present(p, 4), 0, "fills nothing");
	is_int(locked_kib() - before, 16, "but counts");
	p[0] = 1;
	fails(madvise(p, PAGE, MADV_DONTNEED), EINVAL, "what was touched stays");
	is_int(syscall(SYS_mlock2, p, 4 * PAGE, 0), 0, "mlock2 without it");
	is_int(present(p, 4), 4, "fills");
	munmap(p, 4 * PAGE);
	p = map(4, RW, MAP_LOCKED);
	is_int(present(p, 4), 4, "MAP_LOCKED fills");
	is_int(locked_kib() - before, 16, "and counts");

	char *q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);

	must(q != MAP_FAILED);
	is_int(present(q, 8), 8, "mremap makes more of it, filled");
	is_int(locked_kib() - before, 32, "and counted");
	munmap(q, 8 * PAGE);
}

static void test_mlockall(void)
{
	char *p = map(4, RW, 0), *q;

	fails(mlockall(0), EINVAL, "mlockall of nothing");
	fails(mlockall(8), EINVAL, "with an unknown flag");
	fails(mlockall(MCL_ONFAULT), EINVAL, "with MCL_ONFAULT alone");
	is_int(mlockall(MCL_CURRENT), 0, "MCL_CURRENT");
	is_int(present(p, 4), 4, "fills all there is");
	q = map(4, RW, 0);
	is_int(present(q, 4), 0, "but not what comes later");
	munmap(q, 4 * PAGE);
	is_int(mlockall(MCL_FUTURE), 0, "MCL_FUTURE");
	q = map(4, RW, 0);
	is_int(present(q, 4), 4, "does that");
	munmap(q, 4 * PAGE);

	char *brk = (char *)syscall(SYS_brk, 0), *start = (char *)(((unsigned long)brk + PAGE - 1) & -PAGE);

	must(syscall(SYS_brk, start + 2 * PAGE) == (long)(start + 2 * PAGE));
	is_int(present(start, 2), 2, "for brk too");
	syscall(SYS_brk, brk);
	is_int(mlockall(MCL_FUTURE | MCL_ONFAULT), 0, "MCL_FUTURE with MCL_ONFAULT");
	q = map(4, RW, 0);
	is_int(present(q, 4), 0, "fills as it is touched");
	munmap(q, 4 * PAGE);
	is_int(munlockall(), 0, "munlockall");
	is_int(locked_kib(), 0, "leaves nothing locked");
	q = map(4, RW, 0);
	is_int(present(q, 4), 0, "and nothing to come");
	munmap(q, 4 * PAGE);
	munmap(p, 4 * PAGE);
}

static void limit_to(rlim_t bytes)
{
	struct rlimit limit = {bytes, 64 * PAGE};

	must(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
}

static void test_limit(void)
{
	char *p = map(8, RW, 0), *shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(shared != MAP_FAILED);
	limit_to(4 * PAGE);
	is_int(mlock(p, 8 * PAGE), 0, "RLIMIT_MEMLOCK is not for user 0");
	must(munlock(p, 8 * PAGE) == 0 && syscall(SYS_setresuid, -1, 1000, -1) == 0);
	is_int(mlock(p, 4 * PAGE), 0, "others lock up to it");
	is_int(mlock(p, 4 * PAGE), 0, "again: no more");
	fails(mlock(p + 4 * PAGE, PAGE), ENOMEM, "a page above it");
	fails(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0, EAGAIN, "MAP_LOCKED");
	fails(mlockall(MCL_CURRENT), ENOMEM, "mlockall of more");
	is_int(munlock(p + 2 * PAGE, 2 * PAGE), 0, "munlock");
	is_int(mlock(p + 6 * PAGE, 2 * PAGE), 0, "makes room");
	fails(mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0, EAGAIN, "mremap above it");
	must(munlock(p, PAGE) == 0 && mlock(shared, PAGE) == 0);
	fails(mremap(shared, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0, EAGAIN, "mremap of what is locked a second time");
	must(munlockall() == 0);
	limit_to(0);
	fails(mlock(p, PAGE), EPERM, "with a limit of 0 nothing");
	fails(mlockall(MCL_FUTURE), EPERM, "mlockall neither");
	fails(syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), EPERM, "MAP_LOCKED neither");
	is_int(munlock(p, PAGE), 0, "munlock always");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
	limit_to(64 * PAGE);
	munmap(p, 8 * PAGE);
	munmap(shared, PAGE);
}

static void test_fork(void)
{
	char *p = map(4, RW, 0);
	int status;
	pid_t pid;

	if (!can_fork("a child inherits no locks"))
		return;
	must(mlock(p, 4 * PAGE) == 0 && locked_kib() == 16);
	pid = fork();
	if (pid == 0)
		_exit(locked_kib() != 0);
	must(waitpid(pid, &status, 0) == pid);
	is_int(status, 0, "a child inherits no locks");
	is_int(locked_kib(), 16, "its parent keeps them");
	munmap(p, 4 * PAGE);
}

int main(void)
{
	must(getuid() == 0);
	test_mlock();
	test_mlock2();
	test_mlockall();
	test_limit();
	test_fork();
	return done();
}
