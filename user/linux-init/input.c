/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the frames on COM2 to the program's stdin and its terminal's size. The host keeps to the window it was
 * told, so what the program has not taken fits here.
 */
#include "agent.h"

#include <errno.h>
#include <string.h>
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
void input_feed(struct program *prog)
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

void input_read(struct program *prog)
{
	unsigned char buf[4096];
	ssize_t n = read(port_fd(), buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++)
		take_byte(prog, buf[i]);
	input_feed(prog);
}

int input_waits(const struct program *prog)
{
	return prog->in >= 0 && input.stdin_len > 0;
}
