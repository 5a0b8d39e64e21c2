/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings: the flags of mmap(2), which access faults how, files that memory and descriptors see alike, files that shrink
 * under a mapping, mremap, madvise, msync, mincore, the mlock family, brk, memfd_create, the stack.
 */
#include "posix.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static sigjmp_buf back;
static siginfo_t fault;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault = *info;
	siglongjmp(back, 1);
}

/* What a read or write of one byte ends in: signal and si_code as sig << 8 | code, 0 for none. */
static int probe(volatile char *p, bool write)
{
	memset(&fault, 0, sizeof(fault));
	if (sigsetjmp(back, 1))
		return fault.si_addr == p ? fault.si_signo << 8 | fault.si_code : -1;
	if (write)
		*p = 1;
	else
		(void)*p;
	return 0;
}

#define READING(p) probe((char *)(p), false)
#define WRITING(p) probe((char *)(p), true)
#define MAPERR (SIGSEGV << 8 | SEGV_MAPERR)
#define ACCERR (SIGSEGV << 8 | SEGV_ACCERR)
#define ADRERR (SIGBUS << 8 | BUS_ADRERR)

static char *map(size_t pages, int prot, int flags, int fd, off_t offset)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags, fd, offset);

	must(p != MAP_FAILED);
	return p;
}

static int file_of_pages(const char *name, int pages)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && ftruncate(fd, pages * PAGE) == 0);
	for (int i = 0; i < pages; i++) {
		char c = 'a' + i;

		must(pwrite(fd, &c, 1, i * PAGE) == 1);
	}
	return fd;
}

#define refused(call, error, ...) fails((call) == MAP_FAILED ? -1 : 0, error, __VA_ARGS__)

static void test_arguments(void)
{
	int fd = file_of_pages("args", 1), reading = open("args", O_RDONLY), writing = open("args", O_WRONLY);
	int dir = open(".", O_RDONLY), p[2];

	must(pipe(p) == 0);
	refused(mmap(NULL, 0, RW, ANON, -1, 0), EINVAL, "a length of 0");
	refused(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL, "neither shared nor private");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL, "an offset inside a page");
	refused((void *)syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, -4096L), EOVERFLOW, "an offset that wraps");
	refused(mmap((void *)100, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL, "MAP_FIXED inside a page");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF, "no such descriptor");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writing, 0), EACCES, "a file open for writing only");
	refused(mmap(NULL, PAGE, RW, MAP_SHARED, reading, 0), EACCES, "shared and writable, open for reading only");
	ok(mmap(NULL, PAGE, RW, MAP_PRIVATE, reading, 0) != MAP_FAILED, "private and writable is fine");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0), ENODEV, "a directory");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), EACCES + (ENODEV - EACCES), "a pipe");
	refused((void *)syscall(SYS_mmap, 0, -4096L, RW, ANON, -1, 0), ENOMEM, "nearly all addresses");
	refused(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x800000, fd, 0), EOPNOTSUPP,
		"MAP_SHARED_VALIDATE with an unknown flag");
	ok(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0) != MAP_FAILED, "MAP_SHARED_VALIDATE");
	fails(munmap((void *)100, PAGE), EINVAL, "munmap inside a page");
	fails(munmap(map(1, RW, ANON, -1, 0), 0), EINVAL, "munmap of nothing");
	fails(syscall(SYS_mprotect, 100, PAGE, RW), EINVAL, "mprotect inside a page");

	char *q = map(1, PROT_READ, MAP_SHARED, reading, 0);

	fails(mprotect(q, PAGE, RW), EACCES, "mprotect cannot make it writable");
	fails(mprotect(q, PAGE, 0x1000), EINVAL, "an unknown protection");
	close(fd), close(reading), close(writing), close(dir), close(p[0]), close(p[1]);
}

static void test_placement(void)
{
	char *p = map(3, RW, ANON, -1, 0);

	must(munmap(p + PAGE, PAGE) == 0);
	is_int(READING(p + PAGE), MAPERR, "munmap of the middle: SEGV_MAPERR there");
	is_int(WRITING(p + 2 * PAGE), 0, "and the rest stays");
	fails(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM, "mprotect over the hole");
	is_int(munmap(p + PAGE, PAGE), 0, "munmap of what is not mapped");
	ok(mmap(p + PAGE, PAGE, RW, ANON, -1, 0) == p + PAGE, "a hint that is free is taken");
	ok(mmap(p + PAGE, PAGE, RW, ANON, -1, 0) != p + PAGE, "one that is not leads elsewhere");
	p[PAGE] = 'x';
	refused(mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST, "MAP_FIXED_NOREPLACE over something");
	is_int(p[PAGE], 'x', "changes nothing");
	ok(mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + PAGE, "MAP_FIXED replaces");
	is_int(p[PAGE], 0, "by zeros");
	must(munmap(p, PAGE) == 0);
	ok(mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == p, "MAP_FIXED_NOREPLACE into a hole");
	munmap(p, 3 * PAGE);
	p = map(4, RW, ANON | MAP_POPULATE, -1, 0);

	unsigned char vec[4] = {0};

	is_int(mincore(p, 4 * PAGE, vec) == 0 ? vec[0] & vec[3] & 1 : -1, 1, "MAP_POPULATE: all pages are there at once");
	munmap(p, 4 * PAGE);
	ok(mmap(NULL, PAGE, RW, ANON | MAP_NORESERVE | MAP_STACK, -1, 0) != MAP_FAILED, "MAP_NORESERVE, MAP_STACK: fine");
}

static void test_protection(void)
{
	char *p = map(2, RW, ANON, -1, 0);

	must(mprotect(p, PAGE, PROT_READ) == 0);
	is_int(READING(p), 0, "PROT_READ reads");
	is_int(WRITING(p), ACCERR, "and a write is SEGV_ACCERR at its address");
	is_int(WRITING(p + PAGE), 0, "the next page is not affected");
	p[PAGE] = 'k';
	must(mprotect(p, 2 * PAGE, PROT_NONE) == 0);
	is_int(READING(p + PAGE), ACCERR, "PROT_NONE is SEGV_ACCERR");
	must(mprotect(p, 2 * PAGE, RW) == 0);
	is_int(p[PAGE], 'k', "and the content survives it");
	is_int(WRITING(p), 0, "writable again");
	munmap(p, 2 * PAGE);
	is_int(READING(p), MAPERR, "unmapped: SEGV_MAPERR");
	is_int(READING(NULL), MAPERR, "a NULL pointer: SEGV_MAPERR at 0");

	/* mov $42, %eax; ret */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	int (*volatile function)(void);

	p = map(1, RW, ANON, -1, 0);
	memcpy(p, code, sizeof(code));
	function = (int (*)(void))p;
	if (sigsetjmp(back, 1) == 0) {
		function();
		ok(0, "a page without PROT_EXEC does not run");
	} else {
		is_int(fault.si_code, SEGV_ACCERR, "a page without PROT_EXEC does not run");
	}
	if (mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0) /* what W^X says of it: tests/rungs/wx.c */
		is_int(function(), 42, "with PROT_EXEC it does");
	else
		is_int(errno, EACCES, "W^X: it could be written, and so never runs");
	munmap(p, PAGE);

	int fd = open("code", O_RDWR | O_CREAT, 0600);

	must(write(fd, code, sizeof(code)) == sizeof(code));
	p = map(1, PROT_READ, MAP_PRIVATE, fd, 0);
	must(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
	function = (int (*)(void))p;
	is_int(function(), 42, "a file's page with PROT_EXEC does");
	munmap(p, PAGE);
	close(fd), unlink("code");
}

static void test_files(void)
{
	int fd = file_of_pages("shared", 2), other = open("shared", O_RDWR);
	char *s = map(2, RW, MAP_SHARED, fd, 0), *t = map(1, RW, MAP_SHARED, other, PAGE), *v = map(2, RW, MAP_PRIVATE, fd, 0);
	char c = 0;

	is_int(s[PAGE], 'b', "a shared mapping shows the file");
	s[0] = 'S';
	ok(pread(other, &c, 1, 0) == 1 && c == 'S', "a store is read through another descriptor");
	must(pwrite(other, "W", 1, 1) == 1);
	is_int(s[1], 'W', "a write through one is seen in memory");
	t[5] = 'T';
	is_int(s[PAGE + 5], 'T', "and in another mapping, at its offset");
	is_int(v[0], 'S', "a private mapping shows the file too");
	v[0] = 'V';
	ok(pread(fd, &c, 1, 0) == 1 && c == 'S', "but its stores stay its own");
	must(v[PAGE] == 'b' && mprotect(v, 2 * PAGE, PROT_READ) == 0 && mprotect(v, 2 * PAGE, RW) == 0);
	v[PAGE] = 'V';
	ok(pread(fd, &c, 1, PAGE) == 1 && c == 'b', "also after its rights were taken and given back");
	s[0] = 's';
	is_int(v[0], 'V', "and it keeps what it stored");
	close(fd);
	close(other);
	s[PAGE] = 'X';
	is_int(text_of("shared")[1], 'W', "descriptors may be closed");
	must(unlink("shared") == 0);
	s[7] = 7;
	is_int(s[7], 7, "and the name may go");
	is_int(msync(s, 2 * PAGE, MS_SYNC), 0, "msync MS_SYNC");
	is_int(msync(s, 2 * PAGE, MS_ASYNC | MS_INVALIDATE), 0, "MS_ASYNC, MS_INVALIDATE");
	fails(msync(s, PAGE, MS_SYNC | MS_ASYNC), EINVAL, "both kinds");
	fails(msync(s, PAGE, 64), EINVAL, "an unknown flag");
	fails(msync(s + 1, PAGE, MS_SYNC), EINVAL, "an address inside a page");
	must(munmap(t, PAGE) == 0);
	fails(msync(t, PAGE, MS_SYNC), ENOMEM, "what is not mapped");
	munmap(s, 2 * PAGE);
	munmap(v, 2 * PAGE);
}

static void test_shrinking(void)
{
	int fd = file_of_pages("shrink", 4);
	char *s = map(4, RW, MAP_SHARED, fd, 0), *v = map(4, RW, MAP_PRIVATE, fd, 0), *beyond = map(6, PROT_READ, MAP_SHARED, fd, 0);
	char c = 1;

	is_int(READING(beyond + 4 * PAGE), ADRERR, "past the end of the file: SIGBUS, BUS_ADRERR");
	s[2 * PAGE] = s[3 * PAGE] = 1;
	v[3 * PAGE] = 2;
	must(ftruncate(fd, PAGE + 100) == 0);
	is_int(READING(s + 2 * PAGE), ADRERR, "a file cut under a mapping: SIGBUS where pages were");
	is_int(WRITING(s + 3 * PAGE), ADRERR, "for a write as well");
	is_int(READING(v + 3 * PAGE), ADRERR, "and in a private mapping, copied or not");
	is_int(READING(s + PAGE + 500), 0, "the last page stays whole");
	is_int(s[PAGE + 100], 0, "zeros behind the end");
	must(ftruncate(fd, 4 * PAGE) == 0);
	is_int(READING(s + 2 * PAGE), 0, "longer again: the mapping works again");
	is_int(s[3 * PAGE], 0, "with zeros");
	s[2 * PAGE] = 'p';
	v[2 * PAGE] = 'q';
	is_int(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, PAGE), 0, "a hole punched under a mapping");
	is_int(s[2 * PAGE], 0, "reads as zeros");
	is_int(v[2 * PAGE], 'q', "but what a private mapping copied stays");
	s[2 * PAGE] = 'n';
	ok(pread(fd, &c, 1, 2 * PAGE) == 1 && c == 'n', "and a new store reaches the file");
	close(open("shrink", O_WRONLY | O_TRUNC));
	is_int(READING(s), ADRERR, "O_TRUNC cuts too");
	munmap(s, 4 * PAGE), munmap(v, 4 * PAGE), munmap(beyond, 6 * PAGE);
	close(fd);
}

/* Another process: sees our store, answers, cuts the file. */
static int partner(void)
{
	int fd = open("between", O_RDWR);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || strcmp(p, "ask"))
		return 1;
	strcpy(p, "answer");
	return ftruncate(fd, PAGE) ? 2 : 0;
}

static void test_between(void)
{
	const char *name = "a shared file mapping between two processes";
	int fd = file_of_pages("between", 2);
	char *p = map(2, RW, MAP_SHARED, fd, 0);

	strcpy(p, "ask");
	if (!can_spawn(name))
		return;
	must(READING(p + PAGE) == 0);
	is_int(run_self("partner", posix_folder), 0, "%s: the other sees the store", name);
	is_str(p, "answer", "and we its answer");
	is_int(READING(p + PAGE), ADRERR, "the file it cut is cut here");
	close(fd);
	if (!can_fork("MAP_SHARED|MAP_ANONYMOUS across fork"))
		return;
	char *s = map(1, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *v = map(1, RW, ANON, -1, 0);
	pid_t pid = fork();

	if (pid == 0) {
		*s = *v = 'c';
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	is_int(*s, 'c', "MAP_SHARED|MAP_ANONYMOUS across fork");
	is_int(*v, 0, "MAP_PRIVATE is copied");
	is_int(madvise(v, PAGE, MADV_DONTFORK), 0, "MADV_DONTFORK");
	is_int(madvise(s, PAGE, MADV_DOFORK), 0, "MADV_DOFORK");
	pid = fork();
	if (pid == 0)
		_exit(READING(v) == MAPERR && READING(s) == 0 ? 0 : 1);
	int status;
	must(waitpid(pid, &status, 0) == pid);
	is_int(status, 0, "the child has the one and not the other");
	must(madvise(v, PAGE, MADV_DOFORK) == 0);
	*v = 'w';
	is_int(madvise(v, PAGE, MADV_WIPEONFORK), 0, "MADV_WIPEONFORK");
	fails(madvise(s, PAGE, MADV_WIPEONFORK), EINVAL, "not for shared mappings");
	pid = fork();
	if (pid == 0)
		_exit(*v);
	must(waitpid(pid, &status, 0) == pid);
	is_int(status, 0, "the child finds zeros");
	is_int(*v, 'w', "the parent what it had");
}

static void test_mremap(void)
{
	int fd = file_of_pages("remap", 4);
	char *p = map(4, RW, ANON, -1, 0), *q, *s;

	for (int i = 0; i < 4; i++)
		p[i * PAGE] = '0' + i;
	ok(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p, "mremap shrinks in place");
	is_int(READING(p + 2 * PAGE), MAPERR, "and unmaps the rest");
	ok(mremap(p, 2 * PAGE, 4 * PAGE, 0) == p, "grows in place where there is room");
	ok(p[PAGE] == '1' && p[3 * PAGE] == 0, "by zeros");
	must(mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + 4 * PAGE);
	must(mprotect(p + 4 * PAGE, PAGE, PROT_READ) == 0);
	refused(mremap(p, 4 * PAGE, 8 * PAGE, 0), ENOMEM, "without room it needs MREMAP_MAYMOVE");
	q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q != p && q[PAGE] == '1', "and moves with its content");
	is_int(READING(p), MAPERR, "from where nothing is left");
	s = map(8, PROT_NONE, ANON, -1, 0);
	ok(mremap(q, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, s) == s && s[PAGE] == '1', "MREMAP_FIXED replaces what is there");
	refused(mremap(s, 8 * PAGE, 8 * PAGE, MREMAP_FIXED, q), EINVAL, "it needs MREMAP_MAYMOVE");
	refused(mremap(s, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, s + PAGE), EINVAL, "overlapping itself");
	refused(mremap(s, 8 * PAGE, 0, 0), EINVAL, "to nothing");
	refused(mremap(s + 1, PAGE, PAGE, 0), EINVAL, "inside a page");
	refused(mremap(s, PAGE, PAGE, 64), EINVAL, "an unknown flag");
	refused(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "of what is not mapped");
	q = mremap(s, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */);
	ok(q != MAP_FAILED && q[PAGE] == '1' && s[PAGE] == 0, "MREMAP_DONTUNMAP leaves an empty mapping behind");
	munmap(q, 8 * PAGE), munmap(s, 8 * PAGE), munmap(p, 5 * PAGE);

	s = map(2, RW, MAP_SHARED, fd, PAGE);
	q = mremap(s, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q[0] == 'b' && q[2 * PAGE] == 'd', "a file's mapping grows over the file");
	p = mremap(q, 0, 3 * PAGE, MREMAP_MAYMOVE);
	ok(p != MAP_FAILED && p != q, "an old length of 0 maps shared pages a second time");
	*q = 'Q';
	is_int(p != MAP_FAILED ? *p : 0, 'Q', "the same pages");
	munmap(p, 3 * PAGE), munmap(q, 3 * PAGE);
	p = map(1, RW, ANON, -1, 0);
	refused(mremap(p, 0, PAGE, MREMAP_MAYMOVE), EINVAL, "but not private ones");
	munmap(p, PAGE);
	close(fd);
}

static void test_madvise(void)
{
	int fd = file_of_pages("advice", 2);
	char *p = map(2, RW, ANON, -1, 0), *s = map(2, RW, MAP_SHARED, fd, 0), *v = map(2, RW, MAP_PRIVATE, fd, 0);
	unsigned char vec[2];

	p[0] = v[0] = s[PAGE] = 'x';
	is_int(madvise(p, PAGE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	is_int(p[0], 0, "anonymous memory: zeros");
	is_int(madvise(v, PAGE, MADV_DONTNEED) == 0 ? v[0] : 0, 'a', "a private file mapping: the file again");
	is_int(madvise(s, 2 * PAGE, MADV_DONTNEED) == 0 ? s[PAGE] : 0, 'x', "a shared one loses nothing");
	is_int(madvise(p, PAGE, MADV_FREE), 0, "MADV_FREE");
	fails(madvise(s, PAGE, MADV_FREE), EINVAL, "not of a file");
	is_int(madvise(s, PAGE, MADV_WILLNEED), 0, "MADV_WILLNEED");
	is_int(madvise(s, PAGE, MADV_SEQUENTIAL) | madvise(s, PAGE, MADV_RANDOM) | madvise(s, PAGE, MADV_NORMAL), 0, "the three orders");
	is_int(madvise(p, PAGE, MADV_COLD), 0, "MADV_COLD");
	fails(madvise(p, PAGE, 777), EINVAL, "unknown advice");
	fails(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL, "inside a page");
	is_int(madvise(s, PAGE, MADV_REMOVE), 0, "MADV_REMOVE");
	is_int(text_of("advice")[0], 0, "punches a hole into the file");
	fails(madvise(p, PAGE, MADV_REMOVE), EINVAL, "not of anonymous private memory");
	munmap(p + PAGE, PAGE);
	fails(madvise(p, 2 * PAGE, MADV_DONTNEED), ENOMEM, "a hole is ENOMEM");
	munmap(p, PAGE);
	p = map(2, RW, ANON, -1, 0);
	is_int(madvise(p, PAGE, MADV_POPULATE_WRITE), 0, "MADV_POPULATE_WRITE");
	is_int(mincore(p, 2 * PAGE, vec) == 0 ? (vec[0] & 1) | (vec[1] & 1) << 1 : -1, 1, "mincore: this page and not the next");
	must(mprotect(p, PAGE, PROT_READ) == 0);
	fails(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL, "not where one may not write");
	is_int(madvise(p, PAGE, MADV_POPULATE_READ), 0, "MADV_POPULATE_READ");
	fails(mincore(p + 1, PAGE, vec), EINVAL, "mincore inside a page");
	is_int(mincore(s, 2 * PAGE, vec) == 0 ? vec[1] & 1 : -1, 1, "mincore: a file's page that is in memory");
	munmap(p, 2 * PAGE);
	fails(mincore(p, PAGE, vec), ENOMEM, "mincore of what is not mapped");
	munmap(s, 2 * PAGE), munmap(v, 2 * PAGE);
	close(fd);
}

static void test_brk(void)
{
	char *start = (char *)syscall(SYS_brk, 0);

	ok((char *)syscall(SYS_brk, start + 3 * PAGE) == start + 3 * PAGE, "brk grows");
	start[2 * PAGE] = 'h';
	ok((char *)syscall(SYS_brk, start + PAGE) == start + PAGE, "and shrinks");
	must((char *)syscall(SYS_brk, start + 3 * PAGE) == start + 3 * PAGE);
	is_int(start[2 * PAGE], 0, "what comes back is zero");
	ok((char *)syscall(SYS_brk, 4096) == start + 3 * PAGE, "below its start it does not move");
	syscall(SYS_brk, start);
}

static __attribute__((noinline)) int deep(int levels)
{
	volatile char page[4096];

	page[0] = page[4095] = (char)levels;
	return levels ? deep(levels - 1) + page[0] : page[4095];
}

int main(int argc, char **argv)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	must(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
	if (argc > 2 && !strcmp(argv[1], "partner"))
		return chdir(argv[2]) ? 9 : partner();
	enter_folder();
	test_arguments();
	test_placement();
	test_protection();
	test_files();
	test_shrinking();
	test_between();
	test_mremap();
	test_madvise();
	test_brk();
	deep(1000);
	ok(1, "the stack grows to 4 MiB");
	return done();
}
