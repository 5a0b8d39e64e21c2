/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel does what its axes in /proc/orchard say, and what it cannot do it refuses: no vfork in
 * disguise of fork, no mapping in a neighbour's slot, no process where there is only one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel.h"

#define PAGE 4096L
#define CLOSE_RANGE_UNSHARE 2
#define CROWD 8
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002

static bool one_of(const char *value, const char *a, const char *b)
{
	return !strcmp(value, a) || !strcmp(value, b);
}

static void test_axes(void)
{
	const char *name = "/proc/orchard names the three axes";

	if (!kernel_is_orchard()) {
		skip("this is not Orchard", name);
		return;
	}
	ok(one_of(kernel_axis("gate"), "ring0", "ring3"), "gate is %s", kernel_axis("gate"));
	ok(one_of(kernel_axis("aspace"), "shared", "private"), "aspace is %s",
	   kernel_axis("aspace"));
	ok(one_of(kernel_axis("proc"), "one", "many"), "proc is %s", kernel_axis("proc"));
	ok(!kernel_is("proc", "one") || kernel_is("aspace", "shared"), "one process has one space");
}

/* The privilege level is what the kernel says it is. */
static void test_gate(void)
{
	int want = kernel_is("gate", "ring0") ? 0 : 3;
	unsigned short cs;

	asm("mov %%cs, %0" : "=r"(cs));
	is_int(cs & 3, want, "this program runs in ring %d", want);
	fails(syscall(SYS_arch_prctl, ARCH_SET_FS, 0xffff800000000000), EPERM,
	      "a thread pointer in the kernel's half is EPERM");
	if (want == 0) {
		errno = 0;
		is_int(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x1000), -1,
		       "ARCH_SET_GS is refused: %s", strerror(errno));
	} else {
		skip("ring 3", "ARCH_SET_GS is refused in ring 0");
	}
}

static void test_fork(void)
{
	bool shared = kernel_is("aspace", "shared");

	fflush(stdout);
	pid_t pid = fork();
	int error = errno;

	if (pid == 0)
		_exit(0);
	if (shared)
		ok(pid == -1 && error == ENOSYS, "fork is ENOSYS in a shared space");
	else
		ok(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork works with private spaces");
}

static void test_processes(void)
{
	char *argv[] = {"self", "exit", NULL};

	if (kernel_is("proc", "one")) {
		fails(vfork(), ENOSYS, "vfork is ENOSYS with one process");
		fails(execve(SELF, argv, environ), ENOSYS, "execve is ENOSYS with one process");
	} else {
		is_int(run_self("exit", NULL), 0, "processes start and end");
	}
}

/*
 * In a shared space a process owns one slot. Of addresses all over the lower half nearly all are
 * outside, and every change there is ENOMEM.
 */
static void test_slots(void)
{
	const char *name = "MAP_FIXED outside the own slot is ENOMEM";
	int refused = 0, changed = 0, tried = 0;

	if (!kernel_is("aspace", "shared") || !kernel_is("proc", "many")) {
		skip("no slots here", name);
		return;
	}
	for (unsigned long at = 1UL << 40; at < 127UL << 40; at += 1UL << 40) {
		char *page = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		tried++;
		if (page != MAP_FAILED) {
			munmap(page, PAGE);
			continue;
		}
		refused += errno == ENOMEM;
		changed += munmap((void *)at, PAGE) == 0 || errno != ENOMEM;
		changed += mprotect((void *)at, PAGE, PROT_READ) == 0 || errno != ENOMEM;
		changed += madvise((void *)at, PAGE, MADV_DONTNEED) == 0 || errno != ENOMEM;
	}
	ok(refused >= tried - 8, "%s (%d of %d)", name, refused, tried);
	is_int(changed, 0, "as are munmap, mprotect and madvise");

	char *hint =
	    mmap((void *)(100UL << 40), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ok(hint != MAP_FAILED, "a hint outside is ignored");
}

static void *waits(void *fd)
{
	char byte;

	return (void *)read(*(int *)fd, &byte, 1);
}

/* All threads of a process have one table of descriptors. */
static void test_own_descriptors(void)
{
	pthread_t other, crowd[CROWD];
	int fd[2], refused = 0;

	must(pipe(fd) == 0);
	is_int(syscall(SYS_close_range, 500, 501, CLOSE_RANGE_UNSHARE), 0, "CLOSE_RANGE_UNSHARE by a thread that is alone");
	must(pthread_create(&other, NULL, waits, fd) == 0);
	if (kernel_is_orchard())
		fails(syscall(SYS_close_range, fd[1], fd[1], CLOSE_RANGE_UNSHARE), EINVAL, "beside another it is EINVAL");
	else
		skip("this is not Orchard", "beside another it is EINVAL");
	is_int(write(fd[1], "", 1), 1, "and the descriptor is still there");
	must(pthread_join(other, NULL) == 0);
	for (int i = 0; i < 10; i++) { /* several at once: some still wait for one another when their end is known */
		for (int n = 0; n < CROWD; n++)
			must(pthread_create(&crowd[n], NULL, waits, fd) == 0);
		must(write(fd[1], "12345678", CROWD) == CROWD);
		for (int n = 0; n < CROWD; n++)
			must(pthread_join(crowd[n], NULL) == 0);
		refused += syscall(SYS_close_range, 500, 501, CLOSE_RANGE_UNSHARE) != 0;
	}
	is_int(refused, 0, "beside those that have ended it is not");
	close(fd[0]);
	close(fd[1]);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	test_axes();
	test_gate();
	test_fork();
	test_processes();
	test_slots();
	test_own_descriptors();
	return done();
}
