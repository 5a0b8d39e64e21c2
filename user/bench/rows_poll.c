/* SPDX-License-Identifier: BSD-2-Clause */
/* select, poll and epoll over many descriptors: read ends of pipes, of which the last has a byte. */
#define _GNU_SOURCE
#include "bench.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#define MOST 100

static int empty[2], full[2];
static int fds[MOST];
static int fd_count;
static int epoll = -1;

static void fds_close(void)
{
	while (fd_count)
		close(fds[--fd_count]);
	close(empty[0]), close(empty[1]);
	close(full[0]), close(full[1]);
}

static int fds_open(const struct row *row)
{
	TRY(pipe(empty) == 0 && pipe(full) == 0);
	TRY(write(full[1], "x", 1) == 1);
	for (fd_count = 0; fd_count < row->count; fd_count++) {
		fds[fd_count] = dup(fd_count == row->count - 1 ? full[0] : empty[0]);
		TRY(fds[fd_count] >= 0);
	}
	return 0;
}

static int select_run(long rounds)
{
	int most = fds[fd_count - 1] + 1;

	while (rounds--) {
		struct timeval none = {0};
		fd_set set;

		FD_ZERO(&set);
		for (int i = 0; i < fd_count; i++)
			FD_SET(fds[i], &set);
		TRY(select(most, &set, NULL, NULL, &none) == 1);
	}
	return 0;
}

static int poll_run(long rounds)
{
	struct pollfd set[MOST];

	for (int i = 0; i < fd_count; i++)
		set[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	while (rounds--)
		TRY(poll(set, fd_count, 0) == 1);
	return 0;
}

static int epoll_prepare(const struct row *row)
{
	int error = fds_open(row);

	if (error)
		return error;
	TRY((epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0);
	for (int i = 0; i < fd_count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};

		TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == 0);
	}
	return 0;
}

static int epoll_run(long rounds)
{
	struct epoll_event events[8];

	while (rounds--)
		TRY(epoll_wait(epoll, events, 8, 0) == 1);
	return 0;
}

static void epoll_finish(void)
{
	if (epoll >= 0)
		close(epoll);
	epoll = -1;
	fds_close();
}

static const struct row rows[] = {
    {"select-10", "select over 10 pipes, one ready", 300, fds_open, select_run, fds_close, 10, 0, 0},
    {"select-100", "select over 100 pipes, one ready", 50, fds_open, select_run, fds_close, 100, 0, 0},
    {"poll-10", "poll over 10 pipes, one ready", 300, fds_open, poll_run, fds_close, 10, 0, 0},
    {"poll-100", "poll over 100 pipes, one ready", 50, fds_open, poll_run, fds_close, 100, 0, 0},
    {"epoll-10", "epoll_wait over 10 pipes, one ready", 300, epoll_prepare, epoll_run, epoll_finish, 10, 0, 0},
    {"epoll-100", "epoll_wait over 100 pipes, one ready", 300, epoll_prepare, epoll_run, epoll_finish, 100, 0, 0},
};
const struct group polls = GROUP("Many descriptors", rows);
