/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes and FIFOs: atomic writes, ends that close, O_NONBLOCK, sizes, poll(2), and how open(2) of a FIFO waits. */
#include "posix.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char big[70000];

static int poll_now(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static void test_basics(void)
{
	int p[2], q[2], n;
	struct stat st;
	char buffer[16];

	is_int(pipe(p), 0, "pipe");
	ok(fstat(p[0], &st) == 0 && S_ISFIFO(st.st_mode) && (st.st_mode & 0777) == 0600, "is a FIFO for fstat");
	ok((fcntl(p[0], F_GETFL) & O_ACCMODE) == O_RDONLY && (fcntl(p[1], F_GETFL) & O_ACCMODE) == O_WRONLY, "one end each way");
	fails(write(p[0], "x", 1), EBADF, "write to the reading end");
	fails(read(p[1], buffer, 1), EBADF, "read from the writing end");
	fails(lseek(p[0], 0, SEEK_CUR), ESPIPE, "lseek");
	fails(pread(p[0], buffer, 1, 0), ESPIPE, "pread");
	fails(pwrite(p[1], "x", 1, 0), ESPIPE, "pwrite");
	fails(ftruncate(p[1], 0), EINVAL, "ftruncate");
	fails(fsync(p[1]), EINVAL, "fsync");
	is_int(write(p[1], "hello", 5), 5, "write");
	is_int(ioctl(p[0], FIONREAD, &n) == 0 ? n : -1, 5, "FIONREAD");
	is_int(ioctl(p[1], FIONREAD, &n) == 0 ? n : -1, 5, "at the other end too");
	is_int(read(p[0], buffer, 2), 2, "a short read");
	is_int(read(p[0], buffer, 16), 3, "and the rest");
	is_int(write(p[1], "", 0), 0, "a write of nothing");
	is_int(read(p[0], buffer, 0), 0, "a read of nothing does not wait");
	fails(syscall(SYS_pipe2, q, 077), EINVAL, "pipe2 with an unknown flag");
	is_int(pipe2(q, O_CLOEXEC | O_NONBLOCK), 0, "pipe2");
	ok(fcntl(q[0], F_GETFD) == FD_CLOEXEC && fcntl(q[1], F_GETFD) == FD_CLOEXEC, "O_CLOEXEC on both");
	ok((fcntl(q[0], F_GETFL) & O_NONBLOCK) && (fcntl(q[1], F_GETFL) & O_NONBLOCK), "O_NONBLOCK on both");
	close(p[1]);
	is_int(read(p[0], buffer, 1), 0, "no writer any more: the end");
	close(p[0]);
	close(q[0]);
	close(q[1]);
}

static void test_broken(void)
{
	int p[2];

	must(pipe(p) == 0);
	close(p[0]);
	signal(SIGPIPE, count_signal);
	fails(write(p[1], "x", 1), EPIPE, "no reader: EPIPE");
	is_int(signals, 1, "and SIGPIPE");
	signal(SIGPIPE, SIG_IGN);
	fails(write(p[1], "x", 1), EPIPE, "EPIPE also with SIGPIPE ignored");
	is_int(write(p[1], "", 0), 0, "a write of nothing is none");
	ok(poll_now(p[1], POLLOUT) & POLLERR, "POLLERR");
	close(p[1]);
}

static void test_full(void)
{
	char buffer[PIPE_BUF];
	long total = 0, n;
	int p[2];

	must(pipe2(p, O_NONBLOCK) == 0);
	fails(read(p[0], buffer, 1), EAGAIN, "O_NONBLOCK: nothing to read");
	is_int(poll_now(p[0], POLLIN), 0, "nor POLLIN");
	is_int(poll_now(p[1], POLLOUT), POLLOUT, "POLLOUT while there is room");
	while ((n = write(p[1], buffer, PIPE_BUF)) > 0)
		total += n;
	is_int(total, fcntl(p[1], F_GETPIPE_SZ), "it takes what F_GETPIPE_SZ says");
	ok(n == -1 && errno == EAGAIN, "and then EAGAIN");
	is_int(poll_now(p[1], POLLOUT), 0, "no POLLOUT");
	is_int(poll_now(p[0], POLLIN), POLLIN, "but POLLIN");
	must(read(p[0], buffer, 100) == 100);
	fails(write(p[1], big, PIPE_BUF), EAGAIN, "PIPE_BUF bytes go as a whole or not at all");
	must(read(p[0], buffer, PIPE_BUF) == PIPE_BUF);
	is_int(write(p[1], big, PIPE_BUF), PIPE_BUF, "as a whole when a page is free");
	must(read(p[0], buffer, PIPE_BUF) == PIPE_BUF);
	n = write(p[1], big, sizeof(big));
	ok(n > 0 && n < (long)sizeof(big), "more than PIPE_BUF goes in part");
	close(p[1]);
	is_int(poll_now(p[0], POLLIN), POLLIN | POLLHUP, "POLLIN and POLLHUP: data, and no writer");
	while (read(p[0], buffer, sizeof(buffer)) > 0)
		;
	is_int(poll_now(p[0], POLLIN), POLLHUP, "POLLHUP alone at the end");
	close(p[0]);
}

static void test_sizes(void)
{
	int p[2], file = open("plain", O_RDWR | O_CREAT, 0600);

	must(pipe2(p, O_NONBLOCK) == 0);
	is_int(fcntl(p[0], F_GETPIPE_SZ), 65536, "F_GETPIPE_SZ");
	is_int(fcntl(p[1], F_SETPIPE_SZ, 5000), 8192, "F_SETPIPE_SZ rounds up to pages, a power of two");
	is_int(write(p[1], big, sizeof(big)), 8192, "and so much it holds");
	fails(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY, "less than is in it");
	fails(fcntl(p[1], F_SETPIPE_SZ, -1), EINVAL, "F_SETPIPE_SZ of -1");
	fails(fcntl(file, F_GETPIPE_SZ), EBADF, "F_GETPIPE_SZ of a file");
	close(p[0]);
	close(p[1]);
	close(file);
}

/* A longer ring: what lies in the old one, wrapped around its end or not, comes out in order. */
static void test_long(void)
{
	static unsigned char out[1 << 20], in[1 << 20];
	size_t drained = 30001;
	int p[2];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)(i * 31 + i / 251);
	must(pipe2(p, O_NONBLOCK) == 0);
	is_int(write(p[1], out, 65536), 65536, "a pipe is filled,");
	must(read(p[0], in, drained) == (ssize_t)drained);

	/* By bytes, or by pages: either is allowed. */
	ssize_t more = write(p[1], out + 65536, drained);
	size_t full = 65536 + (size_t)more;

	ok(more >= (long)(drained - drained % 4096) && more <= (long)drained, "drained in part and filled again,");

	is_int(fcntl(p[1], F_SETPIPE_SZ, 1 << 20), 1 << 20, "then made as long as 1 MiB");
	is_int(fcntl(p[0], F_GETPIPE_SZ), 1 << 20, "as F_GETPIPE_SZ tells");
	ok(write(p[1], out + full, 500000) == 500000, "and takes more");
	ok(read(p[0], in + drained, sizeof(in) - drained) == (ssize_t)(full - drained + 500000) && !memcmp(in, out, full + 500000),
	   "nothing is lost or out of order");
	ok(write(p[1], out, sizeof(out)) == sizeof(out) && write(p[1], out, 1) == -1 && errno == EAGAIN, "1 MiB fits, no more");
	fails(fcntl(p[1], F_SETPIPE_SZ, 65536), EBUSY, "it cannot shrink below what is in it");
	must(read(p[0], in, sizeof(in)) == sizeof(in));
	is_int(fcntl(p[1], F_SETPIPE_SZ, 65536), 65536, "but empty it can");
	is_int(write(p[1], out, sizeof(out)), 65536, "and holds so much");
	must(syscall(SYS_setresuid, -1, 1000, -1) == 0);
	fails(fcntl(p[1], F_SETPIPE_SZ, 2 << 20), EPERM, "more than 1 MiB is for user 0");
	must(syscall(SYS_setresuid, -1, 0, -1) == 0);
	close(p[0]);
	close(p[1]);
}

static int shared[2];

/* Writes its letter in records of PIPE_BUF. */
static void *write_records(void *letter)
{
	char record[PIPE_BUF];

	memset(record, *(char *)letter, sizeof(record));
	for (int i = 0; i < 40; i++)
		if (write(shared[1], record, sizeof(record)) != sizeof(record))
			break;
	return NULL;
}

static void test_atomic(void)
{
	static char letters[] = "ab", record[PIPE_BUF];
	int mixed = 0, count[2] = {0, 0};
	pthread_t thread[2];

	must(pipe(shared) == 0);
	for (int i = 0; i < 2; i++)
		must(pthread_create(&thread[i], NULL, write_records, &letters[i]) == 0);
	for (int i = 0; i < 80; i++) {
		size_t got = 0;
		ssize_t n;

		while (got < PIPE_BUF && (n = read(shared[0], record + got, PIPE_BUF - got)) > 0)
			got += n;
		for (int k = 1; k < PIPE_BUF; k++)
			mixed |= record[k] != record[0];
		count[record[0] == 'b']++;
	}
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	ok(!mixed, "records of PIPE_BUF from two threads never mix");
	ok(count[0] == 40 && count[1] == 40, "and none is lost");
	close(shared[0]);
	close(shared[1]);
}

static void *write_late(void *arg)
{
	usleep(50000);
	return (void *)(long)write(*(int *)arg, "late", 4);
}

static void *close_late(void *arg)
{
	usleep(50000);
	close(*(int *)arg);
	return NULL;
}

static void *read_late(void *arg)
{
	static char sink[70000];

	usleep(50000);
	return (void *)(long)read(*(int *)arg, sink, sizeof(sink));
}

static void test_waiting(void)
{
	struct pollfd pf = {.events = POLLIN};
	pthread_t thread;
	char buffer[8];
	int p[2];

	must(pipe(p) == 0 && pthread_create(&thread, NULL, write_late, &p[1]) == 0);
	is_int(read(p[0], buffer, 8), 4, "a reader waits for a writer");
	pthread_join(thread, NULL);
	must(pthread_create(&thread, NULL, write_late, &p[1]) == 0);
	pf.fd = p[0];
	is_int(poll(&pf, 1, 10000), 1, "poll waits for a writer");
	pthread_join(thread, NULL);
	must(read(p[0], buffer, 8) == 4 && pthread_create(&thread, NULL, read_late, &p[0]) == 0);
	is_int(write(p[1], big, sizeof(big)), sizeof(big), "a writer of more than fits waits for a reader");
	pthread_join(thread, NULL);
	while (poll_now(p[0], POLLIN))
		must(read(p[0], big, sizeof(big)) > 0);
	must(pthread_create(&thread, NULL, close_late, &p[1]) == 0);
	is_int(read(p[0], buffer, 8), 0, "the last writer's close wakes the reader");
	pthread_join(thread, NULL);
	close(p[0]);
}

static void *open_late(void *mode)
{
	usleep(50000);
	return (void *)(long)open("fifo", *(int *)mode);
}

static void test_fifo(void)
{
	static int writing = O_WRONLY, reading = O_RDONLY;
	pthread_t thread;
	void *other;
	char buffer[8];
	int r, w;

	must(mkfifo("fifo", 0600) == 0);
	fails(mkfifo("fifo", 0600), EEXIST, "mkfifo of what is there");
	fails(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO, "O_WRONLY|O_NONBLOCK without a reader");
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	ok(r >= 0, "O_RDONLY|O_NONBLOCK without a writer");
	is_int(read(r, buffer, 1), 0, "reads the end");
	is_int(poll_now(r, POLLIN), 0, "and polls nothing: there was no writer yet");
	w = open("fifo", O_WRONLY | O_NONBLOCK);
	ok(w >= 0, "now a writer may open");
	fails(read(r, buffer, 1), EAGAIN, "with a writer, nothing to read is EAGAIN");
	must(write(w, "x", 1) == 1);
	is_int(poll_now(r, POLLIN), POLLIN, "POLLIN");
	close(w);
	is_int(read(r, buffer, 8), 1, "what a writer left is read after it closed");
	is_int(poll_now(r, POLLIN), POLLHUP, "then POLLHUP");
	close(r);

	must(pthread_create(&thread, NULL, open_late, &writing) == 0);
	r = open("fifo", O_RDONLY);
	pthread_join(thread, &other);
	ok(r >= 0 && (long)other >= 0, "open for reading waits for a writer");
	must(write((long)other, "abc", 3) == 3);
	is_int(read(r, buffer, 8), 3, "and they are connected");
	close(r);
	close((long)other);
	must(pthread_create(&thread, NULL, open_late, &reading) == 0);
	w = open("fifo", O_WRONLY);
	pthread_join(thread, &other);
	ok(w >= 0 && (long)other >= 0, "open for writing waits for a reader");
	close(w);
	close((long)other);
	r = open("fifo", O_RDWR);
	ok(r >= 0 && write(r, "q", 1) == 1 && read(r, buffer, 8) == 1, "O_RDWR waits for nobody, and is both ends (fifo(7))");
	close(r);
	is_int(stat_of("fifo").st_size, 0, "a FIFO has no size");
}

/* An open that waits is interrupted by a signal whose handler does not restart it. */
static void test_interrupted(void)
{
	struct sigaction action = {.sa_handler = count_signal};
	int p[2];
	char c;

	must(pipe(p) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
	signals = 0;
	ualarm(50000, 0);
	fails(open("fifo", O_RDONLY), EINTR, "open of a FIFO, interrupted");
	ualarm(50000, 0);
	fails(read(p[0], &c, 1), EINTR, "read of a pipe, interrupted");
	is_int(signals, 2, "by a handler each time");
	close(p[0]);
	close(p[1]);
}

/* The other end is in another process: it counts what it reads from descriptor 0. */
static int reader(void)
{
	long n, total = 0;

	while ((n = read(0, big, sizeof(big))) > 0)
		total += n;
	return total == 200000 ? 0 : 1;
}

static void test_processes(void)
{
	const char *name = "200,000 bytes to another process, to the end";
	int p[2], saved, status;
	pid_t pid;

	if (!can_spawn(name))
		return;
	must(pipe2(p, O_CLOEXEC) == 0);
	saved = fcntl(0, F_DUPFD_CLOEXEC, 10);
	must(dup2(p[0], 0) == 0);
	pid = spawn_self("reader", "");
	if (saved >= 0)
		dup2(saved, 0);
	else
		close(0);
	close(p[0]);
	must(pid > 0);
	for (int i = 0; i < 4; i++)
		must(write(p[1], big, 50000) == 50000);
	close(p[1]);
	ok(waitpid(pid, &status, 0) == pid && status == 0, "%s", name);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "reader"))
		return reader();
	enter_folder();
	test_basics();
	test_long();
	test_broken();
	test_full();
	test_sizes();
	test_atomic();
	test_waiting();
	test_fifo();
	test_interrupted();
	test_processes();
	return done();
}
