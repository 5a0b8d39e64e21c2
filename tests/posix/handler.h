/* SPDX-License-Identifier: BSD-2-Clause */
/* What the groups about signals share: handlers that take notes, and short words for masks. */
#ifndef HANDLER_H
#define HANDLER_H

#include "user/kernel.h"

TAP_UNUSED static volatile sig_atomic_t count, last;
TAP_UNUSED static siginfo_t info_seen;
TAP_UNUSED static sigset_t mask_seen;

TAP_UNUSED static void counter(int sig)
{
	count++;
	last = sig;
}

TAP_UNUSED static void informed(int sig, siginfo_t *info, void *context)
{
	(void)context;
	info_seen = *info;
	sigprocmask(SIG_SETMASK, NULL, &mask_seen);
	counter(sig);
}

TAP_UNUSED static void on(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	must(sigaction(sig, &action, NULL) == 0);
	count = last = 0;
}

TAP_UNUSED static void on_info(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};

	must(sigaction(sig, &action, NULL) == 0);
	memset(&info_seen, 0, sizeof(info_seen));
	count = last = 0;
}

TAP_UNUSED static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

TAP_UNUSED static void block(int sig)
{
	sigset_t set = set_of(sig);

	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

TAP_UNUSED static void unblock(int sig)
{
	sigset_t set = set_of(sig);

	must(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

TAP_UNUSED static bool is_blocked(int sig)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, sig);
}

TAP_UNUSED static bool is_pending(int sig)
{
	sigset_t now;

	sigpending(&now);
	return sigismember(&now, sig);
}

#endif
