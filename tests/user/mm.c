/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as mmap(2), mprotect(2), mremap(2), madvise(2) and brk(2) describe it: contents,
 * protections and their faults, splitting and merging, the stack's growth and its end, and what a
 * bad pointer given to a system call comes to.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "kernel.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(long pages, int prot)
{
	char *at = mmap(NULL, pages * PAGE, prot, ANON, -1, 0);

	must(at != MAP_FAILED);
	return at;
}

/* ---- faults caught ---- */

static sigjmp_buf fault_jump;
static volatile sig_atomic_t fault_signal, fault_code;
static void *volatile fault_address;

static void fault_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = sig;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	siglongjmp(fault_jump, 1);
}

static void faults_catch(void)
{
	static char stack[65536];
	stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_sigaction = fault_handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};

	must(sigaltstack(&alternative, NULL) == 0);
	must(sigaction(SIGSEGV, &action, NULL) == 0);
	must(sigaction(SIGBUS, &action, NULL) == 0);
}

enum access { READ, WRITE, JUMP };

/* Does one access; the signal it raised, or 0. */
static int touch(volatile char *at, enum access access)
{
	fault_signal = 0;
	if (sigsetjmp(fault_jump, 1))
		return fault_signal;
	switch (access) {
	case READ:
		(void)*at;
		break;
	case WRITE:
		*at = 1;
		break;
	case JUMP:
		((void (*)(void))at)();
		break;
	}
	return 0;
}

static void faults(char *at, enum access access, int code, const char *name)
{
	is_int(touch(at, access), SIGSEGV, "%s: SIGSEGV", name);
	if (fault_signal == SIGSEGV)
		ok(fault_code == code && fault_address == at,
		   "%s: si_code %d (%d), si_addr %p (%p)", name, fault_code, code, fault_address,
		   at);
}

/* ---- /proc/self/maps ---- */

/*
 * How many regions overlap [from, to), and the permissions of the first; -1 without the file.
 * No stdio here: its buffer could be mapped into the very hole that is looked at.
 */
static int regions(const char *from, const char *to, char *permissions)
{
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY), count = 0;
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = '\0';
	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		char *at, *start = (char *)strtoul(line, &at, 16);
		char *end = (char *)strtoul(at + 1, &at, 16);

		if (start >= to || end <= from)
			continue;
		if (!count++ && permissions)
			memcpy(permissions, at + 1, 4);
	}
	return count;
}

/* ---- the tests ---- */

static void test_anonymous(void)
{
	char *at = map(64, RW);
	long nonzero = 0;

	for (long i = 0; i < 64 * PAGE; i++)
		nonzero += at[i];
	is_int(nonzero, 0, "anonymous memory is zero");
	memset(at, 0x5a, 64 * PAGE);
	is_int(at[63 * PAGE + 4095], 0x5a, "and keeps what is written");
	is_int(madvise(at, 32 * PAGE, MADV_DONTNEED), 0, "madvise DONTNEED");
	is_int(at[0] + at[31 * PAGE], 0, "makes it zero again");
	is_int(at[32 * PAGE], 0x5a, "and leaves the rest");
	is_int(munmap(at, 64 * PAGE), 0, "munmap");
	faults(at, READ, SEGV_MAPERR, "a read after munmap");
	is_int(munmap(at, 64 * PAGE), 0, "munmap of nothing is no error");
}

static void test_arguments(void)
{
	char *at = map(1, RW);

	fails(mmap(NULL, 0, RW, ANON, -1, 0), EINVAL, "mmap of length 0 is EINVAL");
	fails(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL, "neither shared nor private");
	fails(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF, "mmap of descriptor -1 is EBADF");
	fails(mmap(at + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL, "MAP_FIXED off a page");
	fails(munmap(at + 1, PAGE), EINVAL, "munmap off a page is EINVAL");
	fails(munmap(at, 0), EINVAL, "munmap of length 0 is EINVAL");
	fails(syscall(SYS_mprotect, at + 1, PAGE, RW), EINVAL, "mprotect off a page is EINVAL");
	fails(mmap(NULL, 1L << 46, RW, ANON, -1, 0), ENOMEM, "64 TiB are ENOMEM");
	fails(mmap(NULL, -PAGE, RW, ANON, -1, 0), ENOMEM, "all of it is ENOMEM");
	fails(mmap((void *)(-4 * PAGE), PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM,
	      "MAP_FIXED in the kernel's half is ENOMEM");
	munmap(at, PAGE);
	fails(mprotect(at, PAGE, RW), ENOMEM, "mprotect of a hole is ENOMEM");
	fails(madvise(at, PAGE, MADV_DONTNEED), ENOMEM, "madvise of a hole is ENOMEM");
}

static void test_protection(void)
{
	char *at = map(3, RW);

	at[PAGE] = 7;
	is_int(mprotect(at + PAGE, PAGE, PROT_READ), 0, "mprotect to read-only");
	is_int(at[PAGE], 7, "the page still reads");
	faults(at + PAGE, WRITE, SEGV_ACCERR, "a write to a read-only page");
	is_int(touch(at, WRITE) | touch(at + 2 * PAGE, WRITE), 0, "its neighbours are writable");
	is_int(mprotect(at + PAGE, PAGE, PROT_NONE), 0, "mprotect to nothing");
	faults(at + PAGE + 123, READ, SEGV_ACCERR, "a read of a PROT_NONE page");
	is_int(mprotect(at + PAGE, PAGE, RW), 0, "mprotect back");
	is_int(at[PAGE], 7, "the content is still there");
	is_int(touch(at + PAGE, WRITE), 0, "and writable again");
	faults(NULL, READ, SEGV_MAPERR, "a read of NULL");
	munmap(at, 3 * PAGE);
}

static void test_nx(void)
{
	char *at = map(1, RW);

	at[0] = (char)0xc3; /* ret */
	faults(at, JUMP, SEGV_ACCERR, "a jump into data");
	if (mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0) /* what W^X says of it: tests/rungs/wx.c */
		is_int(touch(at, JUMP), 0, "after mprotect the jump comes back");
	else
		is_int(errno, EACCES, "W^X: what could be written is never executed");
	munmap(at, PAGE);
}

static void test_split_and_merge(void)
{
	char *at = map(9, PROT_NONE), flags[8] = "";

	/* Guards on both sides keep the neighbours from merging with it. */
	is_int(mprotect(at + PAGE, 7 * PAGE, RW), 0, "seven pages between guards");
	if (regions(at, at + PAGE, NULL) < 0) {
		skip("no /proc/self/maps", "regions split and merge");
		return;
	}
	is_int(regions(at + PAGE, at + 8 * PAGE, flags), 1, "are one region");
	is_str(flags, "rw-p", "which is rw-p");
	mprotect(at + 3 * PAGE, PAGE, PROT_READ);
	is_int(regions(at + PAGE, at + 8 * PAGE, NULL), 3, "another protection splits it in three");
	mprotect(at + 3 * PAGE, PAGE, RW);
	is_int(regions(at + PAGE, at + 8 * PAGE, NULL), 1, "the old one merges them");
	munmap(at + 4 * PAGE, PAGE);
	is_int(regions(at + PAGE, at + 8 * PAGE, NULL), 2, "a hole leaves two");
	is_int(touch(at + 3 * PAGE, WRITE) | touch(at + 5 * PAGE, WRITE), 0, "both usable");
	faults(at + 4 * PAGE, READ, SEGV_MAPERR, "a read of the hole");
	ok(mmap(at + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == at + 4 * PAGE,
	   "MAP_FIXED fills it");
	is_int(at[4 * PAGE], 0, "with zeroes");
	at[2 * PAGE] = 9;
	ok(mmap(at + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == at + 2 * PAGE,
	   "MAP_FIXED replaces a page");
	is_int(at[2 * PAGE], 0, "with a new one");
	munmap(at, 9 * PAGE);
}

static void test_mremap(void)
{
	char *at = map(4, RW), *larger;

	strcpy(at, "first");
	strcpy(at + 3 * PAGE, "last");
	larger = mremap(at, 4 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
	ok(larger != MAP_FAILED, "mremap grows");
	must(larger != MAP_FAILED);
	ok(!strcmp(larger, "first") && !strcmp(larger + 3 * PAGE, "last"), "and keeps the content");
	is_int(larger[399 * PAGE], 0, "the new part is zero");
	ok(mremap(larger, 400 * PAGE, 2 * PAGE, 0) == larger, "mremap shrinks in place");
	faults(larger + 2 * PAGE, READ, SEGV_MAPERR, "a read behind it");
	munmap(larger, 2 * PAGE);

	at = map(3, RW);
	fails(mremap(at, PAGE, 3 * PAGE, 0), ENOMEM, "no room to grow in place is ENOMEM");
	munmap(at, 3 * PAGE);
	fails(mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "mremap of a hole is EFAULT");
}

static void test_brk(void)
{
	/* musl's brk and sbrk refuse: its allocator owns the break. The system call itself. */
	char *start = (char *)syscall(SYS_brk, 0), *end;

	ok(start != NULL, "brk tells where it is");
	end = (char *)syscall(SYS_brk, start + 10 * PAGE);
	ok(end == start + 10 * PAGE, "brk grows");
	is_int(touch(end - 1, WRITE), 0, "the new memory is writable");
	ok((char *)syscall(SYS_brk, start) == start, "brk shrinks");
	ok((char *)syscall(SYS_brk, (char *)1) == start, "a senseless brk changes nothing");
}

/* Goes down the stack page by page; one frame is one page. */
static __attribute__((noinline)) long stack_use(long pages)
{
	volatile char frame[PAGE];

	frame[0] = (char)pages;
	frame[PAGE - 1] = (char)pages;
	return pages ? stack_use(pages - 1) + (frame[0] == (char)pages) : 1;
}

static void test_stack(void)
{
	struct rlimit limit;

	is_int(stack_use(1000), 1001, "the stack grows to 4 MiB");
	must(getrlimit(RLIMIT_STACK, &limit) == 0);
	fault_signal = 0;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > 64 << 20) {
		skip("the stack has no limit here", "a stack overflow is SIGSEGV on sigaltstack");
		return;
	}
	if (!sigsetjmp(fault_jump, 1))
		stack_use(limit.rlim_cur / PAGE + 100);
	is_int(fault_signal, SIGSEGV, "a stack overflow is SIGSEGV on sigaltstack");
	is_int(stack_use(100), 101, "and the stack is usable after it");
}

static void test_file(void)
{
	char name[] = "/tmp/orchard-mm-XXXXXX", text[16] = "";
	int fd;
	char *at;

	mkdir("/tmp", 01777);
	must((fd = mkstemp(name)) >= 0);
	must(ftruncate(fd, PAGE + 100) == 0);
	must(pwrite(fd, "orchard", 7, 0) == 7 && pwrite(fd, "end", 3, PAGE + 97) == 3);
	at = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
	must(at != MAP_FAILED);
	ok(!memcmp(at, "orchard", 7), "a file mapping shows the file");
	ok(!memcmp(at + PAGE + 97, "end\0\0\0", 6), "and zeroes behind its end");
	memcpy(at, "private", 7);
	is_int(pread(fd, text, 7, 0), 7, "the file reads");
	is_str(text, "orchard", "as before: the write is private");
	ok(!memcmp(at, "private", 7), "the mapping has the write");
	is_int(touch(at + 2 * PAGE, READ), SIGBUS, "a page behind the file's end is SIGBUS");
	is_int(close(fd) | unlink(name), 0, "the file goes away");
	ok(!memcmp(at + PAGE + 97, "end", 3), "the mapping stays");
	munmap(at, 3 * PAGE);

	must((fd = open(SELF, O_RDONLY)) >= 0);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	ok(at != MAP_FAILED && !memcmp(at, "\177ELF", 4), "the own program maps");
	fails(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EACCES, "shared and writable needs O_RDWR");
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL,
	      "an offset off a page is EINVAL");
	munmap(at, PAGE);
	close(fd);
}

/* Pointers a system call must refuse: EFAULT, whatever the kernel, and nothing happens. */
static void test_bad_pointers(void)
{
	char *readonly = map(1, PROT_READ), *hole = map(3, RW);
	struct {
		void *at;
		const char *name;
	} bad[] = {
	    {NULL, "NULL"},
	    {(void *)0xffffffff80000000, "the kernel's text"},
	    {(void *)0xffff888000000000, "the kernel's memory"},
	    {(void *)0x8000000000000000, "a non-canonical address"},
	    {(void *)-1L, "the last byte"},
	    {(void *)0x7ffffffff000, "the end of the lower half"},
	    {hole + PAGE, "a hole"},
	};
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY), ends[2];
	struct iovec vector;

	must(null >= 0 && zero >= 0 && pipe(ends) == 0);
	munmap(hole + PAGE, PAGE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fails(read(zero, bad[i].at, 8), EFAULT, "read into %s", bad[i].name);
		fails(write(ends[1], bad[i].at, 8), EFAULT, "write from %s", bad[i].name);
		fails(open(bad[i].at, O_RDONLY), EFAULT, "open of %s", bad[i].name);
		fails(syscall(SYS_stat, "/", bad[i].at), EFAULT, "stat into %s", bad[i].name);
	}
	fails(read(zero, readonly, 8), EFAULT, "read into a read-only page");
	is_int(write(ends[1], readonly, 8), 8, "write from a read-only page is fine");
	is_int(write(ends[1], hole + PAGE - 4, 8) == 4 || errno == EFAULT, 1,
	       "a write that runs into a hole is short or EFAULT");
	vector = (struct iovec){(void *)0xffffffff80000000, 16};
	fails(writev(ends[1], &vector, 1), EFAULT, "writev from the kernel");
	fails(readv(zero, (void *)0xffffffff80000000, 1), EFAULT,
	      "readv with a vector in the kernel");
	fails(pipe((int *)0xffffffff80000000), EFAULT, "pipe into the kernel");
	fails(nanosleep((void *)8, NULL), EFAULT, "nanosleep from NULL");
	fails(getcwd((char *)0xffffffff80000000, 100) ? 0 : -1, EFAULT, "getcwd into the kernel");
	close(null), close(zero), close(ends[0]), close(ends[1]);
	munmap(readonly, PAGE), munmap(hole, 3 * PAGE);
}

static void test_shared_anonymous(void)
{
	const char *name = "shared memory is shared across fork, private is not";
	volatile long *shared, *private = (long *)map(1, RW);
	pid_t pid;

	shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(shared != MAP_FAILED, "shared anonymous memory maps");
	if (shared == MAP_FAILED || !can_fork(name))
		return;
	pid = fork();
	if (pid == 0) {
		*shared = 7;
		*private = 7;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ok(*shared == 7 && *private == 0, "%s", name);
}

int main(void)
{
	faults_catch();
	test_anonymous();
	test_arguments();
	test_protection();
	test_nx();
	test_split_and_merge();
	test_mremap();
	test_brk();
	test_stack();
	test_file();
	test_bad_pointers();
	test_shared_anonymous();
	return done();
}
