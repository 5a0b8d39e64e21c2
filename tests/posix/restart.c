/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupted calls: which go on after a handler with SA_RESTART, which are EINTR whatever the handler's flags, and that a
 * signal without a handler disturbs none of them. The tables are those of signal(7).
 *
 * A timer signals again and again, so that no signal can come too early and be missed; the third time it lets the call end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "handler.h"

#define FIFO "/tmp/posix-restart"
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9
#define LONG 100  /* seconds: never waited for */
#define STORM 1 /* second, or as many interruptions: */
#define ENOUGH 2000
#define LONG_AFTER 1000000 /* looks at the reader's turn */
#define PATIENCE 400 /* signals after which a call that should be EINTR long ago is let go */

static int ends[2], other = -1;
static volatile unsigned word;
static pid_t child_pid;
static char block_of_bytes[4096];

struct call {
	const char *name;
	void (*prepare)(void);
	long (*run)(void);
	void (*release)(void); /* in the handler: makes the call end */
	long result;           /* then; -2: any that is no error */
};

static const struct call *volatile current;
static volatile int hits, release_at;

static void ring(int sig)
{
	int error = errno;

	(void)sig;
	if (++hits == release_at && current->release)
		current->release();
	errno = error;
}

static void ring_every_5ms(bool yes, int flags)
{
	struct itimerval time = {{0, yes ? 5000 : 0}, {0, yes ? 5000 : 0}};

	on(SIGALRM, ring, flags);
	hits = 0;
	must(setitimer(ITIMER_REAL, &time, NULL) == 0);
}

static long interrupted(const struct call *call, int flags, int release)
{
	long result;
	int error;

	if (call->prepare)
		call->prepare();
	current = call;
	release_at = release;
	ring_every_5ms(true, flags);
	result = call->run();
	error = errno;
	ring_every_5ms(false, flags);
	errno = error;
	return result;
}

static void always_eintr(const struct call *call)
{
	fails(interrupted(call, 0, PATIENCE), EINTR, "%s is EINTR", call->name);
	fails(interrupted(call, SA_RESTART, PATIENCE), EINTR, "%s is EINTR, also with SA_RESTART", call->name);
}

static void restarts(const struct call *call)
{
	long result;

	fails(interrupted(call, 0, PATIENCE), EINTR, "%s is EINTR without SA_RESTART", call->name);
	if (hits < PATIENCE && call->release)
		call->release();
	result = interrupted(call, SA_RESTART, 3);
	if (call->result == -2)
		ok(result >= 0, "%s goes on with SA_RESTART", call->name);
	else
		is_int(result, call->result, "%s goes on with SA_RESTART", call->name);
}

/* ---- pipes, FIFOs ---- */

static void fresh_pipe(void)
{
	if (ends[1])
		close(ends[0]), close(ends[1]);
	must(pipe(ends) == 0);
}

static void full_pipe(void)
{
	fresh_pipe();
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block_of_bytes, sizeof(block_of_bytes)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
}

static void write_byte(void)
{
	must(write(ends[1], "x", 1) == 1);
}

static void drain(void)
{
	must(read(ends[0], block_of_bytes, sizeof(block_of_bytes)) > 0);
}

static long read_pipe(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

static long readv_pipe(void)
{
	char byte;
	struct iovec v = {&byte, 1};

	return readv(ends[0], &v, 1);
}

static long write_pipe(void)
{
	return write(ends[1], block_of_bytes, sizeof(block_of_bytes));
}

static void close_other(void)
{
	if (other >= 0)
		close(other);
	other = -1;
}

static void open_both_ways(void)
{
	other = open(FIFO, O_RDWR | O_NONBLOCK);
}

static long open_fifo(void)
{
	int fd = open(FIFO, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long open_fifo_writing(void)
{
	int fd = open(FIFO, O_WRONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* ---- locks ---- */

static int mine = -1;

static void lock_other(void)
{
	close_other();
	if (mine >= 0)
		close(mine);
	mine = open(FIFO ".lock", O_RDWR | O_CREAT, 0600);
	other = open(FIFO ".lock", O_RDWR);
	must(mine >= 0 && other >= 0 && flock(other, LOCK_EX) == 0);
}

static void unlock_other(void)
{
	flock(other, LOCK_UN);
}

static long flock_it(void)
{
	return flock(mine, LOCK_EX);
}

static void start_child(const char *mode)
{
	char ready;

	if (child_pid)
		kill(child_pid, SIGKILL), waitpid(child_pid, NULL, 0);
	fresh_pipe();
	must(dup2(ends[1], 41) == 41);
	child_pid = spawn_self(mode, "0");
	must(child_pid > 0 && read(ends[0], &ready, 1) == 1);
	close(41);
}

static void child_that_waits(void)
{
	start_child("wait");
}

static void child_that_locks(void)
{
	close(mine);
	mine = open(FIFO ".lock", O_RDWR | O_CREAT, 0600);
	start_child("lock");
}

static void kill_child(void)
{
	kill(child_pid, SIGKILL);
}

static long wait4_it(void)
{
	int status;
	long pid = wait4(child_pid, &status, 0, NULL);

	if (pid > 0)
		child_pid = 0;
	return pid;
}

static long waitid_it(void)
{
	siginfo_t info;
	long error = waitid(P_PID, (id_t)child_pid, &info, WEXITED);

	if (!error)
		child_pid = 0;
	return error;
}

static long set_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(mine, F_SETLKW, &lock);
}

/* ---- futexes ---- */

static void word_zero(void)
{
	word = 0;
}

static void wake_word(void)
{
	word = 1;
	syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Woken it is 0; begun anew after the word was changed it is EAGAIN: both mean that it went on. */
static long futex_wait(void)
{
	long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);

	return result && errno == EAGAIN ? 0 : result;
}

static long futex_timed(void)
{
	struct timespec time = {.tv_sec = LONG};

	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
}

static long futex_absolute(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += LONG;
	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &time, NULL, ~0u);
}

/* ---- the rest ---- */

static long pause_it(void)
{
	return pause();
}

static long suspend_it(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long timed_wait(void)
{
	sigset_t set = set_of(SIGUSR2);
	struct timespec time = {.tv_sec = LONG};

	return syscall(SYS_rt_sigtimedwait, &set, NULL, &time, 8L); /* musl's own would go on after EINTR */
}

static long wait_info(void)
{
	sigset_t set = set_of(SIGUSR2);

	return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8L);
}

static struct timespec left;

static long sleep_it(void)
{
	struct timespec time = {.tv_sec = LONG};

	left = (struct timespec){0};
	return nanosleep(&time, &left);
}

static long clock_sleep(int flags)
{
	struct timespec time = {.tv_sec = LONG}, now = {0};
	int error;

	if (flags)
		clock_gettime(CLOCK_MONOTONIC, &now);
	time.tv_sec += now.tv_sec;
	left = (struct timespec){0};
	error = clock_nanosleep(CLOCK_MONOTONIC, flags, &time, &left);
	errno = error;
	return error ? -1 : 0;
}

static long sleep_relative(void)
{
	return clock_sleep(0);
}

static long sleep_absolute(void)
{
	return clock_sleep(TIMER_ABSTIME);
}

static long poll_it(void)
{
	struct pollfd fd = {.fd = ends[0], .events = POLLIN};

	return poll(&fd, 1, LONG * 1000);
}

static long poll_forever(void)
{
	return poll(NULL, 0, -1);
}

static long ppoll_it(void)
{
	struct pollfd fd = {.fd = ends[0], .events = POLLIN};
	struct timespec time = {.tv_sec = LONG};

	return ppoll(&fd, 1, &time, NULL);
}

static long select_it(void)
{
	struct timeval time = {.tv_sec = LONG};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, &time);
}

static long pselect_it(void)
{
	struct timespec time = {.tv_sec = LONG};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, &time, NULL);
}

static const struct call going_on[] = {
	{"read of a pipe", fresh_pipe, read_pipe, write_byte, 1},
	{"readv of a pipe", fresh_pipe, readv_pipe, write_byte, 1},
	{"write to a full pipe", full_pipe, write_pipe, drain, sizeof(block_of_bytes)},
	{"open of a FIFO to read", close_other, open_fifo, open_both_ways, -2},
	{"open of a FIFO to write", close_other, open_fifo_writing, open_both_ways, -2},
	{"flock", lock_other, flock_it, unlock_other, 0},
	{"futex wait", word_zero, futex_wait, wake_word, 0},
};

static const struct call ending[] = {
	{"pause", NULL, pause_it, NULL, 0},
	{"sigsuspend", NULL, suspend_it, NULL, 0},
	{"sigtimedwait", NULL, timed_wait, NULL, 0},
	{"sigwaitinfo", NULL, wait_info, NULL, 0},
	{"nanosleep", NULL, sleep_it, NULL, 0},
	{"clock_nanosleep", NULL, sleep_relative, NULL, 0},
	{"clock_nanosleep to a point in time", NULL, sleep_absolute, NULL, 0},
	{"poll", fresh_pipe, poll_it, write_byte, 0},
	{"poll without a limit", NULL, poll_forever, NULL, 0},
	{"ppoll", fresh_pipe, ppoll_it, write_byte, 0},
	{"select", fresh_pipe, select_it, write_byte, 0},
	{"pselect", fresh_pipe, pselect_it, write_byte, 0},
	{"futex wait with a limit", word_zero, futex_timed, wake_word, 0},
	{"futex wait to a point in time", word_zero, futex_absolute, wake_word, 0},
};

static const struct call with_children[] = {
	{"wait4", child_that_waits, wait4_it, kill_child, -2},
	{"waitid", child_that_waits, waitid_it, kill_child, 0},
	{"fcntl F_SETLKW", child_that_locks, set_lock, kill_child, 0},
};

/* ---- signals without a handler ---- */

/* Nothing here may be EINTR or end early: the timer's signal is ignored, and there are twenty of them. */
static long ignoring(long (*run)(void))
{
	struct itimerval time = {{0, 2000}, {0, 2000}}, off = {0};
	long result;
	int error;

	on(SIGALRM, SIG_IGN, 0);
	must(setitimer(ITIMER_REAL, &time, NULL) == 0);
	result = run();
	error = errno;
	setitimer(ITIMER_REAL, &off, NULL);
	errno = error;
	return result;
}

static long sleep_short(void)
{
	struct timespec time = {.tv_nsec = 40000000};

	return nanosleep(&time, NULL);
}

static long poll_short(void)
{
	return poll(NULL, 0, 40);
}

static long futex_short(void)
{
	struct timespec time = {.tv_nsec = 40000000};

	word = 0;
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
}

static void test_ignored(void)
{
	is_int(ignoring(sleep_short), 0, "an ignored signal does not disturb nanosleep");
	is_int(ignoring(poll_short), 0, "nor poll");
	fails(ignoring(futex_short), ETIMEDOUT, "nor a futex wait");
}

/* A child that is stopped and continued in the middle; what it answers is its exit status. */
static int stopped_child(int which)
{
	struct timespec time = {.tv_nsec = 300000000};
	sigset_t set = set_of(SIGUSR2);
	struct timeval select_time = {.tv_usec = 300000};
	long result = -1;
	char byte;

	must(write(41, "r", 1) == 1);
	errno = 0;
	switch (which) {
	case 0:
		result = nanosleep(&time, NULL);
		break;
	case 1:
		result = poll(NULL, 0, 300);
		break;
	case 2:
		result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0) == -1 && errno == ETIMEDOUT ? 0 : -1;
		break;
	case 3:
		result = select(0, NULL, NULL, NULL, &select_time);
		break;
	case 4:
		result = read(40, &byte, 1) == 0 ? 0 : -1;
		break;
	case 5: /* the exception of signal(7): EINTR after SIGCONT, but on time where none came in the wait */
		sigprocmask(SIG_BLOCK, &set, NULL);
		result = syscall(SYS_rt_sigtimedwait, &set, NULL, &time, 8L) == -1 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
		break;
	}
	return result ? errno ? errno : 1 : 0;
}

static void test_stopped(void)
{
	static const char *const names[] = {"nanosleep", "poll", "a futex wait", "select", "a read", "sigtimedwait (EINTR or its time)"};
	struct timespec nap = {.tv_nsec = 20000000};
	char number[4];
	int status, held[2];

	child_pid = 0;
	for (int i = 0; i < 6; i++) {
		snprintf(number, sizeof(number), "%d", i);
		must(pipe(held) == 0 && dup2(held[0], 40) == 40);
		fcntl(held[1], F_SETFD, FD_CLOEXEC);
		close(held[0]);
		fresh_pipe();
		must(dup2(ends[1], 41) == 41);
		pid_t pid = spawn_self("stopped", number);
		char ready;

		must(pid > 0 && read(ends[0], &ready, 1) == 1);
		close(41), close(40);
		nanosleep(&nap, NULL);
		kill(pid, SIGSTOP);
		must(waitpid(pid, &status, WUNTRACED) == pid);
		kill(pid, SIGCONT);
		nanosleep(&nap, NULL);
		close(held[1]);
		must(waitpid(pid, &status, 0) == pid);
		is_int(status, 0, "stop and continue do not end %s", names[i]);
	}
}

/* ---- a storm ---- */

static volatile bool storm;
static volatile unsigned turn;
static pthread_t main_thread;

/*
 * For each read a shower, the drops ever farther apart: some fall when the first has ended the read and it is on its way back.
 * A whole shower may fall before the read has begun: a read that still waits long after gets another.
 */
static void *rain(void *unused)
{
	unsigned seen = 0;

	while (storm) {
		for (int waited = 0; storm && turn == seen && waited < LONG_AFTER; waited++)
			;
		seen = turn;
		for (int drops = 0; drops < 16; drops++) {
			for (volatile unsigned i = 0; i < turn * 7 % 200; i++)
				;
			pthread_kill(main_thread, SIGUSR1);
		}
	}
	return unused;
}

static void test_storm(void)
{
	int ended = 0, other = 0;
	struct timespec start, now;
	pthread_t thread;

	on(SIGUSR1, counter, 0);
	fresh_pipe();
	main_thread = pthread_self();
	storm = true;
	must(pthread_create(&thread, NULL, rain, NULL) == 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		char byte;

		turn++;

		long n = read(ends[0], &byte, 1);

		ended += n == -1 && errno == EINTR;
		other += n != -1 || errno != EINTR;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < STORM && ended < ENOUGH);
	storm = false;
	pthread_join(thread, NULL);
	ok(ended > 0, "a storm of signals interrupts a read");
	is_int(other, 0, "which never says anything but EINTR");
}

static int child(const char *mode, const char *argument)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!strcmp(mode, "stopped"))
		return stopped_child(atoi(argument));
	if (!strcmp(mode, "lock")) {
		int fd = open(FIFO ".lock", O_RDWR);

		must(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0);
	}
	must(write(41, "r", 1) == 1);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	sigset_t usr2 = set_of(SIGUSR2);

	if (argc > 2)
		return child(argv[1], argv[2]);
	unlink(FIFO);
	must(mkfifo(FIFO, 0600) == 0);
	for (size_t i = 0; i < sizeof(going_on) / sizeof(*going_on); i++)
		restarts(&going_on[i]);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		always_eintr(&ending[i]);
	interrupted(&ending[4], 0, PATIENCE);
	ok(left.tv_sec > 0 && left.tv_sec < LONG, "nanosleep tells what is left");
	interrupted(&ending[5], 0, PATIENCE);
	ok(left.tv_sec > 0 && left.tv_sec < LONG, "and clock_nanosleep");
	interrupted(&ending[6], 0, PATIENCE);
	ok(!left.tv_sec && !left.tv_nsec, "which tells nothing for a point in time");
	test_ignored();
	test_storm();
	if (can_spawn("waiting for children")) {
		for (size_t i = 0; i < sizeof(with_children) / sizeof(*with_children); i++)
			restarts(&with_children[i]);
		kill_child();
		waitpid(child_pid, NULL, 0);
		test_stopped();
	}
	unlink(FIFO), unlink(FIFO ".lock");
	return done();
}
