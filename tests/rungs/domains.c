/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection domains of processes in one space: a neighbour's memory is there, and closed, to the program and to the kernel on
 * its behalf; each process's own is open, in handlers and threads too; and there are no more domains than keys. The program
 * starts itself with the address of its memory, which means the same there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "user/kernel.h"

#define PKUERR 4 /* SEGV_PKUERR */
#define MOST 16

static sigjmp_buf back;
static volatile int code, seen_by_handler;
static volatile char own;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	code = info->si_code;
	siglongjmp(back, 1);
}

static uint32_t rdpkru(void)
{
	uint32_t pkru, zero;

	asm volatile("rdpkru" : "=a"(pkru), "=d"(zero) : "c"(0));
	return pkru;
}

/* si_code, or 0. After a handler that never returned PKRU is a handler's, which is a program's. */
static int fault_of(volatile char *at, bool write)
{
	code = 0;
	if (!sigsetjmp(back, 1)) {
		if (write)
			*at = 'X';
		else
			(void)*at;
	}
	return code;
}

static void handler(int sig)
{
	(void)sig;
	seen_by_handler = own + 1; /* its own memory is open */
}

static void *thread(void *arg)
{
	own++;
	return (void *)(long)(fault_of(arg, false) == PKUERR && own);
}

/* The child: how many of its tries ended otherwise than they should, bit by bit. */
static int neighbour(volatile char *at)
{
	struct sigaction action = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER};
	int wrong = 0, fds[2];
	pthread_t other;
	void *good;

	sigaction(SIGSEGV, &action, NULL);
	signal(SIGUSR1, handler);
	wrong |= (fault_of(at, false) != PKUERR) << 0;
	wrong |= (fault_of(at, true) != PKUERR) << 1;
	wrong |= (fault_of(at + 4096, false) != PKUERR) << 2; /* which nobody has touched yet */
	own = 1;
	raise(SIGUSR1);
	wrong |= (seen_by_handler != 2) << 3;
	wrong |= (pipe(fds) || write(fds[1], (char *)at, 1) != -1 || errno != EFAULT) << 4;
	wrong |= (syscall(SYS_uname, at) != -1 || errno != EFAULT) << 5;
	wrong |= (syscall(SYS_pkey_alloc, 0, 0) != -1 || errno != ENOSPC) << 6;
	must(pthread_create(&other, NULL, thread, (void *)(uintptr_t)at) == 0);
	pthread_join(other, &good);
	wrong |= !good << 7;
	return wrong;
}

static void test_limit(void)
{
	pid_t pids[MOST];
	int n = 0;

	while (n < MOST && (pids[n] = spawn_self("sleep", NULL)) > 0)
		n++;
	is_int(n, 14, "15 processes have a domain: this one and 14 more");
	is_int(errno, EAGAIN, "the next is refused: EAGAIN");
	kill(pids[0], SIGKILL);
	must(waitpid(pids[0], NULL, 0) == pids[0]);
	pids[0] = spawn_self("sleep", NULL);
	ok(pids[0] > 0, "when one has ended there is a domain again");
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		must(waitpid(pids[i], NULL, 0) == pids[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned char there;
	char text[32], *page;

	if (argc > 1 && !strcmp(argv[1], "sleep"))
		return pause();
	if (argc > 2)
		return neighbour((char *)strtoul(argv[2], NULL, 16));

	page = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED);
	strcpy(page, "mine");
	is_int(__builtin_popcount(~rdpkru() & 0x55555555), 2, "key 0 and one more are open");
	snprintf(text, sizeof(text), "%lx", (unsigned long)page);
	is_int(run_self("neighbour", text), 0, "a neighbour can do nothing with this memory (wrong: bit by bit, from 8 up)");
	is_str(page, "mine", "and has not");
	must(mincore(page + 4096, 4096, &there) == 0);
	is_int(there, 0, "nor has it filled it");
	test_limit();
	return done();
}
