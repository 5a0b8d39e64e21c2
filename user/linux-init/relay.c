/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While the program runs: input and deaths here, output in threads of its own (output.c). Ends with the program.
 */
#include "agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Init's duty: reaps whoever died. Returns whether the program is among them. */
static int reap(struct program *prog, int *status, int64_t *end_ns)
{
	int this_status, ended = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &this_status, WNOHANG)) > 0) {
		if (pid != prog->pid)
			continue;
		*end_ns = monotonic_ns();
		*status = this_status;
		ended = 1;
	}
	return ended;
}

int program_relay(struct program *prog, int64_t *end_ns)
{
	struct signalfd_siginfo info;
	sigset_t children;
	int deaths, status = 0;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	deaths = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (deaths < 0)
		die("signalfd");
	output_follow(prog);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = deaths, .events = POLLIN },
			{ .fd = port_fd(), .events = POLLIN },
			{ .fd = input_waits(prog) ? prog->in : -1, .events = POLLOUT },
		};

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue;
		if (fds[0].revents) {
			while (read(deaths, &info, sizeof(info)) > 0)
				;
			if (reap(prog, &status, end_ns))
				break;
		}
		if (fds[1].revents)
			input_read(prog);
		if (fds[2].revents)
			input_feed(prog);
	}
	output_drain();
	return status;
}
