/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll(7): what an entry reports and when, who is woken, what ends an entry, epolls in epolls, and each errno. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>

#include "../user/kernel.h"

static int pipe_in, pipe_out; /* a fresh pipe: read from _in, write to _out */

static void fresh_pipe(void)
{
	int fd[2];

	must(pipe2(fd, O_NONBLOCK) == 0);
	pipe_in = fd[0];
	pipe_out = fd[1];
}

static void close_pipe(void)
{
	close(pipe_in);
	close(pipe_out);
}

static int control(int ep, int op, int fd, unsigned events, unsigned long data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	return epoll_ctl(ep, op, fd, &event);
}

static int add(int ep, int fd, unsigned events)
{
	return control(ep, EPOLL_CTL_ADD, fd, events, (unsigned long)fd);
}

/* Events of the first entry that is ready now; 0: none is. */
static unsigned ready_now(int ep)
{
	struct epoll_event event = {0};
	int n = epoll_wait(ep, &event, 1, 0);

	return n == 1 ? event.events : n == 0 ? 0 : ~0u;
}

static void put(int fd, int bytes)
{
	must(write(fd, "0123456789", (size_t)bytes) == bytes);
}

static void take(int fd, int bytes)
{
	char buffer[16];

	must(read(fd, buffer, (size_t)bytes) == bytes);
}

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000 + (unsigned long)t.tv_nsec / 1000000;
}

static void check_create(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), plain = epoll_create(1);

	ok(ep >= 0 && plain >= 0, "epoll_create and epoll_create1 give descriptors");
	is_int(fcntl(ep, F_GETFD), FD_CLOEXEC, "EPOLL_CLOEXEC is heard");
	is_int(fcntl(plain, F_GETFD), 0, "epoll_create leaves close-on-exec off");
	is_int(fcntl(ep, F_GETFL) & O_ACCMODE, O_RDWR, "an epoll is open for reading and writing");
	fails(syscall(SYS_epoll_create, 0), EINVAL, "epoll_create: size 0");
	fails(syscall(SYS_epoll_create, -1), EINVAL, "epoll_create: size -1");
	fails(epoll_create1(EPOLL_CLOEXEC | 1), EINVAL, "epoll_create1: an unknown flag");
	fails(read(ep, &plain, 8), EINVAL, "an epoll cannot be read");
	fails(write(ep, &plain, 8), EINVAL, "an epoll cannot be written");
	close(ep);
	close(plain);
}

static void check_errors(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ep = epoll_create1(0), file = open(SELF, O_RDONLY), dir = open("/", O_RDONLY | O_DIRECTORY);

	fresh_pipe();
	fails(add(ep, 999, EPOLLIN), EBADF, "ctl: a descriptor that is not open");
	fails(add(999, pipe_in, EPOLLIN), EBADF, "ctl: an epoll that is not open");
	fails(add(pipe_out, pipe_in, EPOLLIN), EINVAL, "ctl: not an epoll");
	fails(add(ep, ep, EPOLLIN), EINVAL, "ctl: an epoll into itself");
	fails(add(ep, file, EPOLLIN), EPERM, "ctl: a regular file");
	fails(add(ep, dir, EPOLLIN), EPERM, "ctl: a directory");
	fails(control(ep, 17, pipe_in, EPOLLIN, 0), EINVAL, "ctl: an unknown operation");
	fails(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, pipe_in, (void *)8), EFAULT, "ctl: a bad address");
	fails(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN, 0), ENOENT, "ctl: modify what is not there");
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, NULL), ENOENT, "ctl: delete what is not there");
	is_int(add(ep, pipe_in, EPOLLIN), 0, "ctl: add");
	fails(add(ep, pipe_in, EPOLLOUT), EEXIST, "ctl: add twice");
	is_int(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, pipe_in, NULL), 0, "ctl: delete needs no event");
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, &event), ENOENT, "ctl: delete twice");
	fails(epoll_wait(ep, &event, 0, 0), EINVAL, "wait: room for no event");
	fails(epoll_wait(ep, &event, -1, 0), EINVAL, "wait: room for -1 events");
	fails(epoll_wait(999, &event, 1, 0), EBADF, "wait: not open");
	fails(epoll_wait(pipe_in, &event, 1, 0), EINVAL, "wait: not an epoll");
	is_int(epoll_wait(ep, &event, 1, 0), 0, "wait: an empty set has no events");
	put(pipe_out, 1);
	add(ep, pipe_in, EPOLLIN);
	fails(syscall(SYS_epoll_pwait, ep, (void *)8, 1, 0, NULL, 8), EFAULT, "wait: a bad address");
	is_int(ready_now(ep), EPOLLIN, "wait: the event that could not be given is still there");
	close_pipe();
	close(file);
	close(dir);
	close(ep);
}

static void check_level(void)
{
	struct epoll_event event[4];
	int ep = epoll_create1(0);

	fresh_pipe();
	must(control(ep, EPOLL_CTL_ADD, pipe_in, EPOLLIN, 0x123456789abcdef0ul) == 0);
	is_int(ready_now(ep), 0, "level: an empty pipe");
	put(pipe_out, 2);
	is_int(epoll_wait(ep, event, 4, -1), 1, "level: one event");
	ok(event[0].events == EPOLLIN && event[0].data.u64 == 0x123456789abcdef0ul, "level: its bits and its data");
	is_int(ready_now(ep), EPOLLIN, "level: again, while it is true");
	take(pipe_in, 1);
	is_int(ready_now(ep), EPOLLIN, "level: again, with a byte left");
	take(pipe_in, 1);
	is_int(ready_now(ep), 0, "level: no more when it is not true any more");
	must(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN, 7) == 0);
	put(pipe_out, 1);
	is_int(epoll_wait(ep, event, 4, -1), 1, "MOD: still watched");
	is_int(event[0].data.u64, 7, "MOD: the data is the new one");
	must(control(ep, EPOLL_CTL_MOD, pipe_in, 0, 7) == 0);
	is_int(ready_now(ep), 0, "MOD: no events wanted, none given");
	must(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN, 7) == 0);
	is_int(ready_now(ep), EPOLLIN, "MOD: what was true already is told");
	must(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, NULL) == 0);
	is_int(ready_now(ep), 0, "DEL: nothing is told after it");
	must(add(ep, pipe_out, EPOLLOUT) == 0);
	is_int(ready_now(ep), EPOLLOUT, "ADD: what is true already is told");
	close_pipe();
	close(ep);
}

static void check_edge(void)
{
	int ep = epoll_create1(0), counter = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
	unsigned long five = 5;

	fresh_pipe();
	put(pipe_out, 1);
	must(add(ep, pipe_in, EPOLLIN | EPOLLET) == 0);
	is_int(ready_now(ep), EPOLLIN, "edge: what was true when it was added");
	is_int(ready_now(ep), 0, "edge: told once");
	put(pipe_out, 1);
	is_int(ready_now(ep), EPOLLIN, "edge: each write is a new one");
	take(pipe_in, 1);
	is_int(ready_now(ep), 0, "edge: to read a part is none");
	must(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN | EPOLLET, 0) == 0);
	is_int(ready_now(ep), EPOLLIN, "edge: MOD arms anew");
	must(add(ep, counter, EPOLLIN | EPOLLET) == 0);
	must(write(counter, &five, 8) == 8);
	is_int(ready_now(ep), EPOLLIN, "edge: an eventfd is written");
	must(read(counter, &five, 8) == 8);
	is_int(ready_now(ep), 0, "edge: an eventfd is read, and can be read again");
	close(counter);
	close_pipe();
	close(ep);
}

static void check_oneshot(void)
{
	int ep = epoll_create1(0);

	fresh_pipe();
	must(add(ep, pipe_in, EPOLLIN | EPOLLONESHOT) == 0);
	put(pipe_out, 1);
	is_int(ready_now(ep), EPOLLIN, "oneshot: told");
	is_int(ready_now(ep), 0, "oneshot: once");
	put(pipe_out, 1);
	is_int(ready_now(ep), 0, "oneshot: not by a new event either");
	fails(add(ep, pipe_in, EPOLLIN), EEXIST, "oneshot: the entry is still there");
	must(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN | EPOLLONESHOT, 0) == 0);
	is_int(ready_now(ep), EPOLLIN, "oneshot: MOD arms it");
	close(pipe_out);
	is_int(ready_now(ep), 0, "oneshot: disarmed, it does not tell of a hang-up");
	close(pipe_in);
	close(ep);
}

static void check_hangup(void)
{
	int ep = epoll_create1(0);

	fresh_pipe();
	must(add(ep, pipe_in, 0) == 0);
	close(pipe_out);
	is_int(ready_now(ep), EPOLLHUP, "EPOLLHUP is told without being asked for");
	close(pipe_in);
	fresh_pipe();
	must(add(ep, pipe_in, EPOLLIN | EPOLLRDHUP) == 0);
	put(pipe_out, 1);
	close(pipe_out);
	is_int(ready_now(ep), EPOLLIN | EPOLLHUP, "bytes and a hang-up together; a pipe has no EPOLLRDHUP");
	close(pipe_in);
	fresh_pipe();
	must(add(ep, pipe_out, 0) == 0);
	close(pipe_in);
	is_int(ready_now(ep), EPOLLERR, "EPOLLERR: nobody reads");
	close(pipe_out);
	is_int(ready_now(ep), 0, "closed descriptors have left the set");
	close(ep);
}

static void check_closing(void)
{
	int ep = epoll_create1(0), twin;

	fresh_pipe();
	twin = dup(pipe_in);
	must(add(ep, pipe_in, EPOLLIN) == 0);
	is_int(add(ep, twin, EPOLLIN), 0, "a dup is an entry of its own");
	put(pipe_out, 1);

	struct epoll_event event[4];

	is_int(epoll_wait(ep, event, 4, 0), 2, "both are told of");
	close(pipe_in);
	is_int(epoll_wait(ep, event, 4, 0), 2, "a closed descriptor whose file is open elsewhere stays");
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, NULL), EBADF, "and cannot be deleted by its number");
	close(twin);
	is_int(epoll_wait(ep, event, 4, 0), 0, "with the file's last descriptor both go");
	close(pipe_out);

	fresh_pipe();
	must(add(ep, pipe_in, EPOLLIN) == 0);
	must(dup2(pipe_out, pipe_in) == pipe_in);
	is_int(add(ep, pipe_in, EPOLLOUT), 0, "another file under the same number may be added");
	is_int(epoll_wait(ep, event, 4, 0), 1, "and is the only entry");
	close(ep);
	is_int(close(pipe_in), 0, "an epoll may end before its files");
	close(pipe_out);
}

static void check_many(void)
{
	enum { PIPES = 40 };
	int ep = epoll_create1(0), in[PIPES], out[PIPES], i, n, total = 0;
	struct epoll_event event[PIPES];
	unsigned long seen = 0;

	for (i = 0; i < PIPES; i++) {
		fresh_pipe();
		in[i] = pipe_in;
		out[i] = pipe_out;
		must(control(ep, EPOLL_CTL_ADD, in[i], EPOLLIN, (unsigned long)i) == 0);
		put(out[i], 1);
	}
	/* Level-triggered entries take turns: each comes once before any comes twice. */
	for (int round = 0; round < 4; round++) {
		n = epoll_wait(ep, event, PIPES / 4, 0);
		for (i = 0; i < n; i++)
			seen |= 1ul << event[i].data.u64;
		total += n;
	}
	is_int(total, PIPES, "as many events as there is room for");
	is_int(seen, (1ul << PIPES) - 1, "entries take turns");
	is_int(epoll_wait(ep, event, PIPES, 0), PIPES, "all at once");
	for (i = 0; i < PIPES; i++)
		if (i != 17)
			take(in[i], 1);
	is_int(epoll_wait(ep, event, PIPES, 0), 1, "only what is ready");
	is_int(event[0].data.u64, 17, "the right one");
	for (i = 0; i < PIPES; i++) {
		close(in[i]);
		close(out[i]);
	}
	close(ep);
}

static void check_poll_of(void)
{
	int ep = epoll_create1(0);
	struct pollfd p = {.fd = ep, .events = POLLIN | POLLOUT};

	fresh_pipe();
	must(add(ep, pipe_in, EPOLLIN) == 0);
	is_int(poll(&p, 1, 0), 0, "poll: an epoll without events");
	put(pipe_out, 1);
	is_int(poll(&p, 1, -1), 1, "poll: with one");
	is_int(p.revents, POLLIN, "poll: it is readable");
	take(pipe_in, 1);
	is_int(poll(&p, 1, 0), 0, "poll: not when the event has passed, though nobody took it");
	close_pipe();
	close(ep);
}

static void check_nested(void)
{
	int a = epoll_create1(0), b = epoll_create1(0), c = epoll_create1(0), more[8], n;
	struct epoll_event event;

	fresh_pipe();
	is_int(add(a, b, EPOLLIN), 0, "nested: an epoll in an epoll");
	fails(add(b, a, EPOLLIN), ELOOP, "nested: no circle of two");
	must(add(b, c, EPOLLIN) == 0);
	fails(add(c, a, EPOLLIN), ELOOP, "nested: no circle of three");
	must(add(c, pipe_in, EPOLLIN) == 0);
	is_int(ready_now(a), 0, "nested: nothing yet");
	put(pipe_out, 1);
	is_int(ready_now(a), EPOLLIN, "nested: an event comes up two levels");
	is_int(epoll_wait(c, &event, 1, 0), 1, "nested: and is where it belongs");
	take(pipe_in, 1);
	is_int(ready_now(a), 0, "nested: it is gone everywhere at once");
	must(control(a, EPOLL_CTL_MOD, b, EPOLLIN | EPOLLET, 0) == 0);
	put(pipe_out, 1);
	is_int(ready_now(a), EPOLLIN, "nested: an edge comes up too");
	is_int(ready_now(a), 0, "nested: once");
	close(b);
	put(pipe_out, 1);
	is_int(ready_now(a), 0, "nested: the link in the middle is closed");
	is_int(ready_now(c), EPOLLIN, "nested: the end of the chain is not");
	fails(control(a, EPOLL_CTL_ADD, c, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL, "nested: never exclusive");
	close(a);
	close(c);
	close_pipe();

	more[0] = epoll_create1(0);
	for (n = 1; n < 8; n++) {
		more[n] = epoll_create1(0);
		if (add(more[n], more[n - 1], EPOLLIN) < 0)
			break;
	}
	ok(n >= 5 && n < 8 && errno == ELOOP, "nested: at least five deep, and not without end");
	for (int i = 0; i <= n && i < 8; i++)
		close(more[i]);
}

static void check_exclusive(void)
{
	int ep = epoll_create1(0), other = epoll_create1(0);

	fresh_pipe();
	fails(add(ep, pipe_in, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL, "exclusive: not with EPOLLONESHOT");
	is_int(add(ep, pipe_in, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET), 0, "exclusive: with EPOLLET");
	fails(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN, 0), EINVAL, "exclusive: cannot be modified");
	must(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, NULL) == 0 && add(ep, pipe_in, EPOLLIN) == 0);
	fails(control(ep, EPOLL_CTL_MOD, pipe_in, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL, "exclusive: only when it is added");
	must(epoll_ctl(ep, EPOLL_CTL_DEL, pipe_in, NULL) == 0);
	must(add(ep, pipe_in, EPOLLIN | EPOLLEXCLUSIVE) == 0 && add(other, pipe_in, EPOLLIN | EPOLLEXCLUSIVE) == 0);
	put(pipe_out, 1);
	ok(ready_now(ep) == EPOLLIN || ready_now(other) == EPOLLIN, "exclusive: one hears of it");
	close_pipe();
	close(ep);
	close(other);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void check_timeouts(void)
{
	struct epoll_event event;
	struct timespec ts = {0, 30000000}, bad = {0, 1000000000};
	int ep = epoll_create1(0);
	unsigned long before = now_ms();

	is_int(epoll_wait(ep, &event, 1, 30), 0, "a timeout");
	ok(now_ms() - before >= 29, "not before its time");
	before = now_ms();
	is_int(syscall(SYS_epoll_pwait2, ep, &event, 1, &ts, NULL, 8), 0, "epoll_pwait2: a timeout of ns");
	ok(now_ms() - before >= 29, "epoll_pwait2: not before its time");
	fails(syscall(SYS_epoll_pwait2, ep, &event, 1, &bad, NULL, 8), EINVAL, "epoll_pwait2: not a time");
	fails(syscall(SYS_epoll_pwait2, ep, &event, 1, (void *)8, NULL, 8), EFAULT, "epoll_pwait2: a bad address");
	close(ep);
}

static void *kick_later(void *arg)
{
	pthread_t *whom = arg;

	usleep(30000);
	pthread_kill(*whom, SIGUSR1);
	return NULL;
}

static void check_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct epoll_event event;
	sigset_t usr1, none, was;
	int ep = epoll_create1(0);
	pthread_t self = pthread_self(), kicker;

	sigaction(SIGUSR1, &action, NULL);
	must(pthread_create(&kicker, NULL, kick_later, &self) == 0);
	fails(epoll_wait(ep, &event, 1, 10000), EINTR, "a handler ends the wait, also with SA_RESTART");
	is_int(caught, SIGUSR1, "it has run");
	pthread_join(kicker, NULL);

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	caught = 0;
	raise(SIGUSR1);
	is_int(epoll_wait(ep, &event, 1, 1), 0, "a blocked signal does not");
	fails(epoll_pwait(ep, &event, 1, 10000, &none), EINTR, "epoll_pwait lets it in");
	is_int(caught, SIGUSR1, "its handler has run");
	sigprocmask(SIG_SETMASK, NULL, &was);
	ok(sigismember(&was, SIGUSR1), "and the mask is the old one afterwards");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	fails(syscall(SYS_epoll_pwait, ep, &event, 1, 0, &none, 4), EINVAL, "epoll_pwait: a mask of 4 bytes");
	close(ep);
}

static int shared_epoll;

static void *wait_once(void *arg)
{
	struct epoll_event event;
	int n = epoll_wait(shared_epoll, &event, 1, 10000);

	(void)arg;
	return (void *)(long)(n == 1 ? (long)event.data.u64 : -1);
}

static void check_sleepers(void)
{
	pthread_t thread[3];
	void *got[3];
	int other[2];

	shared_epoll = epoll_create1(0);
	fresh_pipe();
	must(pthread_create(&thread[0], NULL, wait_once, NULL) == 0);
	usleep(20000);
	must(control(shared_epoll, EPOLL_CTL_ADD, pipe_in, EPOLLIN | EPOLLONESHOT, 1) == 0);
	put(pipe_out, 1);
	pthread_join(thread[0], &got[0]);
	is_int((long)got[0], 1, "an entry added during the wait wakes it");
	must(control(shared_epoll, EPOLL_CTL_MOD, pipe_in, EPOLLIN | EPOLLONESHOT, 2) == 0);
	must(pipe(other) == 0 && control(shared_epoll, EPOLL_CTL_ADD, other[0], EPOLLIN | EPOLLONESHOT, 4) == 0);
	take(pipe_in, 1);
	for (int i = 0; i < 2; i++)
		must(pthread_create(&thread[i], NULL, wait_once, NULL) == 0);
	usleep(20000);
	put(pipe_out, 1);
	must(write(other[1], "x", 1) == 1);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], &got[i]);
	is_int((long)got[0] + (long)got[1], 6, "two sleepers, two events: each gets one");
	close(other[0]);
	close(other[1]);
	close_pipe();
	close(shared_epoll);
}

/*
 * Producers add to counters, consumers take what epoll tells them: all must arrive, however they interleave. Edge-triggered
 * and oneshot entries hang for ever on the first lost event.
 */
enum { COUNTERS = 8, PRODUCERS = 3, CONSUMERS = 3, EACH = 1500 };

static int counter[COUNTERS], stop_fd;
static unsigned storm_events;
static unsigned long arrived;

static void *produce(void *arg)
{
	unsigned long one = 1;
	unsigned seed = (unsigned)(long)arg;

	for (int i = 0; i < EACH; i++) {
		seed = seed * 1103515245 + 12345;
		if (write(counter[seed >> 16 & (COUNTERS - 1)], &one, 8) != 8)
			return (void *)-1l;
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct epoll_event event[2];
	unsigned long n;

	(void)arg;
	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < PRODUCERS * EACH) {
		int got = epoll_wait(shared_epoll, event, 2, 20000);

		if (got <= 0)
			return (void *)-1l;
		for (int i = 0; i < got; i++) {
			int fd = (int)event[i].data.u64;

			if (fd == stop_fd)
				continue;
			if (read(fd, &n, 8) == 8 &&
			    __atomic_add_fetch(&arrived, n, __ATOMIC_SEQ_CST) == PRODUCERS * EACH) {
				n = 1;
				if (write(stop_fd, &n, 8) != 8)
					return (void *)-1l;
			}
			if (storm_events & EPOLLONESHOT)
				control(shared_epoll, EPOLL_CTL_MOD, fd, storm_events, (unsigned long)fd);
		}
	}
	return NULL;
}

static void check_storm(unsigned events, const char *name)
{
	pthread_t thread[PRODUCERS + CONSUMERS];
	bool lost = false;

	storm_events = events;
	arrived = 0;
	shared_epoll = epoll_create1(0);
	stop_fd = eventfd(0, 0);
	must(add(shared_epoll, stop_fd, EPOLLIN) == 0);
	for (int i = 0; i < COUNTERS; i++) {
		counter[i] = eventfd(0, EFD_NONBLOCK);
		must(add(shared_epoll, counter[i], events) == 0);
	}
	for (long i = 0; i < PRODUCERS + CONSUMERS; i++)
		must(pthread_create(&thread[i], NULL, i < CONSUMERS ? consume : produce, (void *)i) == 0);
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		lost |= result != NULL;
	}
	ok(!lost, "storm: nobody waited in vain (%s)", name);
	is_int(arrived, PRODUCERS * EACH, "storm: all has arrived (%s)", name);
	for (int i = 0; i < COUNTERS; i++)
		close(counter[i]);
	close(stop_fd);
	close(shared_epoll);
}

/* Descriptors that come and go under a waiting epoll. */
static void *churn(void *arg)
{
	int fd[2];

	for (int i = 0; i < 400; i++) {
		if (pipe(fd) || add(shared_epoll, fd[0], EPOLLIN | (i & 1 ? EPOLLET : 0)) || write(fd[1], "x", 1) != 1)
			return (void *)-1l;
		if (i & 2)
			control(shared_epoll, EPOLL_CTL_DEL, fd[0], 0, 0);
		close(fd[i >> 2 & 1]);
		close(fd[~i >> 2 & 1]);
	}
	__atomic_sub_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void check_churn(void)
{
	struct epoll_event event[8];
	pthread_t thread[2];
	int left = 2, bad = 0;
	void *result;

	shared_epoll = epoll_create1(0);
	for (int i = 0; i < 2; i++)
		must(pthread_create(&thread[i], NULL, churn, &left) == 0);
	while (__atomic_load_n(&left, __ATOMIC_SEQ_CST))
		bad |= epoll_wait(shared_epoll, event, 8, 1) < 0;
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], &result);
		bad |= result != NULL;
	}
	ok(!bad, "descriptors come and go under a waiting epoll");
	is_int(epoll_wait(shared_epoll, event, 8, 0), 0, "and leave nothing behind");
	close(shared_epoll);
}

static void check_fork(void)
{
	int ep = epoll_create1(0), status;

	if (!can_fork("a child shares the epoll"))
		return;
	fresh_pipe();
	if (fork() == 0)
		_exit(add(ep, pipe_in, EPOLLIN) ? 1 : 0);
	wait(&status);
	put(pipe_out, 1);
	is_int(ready_now(ep), EPOLLIN, "a child shares the epoll");
	close_pipe();
	close(ep);
}

int main(void)
{
	check_create();
	check_errors();
	check_level();
	check_edge();
	check_oneshot();
	check_hangup();
	check_closing();
	check_many();
	check_poll_of();
	check_nested();
	check_exclusive();
	check_timeouts();
	check_signals();
	check_sleepers();
	check_storm(EPOLLIN, "level");
	check_storm(EPOLLIN | EPOLLET, "edge");
	check_storm(EPOLLIN | EPOLLONESHOT, "oneshot");
	check_churn();
	check_fork();
	return done();
}
