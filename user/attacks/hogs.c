/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who takes all: processors, processes, memory, descriptors, another's attention. The neighbour keeps its deadline meanwhile
 * (main.c). What has no end by itself ends by its own alarm, which shows that it can be ended. And who looks into others by
 * the kernel's own files and calls, as another user.
 */
#include "attacks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static void endless_loop(void)
{
	alarm(2);
	for (;;)
		asm volatile("");
}

static void signal_storm(void)
{
	struct victim v;

	if (!have_victim(&v))
		return;
	alarm(2);
	while (kill(v.neighbour, SIGWINCH) == 0)
		;
	saw_error("kill");
}

/* Each child is another bomb, until one is refused; then they sleep with what they have. */
static void fork_bomb(void)
{
	pid_t first = getpid();

	for (long n = 0;; n++) {
		pid_t pid = fork();

		if (pid < 0 && errno == ENOSYS && kernel_is("aspace", "shared")) {
			saw_error("fork");
			return;
		}
		if (pid < 0 && getpid() == first) {
			saw("refused", "fork: %s, after %ld of the first one's", strerror(errno), n);
			return;
		}
		while (pid < 0)
			pause();
	}
}

/* Where fork is not, spawning: each sleeps. */
static void spawn_bomb(void)
{
	for (long n = 0; n < 100000; n++)
		if (spawn_self("attack", "sleep") < 0) {
			saw("refused", "spawn: %s, after %ld", strerror(errno), n);
			return;
		}
	saw("stored", "a hundred thousand processes");
}

static void memory_hog(void)
{
	for (;;) {
		char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (unsigned long i = 0; at != MAP_FAILED && i < 1 << 20; i += PAGE)
			at[i] = 1;
	}
}

static void descriptor_hog(void)
{
	long n = 0;

	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	saw("refused", "open: %s, after %ld", strerror(errno), n);
}

static bool can_read(const char *path, uintptr_t at)
{
	char byte;
	int fd = open(path, O_RDONLY);
	bool got = fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1;

	if (got)
		saw("leaks", "%s at %lx: %d", path, at, byte);
	if (fd >= 0)
		close(fd);
	return got;
}

/* By files and calls that exist to look into others, as nobody. */
static void peek(void)
{
	const char *text = getenv("VICTIM");
	struct victim v = {.pid = 1, .page = PAGE};
	char path[64], byte;
	struct iovec here = {&byte, 1}, there;

	if (text)
		sscanf(text, "%lx %d", &v.page, &v.pid);
	if (setgid(65534) || setuid(65534)) {
		saw_error("setuid");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", v.pid);
	there = (struct iovec){(void *)v.page, 1};
	if (can_read(path, v.page) || can_read("/proc/kcore", 0) || can_read("/dev/mem", 1 << 20) ||
	    can_read("/dev/kmem", kernel_symbol("data")))
		return;
	if (syscall(SYS_process_vm_readv, v.pid, &here, 1, &there, 1, 0) == 1)
		saw("leaks", "process_vm_readv");
	else if (syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, v.pid, 0, 0) == 0)
		saw("leaks", "ptrace");
	else
		saw("refused", "mem, kcore, process_vm_readv and ptrace: %s", strerror(errno));
}

const struct attack hog_attacks[] = {
	{"endless-loop", endless_loop},
	{"signal-storm", signal_storm},
	{"fork-bomb", fork_bomb},
	{"spawn-bomb", spawn_bomb},
	{"memory-hog", memory_hog},
	{"descriptor-hog", descriptor_hog},
	{"peek", peek},
	{NULL, NULL},
};
