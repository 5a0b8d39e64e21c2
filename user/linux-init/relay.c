/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries bytes between the program and the frames on COM2 until the program has ended. Sending
 * blocks; the input side never does, for the host keeps to the window it was told.
 */
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Input on its way: frames being put together, and stdin bytes the program has not taken. */
static struct {
	unsigned char head[3];
	size_t head_len;
	unsigned char small[4];		/* the payload of a window-size frame */
	size_t taken_of_payload;
	unsigned char stdin_bytes[STDIN_WINDOW];
	size_t stdin_len;
	int stdin_ended;
} input;

static void report_taken(size_t count)
{
	unsigned char n[4] = { count, count >> 8, count >> 16, count >> 24 };

	if (count > 0)
		port_send(FRAME_TAKEN, n, sizeof(n));
}

static void close_input(struct program *prog)
{
	if (prog->in >= 0 && prog->in != prog->terminal)
		close(prog->in);
	prog->in = -1;
}

/* Gives the program what it takes now. A program that closed its stdin takes everything: nothing waits. */
static void feed_program(struct program *prog)
{
	ssize_t n = input.stdin_len;

	if (prog->in >= 0 && input.stdin_len > 0) {
		n = write(prog->in, input.stdin_bytes, input.stdin_len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			close_input(prog);
			n = input.stdin_len;
		}
	}
	report_taken(n);
	input.stdin_len -= n;
	memmove(input.stdin_bytes, input.stdin_bytes + n, input.stdin_len);
	if (input.stdin_len == 0 && input.stdin_ended)
		close_input(prog);
}

static void end_frame(struct program *prog)
{
	const unsigned char end_of_file = 4;	/* ^D: what a terminal has for an end */

	if (input.head[0] == FRAME_STDIN_END) {
		input.stdin_ended = 1;
		if (prog->in >= 0 && prog->in == prog->terminal &&
		    input.stdin_len < STDIN_WINDOW)
			input.stdin_bytes[input.stdin_len++] = end_of_file;
	} else if (input.head[0] == FRAME_WINSIZE && prog->terminal >= 0) {
		struct winsize size = {
			.ws_row = input.small[0] | input.small[1] << 8,
			.ws_col = input.small[2] | input.small[3] << 8,
		};

		ioctl(prog->terminal, TIOCSWINSZ, &size);
	}
	input.head_len = 0;
	input.taken_of_payload = 0;
}

static void take_byte(struct program *prog, unsigned char byte)
{
	size_t payload;

	if (input.head_len < sizeof(input.head)) {
		input.head[input.head_len++] = byte;
		if (input.head_len < sizeof(input.head))
			return;
	} else if (input.head[0] == FRAME_STDIN) {
		if (input.stdin_len == STDIN_WINDOW)
			die("stdin: more than the window");
		input.stdin_bytes[input.stdin_len++] = byte;
		input.taken_of_payload++;
	} else {
		if (input.taken_of_payload < sizeof(input.small))
			input.small[input.taken_of_payload] = byte;
		input.taken_of_payload++;
	}
	payload = input.head[1] | input.head[2] << 8;
	if (input.taken_of_payload == payload)
		end_frame(prog);
}

static void read_port(struct program *prog)
{
	unsigned char buf[4096];
	ssize_t n = read(port_fd(), buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++)
		take_byte(prog, buf[i]);
	feed_program(prog);
}

/* Sends what *fd has now, one piece. Returns whether there was any; closes *fd at its end. */
static int send_output(int *fd, enum guest_frame kind)
{
	static unsigned char buf[32768];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n > 0)
		port_send(kind, buf, n);
	else if (n == 0) {
		close(*fd);
		*fd = -1;
	}
	return n > 0;
}

/* After the end: what is there is sent, but a grandchild that keeps a pipe open is not waited for. */
static void drain(struct program *prog)
{
	for (int i = 0; i < 2; i++)
		while (prog->out[i] >= 0 && send_output(&prog->out[i], FRAME_STDOUT + i))
			;
	while (prog->terminal >= 0 && send_output(&prog->terminal, prog->terminal_out))
		;
}

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
	for (;;) {
		int waiting = prog->in >= 0 && input.stdin_len > 0;
		struct pollfd fds[] = {
			{ .fd = deaths, .events = POLLIN },
			{ .fd = port_fd(), .events = POLLIN },
			{ .fd = waiting ? prog->in : -1, .events = POLLOUT },
			{ .fd = prog->out[0], .events = POLLIN },
			{ .fd = prog->out[1], .events = POLLIN },
			{ .fd = prog->terminal, .events = POLLIN },
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
			read_port(prog);
		if (fds[2].revents)
			feed_program(prog);
		for (int i = 0; i < 2; i++)
			if (fds[3 + i].revents)
				send_output(&prog->out[i], FRAME_STDOUT + i);
		if (fds[5].revents)
			send_output(&prog->terminal, prog->terminal_out);
	}
	drain(prog);
	return status;
}
