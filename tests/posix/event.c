/* SPDX-License-Identifier: BSD-2-Clause */
/* eventfd(2) and signalfd(2): counting, blocking, polling, and each errno. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../user/kernel.h"

static long get(int fd)
{
	uint64_t n;

	return read(fd, &n, 8) == 8 ? (long)n : -1;
}

static long put(int fd, uint64_t n)
{
	return write(fd, &n, 8);
}

static unsigned state(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	poll(&p, 1, 0);
	return (unsigned)p.revents;
}

static void check_counter(void)
{
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC), plain = syscall(SYS_eventfd, 0);
	struct stat st;
	char path[64] = "", link[64], small[16];
	ssize_t n;

	ok(fd >= 0 && plain >= 0, "eventfd2 and eventfd give descriptors");
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "EFD_CLOEXEC");
	is_int(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDWR, "EFD_NONBLOCK, and read and write");
	is_int(fcntl(plain, F_GETFL) & O_NONBLOCK, 0, "without the flag it blocks");
	is_int(get(fd), 3, "the first count is read");
	fails(get(fd), EAGAIN, "and is gone then");
	is_int(put(fd, 4), 8, "a write adds");
	is_int(put(fd, 5), 8, "and adds");
	is_int(get(fd), 9, "a read takes all");
	is_int(put(fd, 0), 8, "nothing may be added");
	fails(get(fd), EAGAIN, "and changes nothing");
	fails(read(fd, small, 7), EINVAL, "read: less than 8 bytes");
	fails(write(fd, small, 7), EINVAL, "write: less than 8 bytes");
	put(fd, 1);
	is_int(read(fd, small, 16), 8, "read: more room than needed");
	fails(put(fd, UINT64_MAX), EINVAL, "write: the one number that is not allowed");
	fails(write(fd, (void *)8, 8), EFAULT, "write: a bad address");
	fails(syscall(SYS_eventfd2, 0, EFD_SEMAPHORE | 2), EINVAL, "eventfd2: an unknown flag");
	is_int(fstat(fd, &st), 0, "fstat");
	is_int(st.st_mode, 0600, "it is a file without a type");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	ok(n > 0 && !strcmp(path, "anon_inode:[eventfd]"), "its name in /proc/self/fd");
	close(fd);
	close(plain);
}

static void check_limit(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	is_int(state(fd), POLLOUT, "poll: zero can be written");
	put(fd, 1);
	is_int(state(fd), POLLIN | POLLOUT, "poll: one can be read and written");
	is_int(put(fd, UINT64_MAX - 2), 8, "up to the largest count");
	is_int(state(fd), POLLIN, "poll: the largest can only be read");
	fails(put(fd, 1), EAGAIN, "more does not fit");
	is_int(get(fd), (long)(UINT64_MAX - 1), "nothing was lost");
	fails(put(fd, UINT64_MAX), EINVAL, "still not allowed");
	is_int(put(fd, UINT64_MAX - 1), 8, "the largest at once");
	close(fd);
}

static void check_semaphore(void)
{
	int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);

	is_int(get(fd), 1, "semaphore: one at a time");
	is_int(get(fd), 1, "semaphore: and one more");
	fails(get(fd), EAGAIN, "semaphore: zero");
	put(fd, 3);
	is_int(get(fd), 1, "semaphore: one of three");
	is_int(state(fd), POLLIN | POLLOUT, "semaphore: two are left");
	close(fd);
}

static void *put_later(void *arg)
{
	usleep(20000);
	put(*(int *)arg, 7);
	return NULL;
}

static void *get_later(void *arg)
{
	usleep(20000);
	return (void *)get(*(int *)arg);
}

static void check_blocking(void)
{
	int fd = eventfd(0, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	pthread_t thread;
	fd_set set;
	void *got;

	must(pthread_create(&thread, NULL, put_later, &fd) == 0);
	is_int(get(fd), 7, "a read waits for a write");
	pthread_join(thread, NULL);
	must(pthread_create(&thread, NULL, put_later, &fd) == 0);
	is_int(poll(&p, 1, 5000), 1, "poll waits for a write");
	pthread_join(thread, NULL);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	is_int(select(fd + 1, &set, NULL, NULL, NULL), 1, "select sees it");
	put(fd, UINT64_MAX - 1 - 7);
	must(pthread_create(&thread, NULL, get_later, &fd) == 0);
	is_int(put(fd, 2), 8, "a write waits for a read");
	pthread_join(thread, &got);
	is_int((long)got, (long)(UINT64_MAX - 1), "which took all there was before");
	is_int(get(fd), 2, "and left what came after");
	close(fd);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void *kick_later(void *arg)
{
	usleep(20000);
	pthread_kill(*(pthread_t *)arg, SIGUSR2);
	return NULL;
}

static void check_interrupted(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t self = pthread_self(), thread;
	int fd = eventfd(0, 0);

	sigaction(SIGUSR2, &action, NULL);
	must(pthread_create(&thread, NULL, kick_later, &self) == 0);
	fails(get(fd), EINTR, "a signal ends a read");
	pthread_join(thread, NULL);
	close(fd);
}

/* Threads that post and threads that wait: the sum is right. */
enum { POSTERS = 3, POSTS = 3000 };
static int semaphore;

static void *post(void *arg)
{
	(void)arg;
	for (int i = 0; i < POSTS; i++)
		if (put(semaphore, 1) != 8)
			return (void *)1;
	return NULL;
}

static void *collect(void *arg)
{
	(void)arg;
	for (int i = 0; i < POSTS; i++)
		if (get(semaphore) != 1)
			return (void *)1;
	return NULL;
}

static void check_threads(void)
{
	pthread_t thread[2 * POSTERS];
	bool bad = false;
	void *result;

	semaphore = eventfd(0, EFD_SEMAPHORE);
	for (int i = 0; i < 2 * POSTERS; i++)
		must(pthread_create(&thread[i], NULL, i & 1 ? post : collect, NULL) == 0);
	for (int i = 0; i < 2 * POSTERS; i++) {
		pthread_join(thread[i], &result);
		bad |= result != NULL;
	}
	ok(!bad, "posts and waits of many threads");
	fcntl(semaphore, F_SETFL, O_NONBLOCK);
	fails(get(semaphore), EAGAIN, "come out even");
	close(semaphore);
}

/* ---- signalfd ---- */

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void check_signalfd(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN), other = set_of(SIGTERM, 0);
	struct signalfd_siginfo info[4];
	union sigval value = {.sival_int = 77};
	int fd;

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ok(fd >= 0, "signalfd");
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "SFD_CLOEXEC");
	is_int(state(fd), 0, "poll: no signal");
	fails(read(fd, info, sizeof(info)), EAGAIN, "read: no signal");
	fails(read(fd, info, sizeof(info[0]) - 1), EINVAL, "read: no room for a record");
	fails(write(fd, info, 8), EINVAL, "it cannot be written");
	kill(getpid(), SIGUSR1);
	is_int(state(fd), POLLIN, "poll: a signal");
	is_int(read(fd, info, sizeof(info)), sizeof(info[0]), "read: one record");
	is_int(info[0].ssi_signo, SIGUSR1, "its number");
	is_int(info[0].ssi_code, SI_USER, "its code");
	is_int(info[0].ssi_pid, getpid(), "who sent it");
	is_int(info[0].ssi_uid, getuid(), "and as whom");
	is_int(state(fd), 0, "poll: it is taken");
	for (int i = 0; i < 3; i++) {
		kill(getpid(), SIGUSR1);
		pthread_kill(pthread_self(), SIGRTMIN);
	}
	is_int(read(fd, info, sizeof(info)), 4 * sizeof(info[0]), "one standard signal and three real-time ones");
	ok((info[0].ssi_signo == SIGUSR1 || info[3].ssi_signo == SIGUSR1) && info[1].ssi_signo == (unsigned)SIGRTMIN,
	   "each is there");
	is_int(info[1].ssi_code, SI_TKILL, "to a thread");
	is_int(syscall(SYS_signalfd4, fd, &other, 8, 0), fd, "another mask for the same descriptor");
	kill(getpid(), SIGUSR1);
	is_int(state(fd), 0, "which the old signals are not in");
	is_int(signalfd(fd, &set, 0), fd, "and back");
	is_int(state(fd), POLLIN, "now they are");
	must(read(fd, info, sizeof(info)) == sizeof(info[0]));
	if (sigqueue(getpid(), SIGRTMIN, value) == 0) {
		must(read(fd, info, sizeof(info)) == sizeof(info[0]));
		ok(info[0].ssi_int == 77 && info[0].ssi_code == SI_QUEUE, "sigqueue's value");
	} else {
		skip("refused rt_sigqueueinfo", "sigqueue's value");
	}
	fails(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL, "a mask of 4 bytes");
	fails(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL, "an unknown flag");
	fails(syscall(SYS_signalfd4, -1, (void *)8, 8, 0), EFAULT, "a bad address");
	fails(syscall(SYS_signalfd4, 999, &set, 8, 0), EBADF, "not open");
	fails(syscall(SYS_signalfd4, 0, &set, 8, 0), EINVAL, "not a signalfd");
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void *signal_later(void *arg)
{
	(void)arg;
	usleep(20000);
	kill(getpid(), SIGUSR1);
	return NULL;
}

static void check_signalfd_waits(void)
{
	sigset_t set = set_of(SIGUSR1, SIGKILL);
	struct signalfd_siginfo info;
	struct pollfd p = {.events = POLLIN};
	pthread_t thread;

	sigprocmask(SIG_BLOCK, &set, NULL);
	p.fd = signalfd(-1, &set, 0);
	ok(p.fd >= 0, "SIGKILL in the mask is no error");
	must(pthread_create(&thread, NULL, signal_later, NULL) == 0);
	is_int(read(p.fd, &info, sizeof(info)), sizeof(info), "a read waits for a signal");
	pthread_join(thread, NULL);
	must(pthread_create(&thread, NULL, signal_later, NULL) == 0);
	is_int(poll(&p, 1, 5000), 1, "poll waits for a signal");
	pthread_join(thread, NULL);
	must(read(p.fd, &info, sizeof(info)) == sizeof(info));
	close(p.fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void check_child(void)
{
	sigset_t set = set_of(SIGCHLD, 0);
	struct signalfd_siginfo info;
	int fd, status;
	pid_t pid;

	if (!can_spawn("a child's end by signalfd"))
		return;
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	while (read(fd, &info, sizeof(info)) > 0)
		;
	pid = vfork();
	if (pid == 0)
		_exit(9);
	waitpid(pid, &status, 0);
	must(read(fd, &info, sizeof(info)) == sizeof(info));
	ok(info.ssi_pid == (unsigned)pid && info.ssi_code == CLD_EXITED && info.ssi_status == 9,
	   "a child's end by signalfd");
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
	check_counter();
	check_limit();
	check_semaphore();
	check_blocking();
	check_interrupted();
	check_threads();
	check_signalfd();
	check_signalfd_waits();
	check_child();
	return done();
}
