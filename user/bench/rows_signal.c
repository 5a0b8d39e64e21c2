/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals: installing a handler, reaching one, and reaching one by a fault. */
#define _GNU_SOURCE
#include "bench.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static char *page;

static void handler_empty(int sig)
{
	(void)sig;
}

static int install_run(long rounds)
{
	struct sigaction action = {.sa_handler = handler_empty};

	while (rounds--)
		TRY(sigaction(SIGUSR2, &action, NULL) == 0);
	return 0;
}

static int deliver_prepare(const struct row *row)
{
	struct sigaction action = {.sa_handler = handler_empty};

	(void)row;
	return sigaction(SIGUSR1, &action, NULL) < 0 ? errno : 0;
}

static int deliver_run(long rounds)
{
	pid_t pid = getpid();

	while (rounds--)
		TRY(kill(pid, SIGUSR1) == 0);
	return 0;
}

/* Skips the two bytes of the faulting `mov %al, (%rcx)`. */
static void handler_skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig, (void)info;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static int fault_prepare(const struct row *row)
{
	struct sigaction action = {.sa_sigaction = handler_skip, .sa_flags = SA_SIGINFO};

	(void)row;
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY(page != MAP_FAILED);
	(void)*(volatile char *)page;
	return sigaction(SIGSEGV, &action, NULL) < 0 ? errno : 0;
}

static int fault_run(long rounds)
{
	while (rounds--)
		asm volatile("mov %%al, (%%rcx)" : : "c"(page) : "memory");
	return 0;
}

static void fault_finish(void)
{
	signal(SIGSEGV, SIG_DFL);
	munmap(page, PAGE);
}

static const struct row rows[] = {
    {"signal-install", "sigaction", 1000, NULL, install_run, NULL, 0, 0, 0},
    {"signal-deliver", "kill to itself, handler, return", 300, deliver_prepare, deliver_run, NULL, 0, 0, 0},
    {"protection-fault", "store to a read-only page, handler of SIGSEGV, return", 300, fault_prepare, fault_run,
     fault_finish, 0, 0, 0},
};
const struct group signals = GROUP("Signals", rows);
