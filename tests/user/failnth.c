/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation fails once: each call below is made with its first allocation failing, then its second, until one has none
 * left to fail (/proc/self/fail-nth, in kernels with CONFIG_FAULT_INJECTION). A failure is an error that says so, or nothing
 * that one sees; and nothing is lost: the kernel counts at the end of the run (CONFIG_ACCOUNT). With an argument, only that.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "kernel.h"
#include "memory.h"

#define FOLDER "/tmp/failnth"
#define A FOLDER "/a"
#define B FOLDER "/b"
#define TEXT FOLDER "/text" /* no program */
#define FAIL_NTH "/proc/self/fail-nth"
#define MOST 3000 /* allocations of one thing */
#define SIZE (16 * PAGE)

static int nth_fd, file_fd, other_fd, pipe_fd[2], epoll_fd, event_fd;
static char *memory;
static void *mapping;
static timer_t timer;
static pthread_t thread;
static char buffer[SIZE];

static void arm(int fd, unsigned n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	must(pwrite(fd, text, length, 0) == length);
}

/* Has it failed? To ask may take memory itself, and then it had not. */
static bool failed(int fd)
{
	char text[16];

	return pread(fd, text, sizeof(text), 0) > 0 && text[0] == '0';
}

/* ---- names and files ---- */

static int do_create(void) { return open(A, O_CREAT | O_EXCL | O_RDWR, 0600); }
static void undo_create(int fd)
{
	if (fd >= 0)
		close(fd);
	unlink(A);
}
static void undo_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}
static void undo_a(int r) { (void)r, unlink(A), rmdir(A); }
static int do_tmpfile(void) { return open(FOLDER, O_TMPFILE | O_RDWR, 0600); }
static int do_open_proc(void) { return open("/proc/self/task", O_RDONLY); }
static int do_open_text(void) { return open("/proc/self/status", O_RDONLY); }
static int do_open_fd(void) { return open("/proc/self/fd/0", O_RDONLY); }
static int do_open_null(void) { return open("/dev/null", O_RDWR); }
static int do_ptmx(void) { return open("/dev/ptmx", O_RDWR | O_NOCTTY); }
static int do_mkdir(void) { return mkdir(A, 0700); }
static int do_symlink(void) { return symlink(B, A); }
static int do_fifo(void) { return mkfifo(A, 0600); }
static int do_link(void) { return link(B, A); }
static int do_rename(void) { return rename(B, A); }
static void undo_rename(int r)
{
	if (r == 0)
		rename(A, B);
}
static int do_stat(void) { struct stat st; return stat(FOLDER "/../failnth/./b", &st); }
static int do_readlink(void) { char text[200]; return readlink(SELF, text, sizeof(text)); }
static int do_getcwd(void) { char text[200]; return syscall(SYS_getcwd, text, sizeof(text)); }
static int do_chdir(void) { return chdir(FOLDER); }
static int do_getdents(void)
{
	int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY), n;

	if (fd < 0)
		return -1;
	n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));
	close(fd);
	return n;
}
static int do_read_text(void)
{
	int fd = open("/proc/self/maps", O_RDONLY), n;

	if (fd < 0)
		return -1;
	n = read(fd, buffer, sizeof(buffer));
	close(fd);
	return n;
}
static int do_write(void) { return pwrite(file_fd, buffer, SIZE, 100 * PAGE); }
static int do_fallocate(void) { return fallocate(file_fd, 0, 0, SIZE); }
static void undo_file(int r)
{
	(void)r;
	must(ftruncate(file_fd, 0) == 0);
}
static int do_sendfile(void) { off_t at = 0; return sendfile(file_fd, other_fd, &at, SIZE); }
static int do_copy(void) { loff_t at = 0, to = 0; return copy_file_range(other_fd, &at, file_fd, &to, SIZE, 0); }
static int do_vector(void)
{
	struct iovec v[64];

	for (int i = 0; i < 64; i++)
		v[i] = (struct iovec){buffer, 8};
	return pwritev(file_fd, v, 64, 0);
}
static int do_lock(void)
{
	struct flock all = {.l_type = F_WRLCK, .l_len = 100}, middle = {.l_type = F_UNLCK, .l_start = 40, .l_len = 10};

	return fcntl(file_fd, F_SETLK, &all) ? -1 : fcntl(file_fd, F_SETLK, &middle);
}
static int do_ofd_lock(void)
{
	struct flock all = {.l_type = F_RDLCK, .l_len = 100};

	return fcntl(file_fd, F_OFD_SETLK, &all);
}
static void undo_lock(int r)
{
	struct flock none = {.l_type = F_UNLCK};

	(void)r;
	fcntl(file_fd, F_SETLK, &none);
	fcntl(file_fd, F_OFD_SETLK, &none);
}
static int do_flock(void) { return flock(file_fd, LOCK_EX); }
static void undo_flock(int r) { (void)r, flock(file_fd, LOCK_UN); }

/* ---- descriptors without names ---- */

static int do_pipe(void)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	close(ends[0]);
	return ends[1];
}
static int do_pipe_write(void) { return write(pipe_fd[1], buffer, SIZE); }
static void undo_pipe_write(int r)
{
	(void)r;
	while (read(pipe_fd[0], buffer, SIZE) > 0)
		continue;
}
static int do_pipe_size(void) { return fcntl(pipe_fd[1], F_SETPIPE_SZ, 1 << 20); }
static void undo_pipe_size(int r) { (void)r, fcntl(pipe_fd[1], F_SETPIPE_SZ, 4 * PAGE); }
static int do_eventfd(void) { return eventfd(0, 0); }
static int do_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, 0); }
static int do_signalfd(void) { sigset_t set; sigemptyset(&set); return signalfd(-1, &set, 0); }
static int do_memfd(void) { return memfd_create("failnth", 0); }
static int do_epoll(void) { return epoll_create1(0); }
static int do_epoll_add(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event_fd, &event);
}
static void undo_epoll_add(int r) { (void)r, epoll_ctl(epoll_fd, EPOLL_CTL_DEL, event_fd, NULL); }
static int do_epoll_nest(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int outer = epoll_create1(0), inner = epoll_create1(0), result = -1;

	if (outer >= 0 && inner >= 0)
		result = epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event);

	int error = errno;

	undo_fd(outer);
	undo_fd(inner);
	errno = error;
	return result;
}
static int do_poll(void)
{
	static struct pollfd p[300];

	for (int i = 0; i < 300; i++)
		p[i] = (struct pollfd){.fd = event_fd, .events = POLLIN};
	return poll(p, 300, 1);
}
static int do_select(void)
{
	struct timeval t = {.tv_usec = 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(event_fd, &set);
	return select(FD_SETSIZE, &set, NULL, NULL, &t);
}
static int do_pty_pair(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0;

	if (master < 0)
		return -1;
	ioctl(master, TIOCSPTLCK, &zero);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);

	int error = errno;

	if (slave >= 0) {
		if (write(master, buffer, 100) < 0)
			error = errno;
		close(slave);
	}
	close(master);
	errno = error;
	return slave;
}

/* ---- memory ---- */

static int map(int flags, int fd)
{
	mapping = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
	return mapping == MAP_FAILED ? -1 : 0;
}
static int do_mmap(void) { return map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1); }
static int do_mmap_shared(void) { return map(MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1); }
static int do_mmap_file(void) { return map(MAP_PRIVATE | MAP_POPULATE, other_fd); }
static void undo_mmap(int r)
{
	if (r == 0)
		munmap(mapping, SIZE);
}
static int do_mlock(void)
{
	int r = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (r)
		return r;
	r = mlock(mapping, SIZE);

	int error = errno;

	munmap(mapping, SIZE);
	errno = error;
	return r;
}
static int do_protect(void) { return mprotect(memory + 2 * PAGE, PAGE, PROT_READ); }
static int do_unmap(void) { return munmap(memory + 2 * PAGE, PAGE); }
static int do_map_over(void)
{
	return mmap(memory + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, other_fd, 0) == MAP_FAILED ? -1 : 0;
}
static int do_remap(void)
{
	void *to = mremap(memory, SIZE, 600 * PAGE, MREMAP_MAYMOVE);

	if (to == MAP_FAILED)
		return -1;
	memory = to;
	munmap(memory + SIZE, 600 * PAGE - SIZE);
	return 0;
}
static void undo_memory(int r)
{
	(void)r;
	memory = mmap(memory, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	must(memory != MAP_FAILED);
}

/* ---- time, signals, users ---- */

static int do_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};

	return timer_create(CLOCK_MONOTONIC, &event, &timer);
}
static void undo_timer(int r)
{
	if (r == 0)
		timer_delete(timer);
}
static int do_queue(void) { return sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}); }
static void undo_queue(int r)
{
	struct timespec none = {0};
	sigset_t set;

	(void)r;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	while (sigtimedwait(&set, NULL, &none) > 0)
		continue;
}
static int do_setuid(void) { return syscall(SYS_setresuid, 0, 0, 77); }
static int do_setreal(void) { return syscall(SYS_setresuid, 99, 0, 0); }
static void undo_user(int r) { (void)r, syscall(SYS_setresuid, 0, 0, 0); }
static int do_setgroups(void) { gid_t list[3] = {1, 2, 3}; return syscall(SYS_setgroups, 3, list); }
static int do_exec_nothing(void)
{
	char *none[] = {"a", "b", NULL};

	execve(FOLDER "/none", none, none);
	return errno == ENOENT ? 0 : -1;
}
static int do_exec_no_program(void)
{
	char *none[] = {"a", "b", NULL};

	execve(TEXT, none, none);
	return errno == ENOEXEC ? 0 : -1;
}

/* ---- threads and processes ---- */

static void *nothing(void *arg) { return arg; }
static int do_thread(void)
{
	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno ? -1 : 0;
}
static void undo_thread(int r)
{
	if (r == 0)
		pthread_join(thread, NULL);
}
static int do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}
static int do_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid;
}
static void undo_child(int pid)
{
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* ---- each of them ---- */

enum needs { ANY, PROCESSES, FORK };

static const struct op {
	const char *name;
	int (*run)(void);
	void (*undo)(int result);
	enum needs needs;
} ops[] = {
	{"create", do_create, undo_create, ANY}, {"tmpfile", do_tmpfile, undo_fd, ANY}, {"open-proc", do_open_proc, undo_fd, ANY},
	{"open-text", do_open_text, undo_fd, ANY}, {"open-fd", do_open_fd, undo_fd, ANY}, {"open-null", do_open_null, undo_fd, ANY},
	{"ptmx", do_ptmx, undo_fd, ANY}, {"pty", do_pty_pair, NULL, ANY}, {"mkdir", do_mkdir, undo_a, ANY},
	{"symlink", do_symlink, undo_a, ANY}, {"fifo", do_fifo, undo_a, ANY}, {"link", do_link, undo_a, ANY},
	{"rename", do_rename, undo_rename, ANY}, {"stat", do_stat, NULL, ANY}, {"readlink", do_readlink, NULL, ANY},
	{"getcwd", do_getcwd, NULL, ANY}, {"chdir", do_chdir, NULL, ANY}, {"getdents", do_getdents, NULL, ANY},
	{"read-text", do_read_text, NULL, ANY}, {"write", do_write, undo_file, ANY}, {"fallocate", do_fallocate, undo_file, ANY},
	{"sendfile", do_sendfile, undo_file, ANY}, {"copy", do_copy, undo_file, ANY}, {"pwritev", do_vector, undo_file, ANY},
	{"lock", do_lock, undo_lock, ANY}, {"ofd-lock", do_ofd_lock, undo_lock, ANY}, {"flock", do_flock, undo_flock, ANY},
	{"pipe", do_pipe, undo_fd, ANY}, {"pipe-write", do_pipe_write, undo_pipe_write, ANY},
	{"pipe-size", do_pipe_size, undo_pipe_size, ANY}, {"eventfd", do_eventfd, undo_fd, ANY},
	{"timerfd", do_timerfd, undo_fd, ANY}, {"signalfd", do_signalfd, undo_fd, ANY}, {"memfd", do_memfd, undo_fd, ANY},
	{"epoll", do_epoll, undo_fd, ANY}, {"epoll-add", do_epoll_add, undo_epoll_add, ANY},
	{"epoll-nest", do_epoll_nest, NULL, ANY}, {"poll", do_poll, NULL, ANY}, {"select", do_select, NULL, ANY},
	{"mmap", do_mmap, undo_mmap, ANY}, {"mmap-shared", do_mmap_shared, undo_mmap, ANY},
	{"mmap-file", do_mmap_file, undo_mmap, ANY}, {"mlock", do_mlock, NULL, ANY}, {"mprotect", do_protect, undo_memory, ANY},
	{"munmap", do_unmap, undo_memory, ANY}, {"map-over", do_map_over, undo_memory, ANY},
	{"mremap", do_remap, undo_memory, ANY},
	{"timer", do_timer, undo_timer, ANY}, {"sigqueue", do_queue, undo_queue, ANY},
	{"setuid", do_setuid, undo_user, ANY}, {"set-real", do_setreal, undo_user, ANY}, {"setgroups", do_setgroups, NULL, ANY},
	{"exec-nothing", do_exec_nothing, NULL, PROCESSES}, {"exec-no-program", do_exec_no_program, NULL, PROCESSES},
	{"thread", do_thread, undo_thread, ANY}, {"vfork", do_vfork, undo_child, PROCESSES}, {"fork", do_fork, undo_child, FORK},
};

/* What may say that there is no memory. A fault that found none is no pointer that is bad, but EFAULT is all Linux has for it. */
static bool says_so(int error)
{
	return error == ENOMEM || error == EAGAIN || error == ENOSPC || error == ENFILE || error == ENOLCK || error == ENOBUFS;
}

static void walk(const struct op *op)
{
	unsigned n, errors = 0;
	bool last = false;

	for (n = 1; n < MOST && !last; n++) {
		arm(nth_fd, n);

		int result = op->run(), error = errno;

		last = !failed(nth_fd);
		arm(nth_fd, 0);
		if (op->undo)
			op->undo(result);
		errors += result < 0;
		if (result < 0 && (last || !says_so(error))) {
			ok(0, "%s: allocation %u of it %s: %s", op->name, n, last ? "did not fail" : "fails", strerror(error));
			return;
		}
	}
	ok(last && n > 2, "%s: %u allocations failed, %u times it said so", op->name, n - 2, errors);
}

/* Exec, in a child that asks for it itself: it ends by an error, by a signal when it was too late for one, or is the program. */
static void walk_exec(void)
{
	static char text[16];
	static int length;
	static unsigned n, errors, deaths; /* not in registers: vfork */
	int status = -1;

	for (n = 1; n < MOST && status != 0; n++) {
		length = snprintf(text, sizeof(text), "%u", n);

		pid_t pid = vfork();

		if (pid == 0) {
			int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
			char *argv[] = {"failnth", "--executed", NULL};

			if (fd < 0 || write(fd, text, length) != length)
				_exit(3);
			execve(SELF, argv, environ);
			_exit(says_so(errno) ? 1 : 2);
		}
		must(pid > 0 && waitpid(pid, &status, 0) == pid);
		errors += status == 1 << 8;
		deaths += WIFSIGNALED(status);
		if (WIFEXITED(status) && WEXITSTATUS(status) > 1 && WEXITSTATUS(status) != 4) {
			ok(0, "exec: allocation %u of it fails: status %d", n, WEXITSTATUS(status));
			return;
		}
	}
	ok(status == 0 && errors, "exec: %u allocations failed, %u times it said so, %u times the process died", n - 2, errors, deaths);
}

/* The program that was executed: 0 when no allocation had failed. */
static int executed(void)
{
	int fd = open(FAIL_NTH, O_RDWR);

	if (fd < 0)
		return 0; /* of these calls */

	bool had = failed(fd);

	arm(fd, 0);
	return had ? 4 : 0;
}

static void prepare(void)
{
	sigset_t set;

	must(mkdir(FOLDER, 0755) == 0);
	file_fd = open(FOLDER "/file", O_CREAT | O_RDWR, 0600);
	other_fd = open(B, O_CREAT | O_RDWR, 0755);
	close(open(TEXT, O_CREAT | O_WRONLY, 0755));
	must(truncate(TEXT, 100) == 0);
	must(file_fd >= 0 && other_fd >= 0 && pwrite(other_fd, buffer, SIZE, 0) == SIZE);
	must(pipe2(pipe_fd, O_NONBLOCK) == 0);
	undo_pipe_size(0);
	epoll_fd = epoll_create1(0);
	event_fd = eventfd(0, 0);
	must(epoll_fd >= 0 && event_fd >= 0);
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory != MAP_FAILED);
	undo_memory(0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	bool many = !kernel_is("proc", "one"), can_fork = many && !kernel_is("aspace", "shared");

	if (argc > 1 && !strcmp(argv[1], "--executed"))
		return executed();
	nth_fd = open(FAIL_NTH, O_RDWR);
	must(nth_fd >= 0);
	failed(nth_fd);
	prepare();
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (argc > 1 && strcmp(argv[1], ops[i].name))
			continue;
		if ((ops[i].needs != ANY && !many) || (ops[i].needs == FORK && !can_fork))
			continue;
		walk(&ops[i]);
	}
	if (many && (argc < 2 || !strcmp(argv[1], "exec")))
		walk_exec();
	return done();
}
