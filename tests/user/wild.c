/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wild.c - sends control or a store where a program has no business, one way a run: `wild MODE`. wild.t says what must
 * happen. Not TAP by itself: the program is meant to die.
 */
#define _GNU_SOURCE /* REG_RIP */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#define KERNEL_HALF 0xffffffffbff00000ul /* not mapped; behind the image of the largest kernel */
#define NOT_CANONICAL 0x800000000000ul
#define LAST_PAGE 0x7ffffffff000ul

static unsigned long target;

static void redirect(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig, (void)info;
	uc->uc_mcontext.gregs[REG_RIP] = (long)target;
}

static void return_to(unsigned long address)
{
	struct sigaction sa = {.sa_sigaction = redirect, .sa_flags = SA_SIGINFO};

	target = address;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
}

static void handle_at(unsigned long address)
{
	struct sigaction sa = {.sa_handler = (void (*)(int))address};

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "jump-kernel"))
		((void (*)(void))KERNEL_HALF)();
	else if (!strcmp(mode, "store-unmapped"))
		*(volatile char *)0xffff900000000000ul = 1;
	else if (!strcmp(mode, "jump-null"))
		((void (*)(void))0)();
	else if (!strcmp(mode, "handler-kernel"))
		handle_at(KERNEL_HALF);
	else if (!strcmp(mode, "handler-noncanonical"))
		handle_at(NOT_CANONICAL);
	else if (!strcmp(mode, "handler-last"))
		handle_at(LAST_PAGE);
	else if (!strcmp(mode, "sigreturn-kernel"))
		return_to(KERNEL_HALF);
	else if (!strcmp(mode, "sigreturn-noncanonical"))
		return_to(NOT_CANONICAL);
	puts("alive");
	return 0;
}
