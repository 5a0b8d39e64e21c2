/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the program's pipes and terminal to frames, one thread for each. Threads, because even a non-blocking
 * read of a pipe can wait: Linux holds the pipe's lock while sendfile() fills it from a terminal where
 * nobody types, as `busybox cat` does. Input must go on meanwhile.
 */
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define STREAMS 3
#define LAST_WAIT_S 1

struct stream {
	int fd;
	enum guest_frame kind;
	pthread_mutex_t busy;		/* held from a read to the sending of what it gave */
};

static struct stream streams[STREAMS];

/* Sends one piece of what is there now. Returns 0 when there is none; closes the stream at its end. */
static int send_piece(struct stream *stream, unsigned char *buf, size_t size)
{
	ssize_t n = read(stream->fd, buf, size);

	if (n > 0)
		port_send(stream->kind, buf, n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(stream->fd);
		stream->fd = -1;
	}
	return n > 0;
}

static void *follow(void *arg)
{
	struct stream *stream = arg;
	unsigned char buf[16384];

	while (stream->fd >= 0) {
		struct pollfd wait = { .fd = stream->fd, .events = POLLIN };

		poll(&wait, 1, -1);
		pthread_mutex_lock(&stream->busy);
		send_piece(stream, buf, sizeof(buf));
		pthread_mutex_unlock(&stream->busy);
	}
	return NULL;
}

void output_follow(const struct program *prog)
{
	const struct stream all[STREAMS] = {
		{ .fd = prog->out[0], .kind = FRAME_STDOUT },
		{ .fd = prog->out[1], .kind = FRAME_STDERR },
		{ .fd = prog->terminal, .kind = prog->terminal_out },
	};

	for (int i = 0; i < STREAMS; i++) {
		pthread_t thread;

		streams[i] = all[i];
		pthread_mutex_init(&streams[i].busy, NULL);
		if (streams[i].fd >= 0 && pthread_create(&thread, NULL, follow, &streams[i]) != 0)
			die("thread");
	}
}

/*
 * After the program's end: what is there is sent, but a grandchild that keeps a pipe open is not waited for.
 * The locks are kept, so that nothing follows. A stream that is stuck in a read has nothing.
 */
void output_drain(void)
{
	static unsigned char buf[16384];

	for (int i = 0; i < STREAMS; i++) {
		struct timespec limit;

		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += LAST_WAIT_S;
		if (streams[i].fd < 0 || pthread_mutex_timedlock(&streams[i].busy, &limit) != 0)
			continue;
		while (streams[i].fd >= 0 && send_piece(&streams[i], buf, sizeof(buf)))
			;
	}
}
