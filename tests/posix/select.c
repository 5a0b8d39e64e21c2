/* SPDX-License-Identifier: BSD-2-Clause */
/* select(2) and poll(2) over many descriptors; and descriptors that others close while a call uses them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "../user/kernel.h"

#define MANY 300         /* more than the kernel keeps on its stack */
#define PAST_FULL 100000 /* bytes: more than a pipe holds */
#define FULL 65536

static int now(int n, fd_set *in, fd_set *out, fd_set *ex)
{
	struct timeval none = {0};

	return select(n, in, out, ex, &none);
}

static fd_set set_of(int a, int b, int c)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(a, &set), FD_SET(b, &set), FD_SET(c, &set);
	return set;
}

static int bits(const fd_set *set)
{
	int n = 0;

	for (int fd = 0; fd < FD_SETSIZE; fd++)
		n += !!FD_ISSET(fd, set);
	return n;
}

static void check_select(void)
{
	int empty[2], full[2];
	fd_set in, out, ex, before;

	must(pipe(empty) == 0 && pipe(full) == 0 && write(full[1], "x", 1) == 1);
	must(dup2(empty[0], 63) == 63 && dup2(full[0], 64) == 64 && dup2(full[0], 200) == 200 && dup2(full[1], 130) == 130);

	in = set_of(63, 64, 200);
	is_int(now(201, &in, NULL, NULL), 2, "select: two of three, in two words");
	ok(bits(&in) == 2 && FD_ISSET(64, &in) && FD_ISSET(200, &in), "they are the ones that stay");
	in = set_of(63, 64, 200);
	is_int(now(200, &in, NULL, NULL), 1, "a descriptor behind the last is not looked at");
	ok(bits(&in) == 1 && FD_ISSET(64, &in), "nor answered");
	in = set_of(63, 64, 200), out = set_of(63, 130, 130), ex = set_of(63, 64, 130);
	is_int(now(201, &in, &out, &ex), 3, "three sets, and a word without any");
	ok(bits(&in) == 2 && bits(&out) == 1 && FD_ISSET(130, &out) && !bits(&ex), "each has its own answer");
	in = set_of(63, 63, 63);
	ok(now(64, &in, NULL, NULL) == 0 && !bits(&in), "none is ready: none stays");

	before = in = set_of(64, 200, 150);
	fails(now(201, &in, NULL, NULL), EBADF, "a descriptor that is not open");
	ok(!memcmp(&in, &before, sizeof(in)), "leaves the set alone");
	is_int(now(150, &in, NULL, NULL), 1, "behind the last it does no harm");
	is_int(now(0, NULL, NULL, NULL), 0, "no descriptors at all");
	fails(now(-1, NULL, NULL, NULL), EINVAL, "fewer than none");

	long most[2] = {LONG_MAX, 1000000}; /* seconds, and one more: musl would cut it */

	fails(syscall(SYS_select, 0, NULL, NULL, NULL, most), EINVAL, "more seconds than there are");
	fails(now(201, (fd_set *)8, NULL, NULL), EFAULT, "a set nowhere");

	close(full[0]), close(64), close(200);
	in = out = set_of(130, 130, 130);
	is_int(now(131, &in, &out, NULL), 2, "an end without readers counts in both sets");
	close(empty[0]), close(63);
	close(empty[1]), close(full[1]), close(130);
}

static void check_poll(void)
{
	struct pollfd p[MANY];
	int ends[2], right = 0;

	must(pipe(ends) == 0);
	for (int i = 0; i < MANY; i++)
		p[i] = (struct pollfd){.fd = i % 3 ? ends[1] : -1, .events = POLLOUT, .revents = -1};
	p[100].fd = ends[0], p[100].events = POLLIN;
	p[200].fd = 999;
	is_int(poll(p, MANY, 0), 199, "poll of many: those that are ready, and one that is not open");
	for (int i = 0; i < MANY; i++)
		right += p[i].revents == (i == 100 || i % 3 == 0 ? 0 : i == 200 ? POLLNVAL : POLLOUT);
	is_int(right, MANY, "each record has its answer");
	for (int i = 0; i < MANY; i++)
		p[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	is_int(poll(p, MANY, 10), 0, "and a time-out");
	close(ends[0]), close(ends[1]);
}

static int ends[2];

static int overfill(void *arg)
{
	static char bytes[PAST_FULL];

	(void)arg;
	return write(ends[1], bytes, sizeof(bytes)) != PAST_FULL;
}

static void *overfill_thread(void *arg)
{
	return (void *)(long)overfill(arg);
}

/* The pipe is full: its writer is in write(2), and the end that it uses is closed now. How much comes until the end? */
static long close_and_drain(void)
{
	static char bytes[4096];
	long got = 0, n;

	for (int used = 0; used < FULL; usleep(1000))
		must(ioctl(ends[0], FIONREAD, &used) == 0);
	close(ends[1]);
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		got += n;
	close(ends[0]);
	return got;
}

static void check_closed_meanwhile(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pthread_t thread;
	void *failed;
	int status;
	pid_t pid;

	must(pipe(ends) == 0 && pthread_create(&thread, NULL, overfill_thread, NULL) == 0);
	is_int(close_and_drain(), PAST_FULL, "a thread's write outlives its descriptor");
	pthread_join(thread, &failed);
	ok(!failed, "and does not notice");
	if (!can_spawn("a process that shares descriptors: its write outlives them"))
		return;
	must(pipe(ends) == 0);
	fflush(stdout);
	pid = clone(overfill, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
	must(pid > 0);
	is_int(close_and_drain(), PAST_FULL, "a process that shares descriptors: its write outlives them");
	ok(waitpid(pid, &status, 0) == pid && status == 0, "and does not notice either");
}

int main(void)
{
	check_select();
	check_poll();
	check_closed_meanwhile();
	return done();
}
